// The plain rule of an alert: somebody else's rule says so. No bound on wrong breaches (judging.md 5.4).
import type { AlertReason, GuardAlert } from "../alert.ts";
import type { Ms } from "../model.ts";
import type { Verdict } from "../reason.ts";

export interface AlertRule {
  /** How long it must have been firing. */
  readonly forMs: Ms;
  /** One that begins less than this after the rollout did looks at the time before it. */
  readonly afterMs: Ms;
}

/** Firings kept for one signal, so that a storm does not fill the record: the newest, and of the oldest those that show what was there before. */
const MOST_NEWEST = 32;
const MOST_OLDEST = 16;
export const MOST_ALERTS = MOST_NEWEST + MOST_OLDEST;

/**
 * Folds what was told. The same alerts in any order and any number of times give the same list: a firing that has ended never fires
 * again, the later of two ends counts, and of two texts the one that sorts first. Returns `known` itself when nothing is new.
 */
export function foldAlerts(known: readonly GuardAlert[], told: readonly GuardAlert[]): readonly GuardAlert[] {
  const byFiring = new Map(known.map((alert) => [firingOf(alert), alert]));
  let changed = false;
  for (const alert of told) {
    const key = firingOf(alert);
    const before = byFiring.get(key);
    const after = before === undefined ? alert : joined(before, alert);
    changed ||= after !== before;
    byFiring.set(key, after);
  }
  if (!changed) return known;
  const sorted = [...byFiring.values()].toSorted(newestFirst);
  const kept = sorted.filter((_, at) => at < MOST_NEWEST || at >= sorted.length - MOST_OLDEST);
  return kept.length === known.length && kept.every((alert, at) => alert === known[at]) ? known : kept;
}

type Held = NonNullable<AlertReason["held"]>;

export interface AlertMoment {
  readonly signal: string;
  readonly now: Ms;
  /** Of the rollout. */
  readonly startedAt: Ms;
  /** A pod of the old revision alone is called so. */
  readonly isOld: (pod: string) => boolean;
  /** The policy asks for nothing but alerts. */
  readonly alone: boolean;
}

/**
 * `breach` while an alert fires for long enough that the new revision may have caused, `warn` while one is on its way there, `hold` while
 * one fires that it cannot have caused. Without any alert it passes beside other signals, and alone it cannot tell: a source that only
 * speaks of trouble is silent also when nobody listens.
 */
export function alertVerdict(alerts: readonly GuardAlert[], rule: AlertRule, moment: AlertMoment): Verdict {
  const { signal, now } = moment;
  const held = heldOf(alerts, rule, moment);
  const firing = alerts
    .filter((alert) => alert.endsAt === undefined)
    .toSorted((one, other) => one.startsAt - other.startsAt || compare(one.fingerprint, other.fingerprint));
  const cleared = firing.filter((alert) => held.has(alert));
  const blamed = firing.filter((alert) => !held.has(alert));
  const lasting = blamed.filter(({ startsAt }) => now - startsAt >= rule.forMs);
  if (lasting.length > 0) return { signal, state: "breach", because: reasonsOf(lasting, held, moment) };
  if (cleared.length > 0) return { signal, state: "hold", because: reasonsOf(cleared, held, moment) };
  if (blamed.length > 0) return { signal, state: "warn", because: reasonsOf(blamed, held, moment) };
  if (!moment.alone) return { signal, state: "pass", because: [] };
  const detail = "no alert fires, and that alone does not show that the revision is good";
  return { signal, state: "inconclusive", because: [{ code: "not-judged", signal, detail }] };
}

function heldBy({ startsAt, pod }: GuardAlert, { afterMs }: AlertRule, { startedAt, isOld }: AlertMoment): Held | undefined {
  if (startsAt < startedAt + afterMs) return "before";
  return pod !== undefined && isOld(pod) ? "old-pod" : undefined;
}

/**
 * Alerts that the new revision did not cause, each with why. One that fires beside such an alert of its name is of the same trouble: a rule
 * by pod begins anew with every new pod.
 */
function heldOf(alerts: readonly GuardAlert[], rule: AlertRule, moment: AlertMoment): ReadonlyMap<GuardAlert, Held> {
  const held = new Map<GuardAlert, Held>();
  for (const alert of alerts) {
    const why = heldBy(alert, rule, moment);
    if (why !== undefined) held.set(alert, why);
  }
  // What was found last may hold others in its turn.
  for (let before = -1; before < held.size;) {
    before = held.size;
    for (const alert of alerts) {
      if (!held.has(alert) && [...held.keys()].some((other) => isBeside(other, alert))) held.set(alert, "alike");
    }
  }
  return held;
}

function isBeside(one: GuardAlert, other: GuardAlert): boolean {
  const overlap = one.startsAt <= (other.endsAt ?? Infinity) && other.startsAt <= (one.endsAt ?? Infinity);
  return overlap && one.labels["alertname"] === other.labels["alertname"];
}

/** Of the alerts of one name and cause the one that fires longest. */
function reasonsOf(alerts: readonly GuardAlert[], whys: ReadonlyMap<GuardAlert, Held>, moment: AlertMoment): readonly AlertReason[] {
  const groups = Map.groupBy(alerts, (alert) => `${whys.get(alert)}/${alert.labels["alertname"]}`);
  return [...groups.values()].flatMap(([longest, ...others]): AlertReason[] => {
    if (longest === undefined) return [];
    const { labels, summary, startsAt } = longest;
    const { alertname: name = "", ...rest } = labels;
    const held = whys.get(longest);
    return [
      {
        code: "alert",
        signal: moment.signal,
        name,
        labels: rest,
        summary,
        since: startsAt,
        forMs: Math.max(0, moment.now - startsAt),
        others: others.length,
        ...(held === undefined ? {} : { held }),
        ...(held === "before" ? { afterStartMs: startsAt - moment.startedAt } : {}),
      },
    ];
  });
}

function firingOf({ fingerprint, startsAt }: GuardAlert): string {
  return `${startsAt}/${fingerprint}`;
}

/** The least that both say; the same object when the later one says nothing new. */
function joined(before: GuardAlert, told: GuardAlert): GuardAlert {
  const endsAt = laterEnd(before.endsAt, told.endsAt);
  const words = compare(textOf(told), textOf(before)) < 0 ? told : before;
  if (words === before && endsAt === before.endsAt) return before;
  return endsAt === undefined ? words : { ...words, endsAt };
}

function laterEnd(one: Ms | undefined, other: Ms | undefined): Ms | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.max(one, other);
}

function textOf({ summary, labels, pod }: GuardAlert): string {
  return JSON.stringify([summary, Object.entries(labels).toSorted(([one], [other]) => compare(one, other)), pod ?? ""]);
}

function newestFirst(one: GuardAlert, other: GuardAlert): number {
  return other.startsAt - one.startsAt || compare(one.fingerprint, other.fingerprint);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

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

/** Firings kept for one signal, the newest: a storm of alerts must not fill the record. */
export const MOST_ALERTS = 32;

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
  const newest = [...byFiring.values()].toSorted(newestFirst).slice(0, MOST_ALERTS);
  return newest.length === known.length && newest.every((alert, at) => alert === known[at]) ? known : newest;
}

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
  const firing = alerts
    .filter((alert) => alert.endsAt === undefined)
    .toSorted((one, other) => one.startsAt - other.startsAt || compare(one.fingerprint, other.fingerprint));
  const held = firing.filter((alert) => heldBy(alert, rule, moment) !== undefined);
  const blamed = firing.filter((alert) => heldBy(alert, rule, moment) === undefined);
  const lasting = blamed.filter(({ startsAt }) => now - startsAt >= rule.forMs);
  if (lasting.length > 0) return { signal, state: "breach", because: reasonsOf(lasting, rule, moment) };
  if (held.length > 0) return { signal, state: "hold", because: reasonsOf(held, rule, moment) };
  if (blamed.length > 0) return { signal, state: "warn", because: reasonsOf(blamed, rule, moment) };
  if (!moment.alone) return { signal, state: "pass", because: [] };
  const detail = "no alert fires, and that alone does not show that the revision is good";
  return { signal, state: "inconclusive", because: [{ code: "not-judged", signal, detail }] };
}

function heldBy({ startsAt, pod }: GuardAlert, { afterMs }: AlertRule, { startedAt, isOld }: AlertMoment): AlertReason["held"] {
  if (startsAt < startedAt + afterMs) return "before";
  return pod !== undefined && isOld(pod) ? "old-pod" : undefined;
}

/** Of the alerts of one name and cause the one that fires longest. */
function reasonsOf(alerts: readonly GuardAlert[], rule: AlertRule, moment: AlertMoment): readonly AlertReason[] {
  const groups = Map.groupBy(alerts, (alert) => `${heldBy(alert, rule, moment)}/${alert.labels["alertname"]}`);
  return [...groups.values()].flatMap(([longest, ...others]): AlertReason[] => {
    if (longest === undefined) return [];
    const { labels, summary, startsAt } = longest;
    const { alertname: name = "", ...rest } = labels;
    const held = heldBy(longest, rule, moment);
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

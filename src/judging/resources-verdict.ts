// What the lives of containers say of the new revision, and whether old pods did the same before or beside it.
import type { Ms } from "../model.ts";
import type { Reason, Verdict } from "../reason.ts";
import { LEAST_FLOORS, longSlopeOf, spanOf } from "./growth.ts";
import { type Life, type Resource, type ResourcesRule, type ResourcesState, resourcesOf, type Track } from "./resources.ts";
import { medianOf } from "./theil-sen.ts";
import { calmVerdict, GAP_BLOCKS } from "./values.ts";

export type ResourcesReason = Extract<Reason, { code: "resources" }>;
type Held = NonNullable<ResourcesReason["held"]>;

/** So many spans in a row must say that memory is filling. */
export const HOLD_SPANS = 4;
/** Old pods so near to the limit are in the same trouble; so much of the new pods' slope is the same slope. */
const NEAR = 0.9;
const ALIKE = 0.5;
/** Memory this much of the limit above all that old pods ever used is more than they use. */
const MARGIN = 0.05;
/** So many old pods, those that were heard last, are enough to tell a usual slope. */
const MOST_ASKED = 20;
const HOUR = 3_600_000;

interface Finding {
  readonly state: "warn" | "hold" | "breach";
  readonly reason: ResourcesReason;
}

/** At `now`: the worst of all containers and rules; what old pods do as well is told, and is no breach. */
export function resourcesVerdict(state: ResourcesState, rule: ResourcesRule, signal: string, now: Ms, noDataAfterMs: Ms): Verdict {
  const heard = (life: Life) => now - life.lastAt <= GAP_BLOCKS * rule.blockMs;
  const found = [...Map.groupBy(state.lives.values(), ({ container }) => container).values()].flatMap((lives): Finding[] => {
    const fresh = lives.filter((life) => life.side === "new" && heard(life));
    const old = lives.filter((life) => life.side === "old");
    const findings = [
      ...(["cpu", "memory"] as const).map((resource) => aboveOf(resource, fresh, old, { rule, signal, heard })),
      fillingOf(fresh, old, { rule, signal }),
    ];
    return findings.filter((finding) => finding !== null);
  });
  for (const wanted of ["breach", "hold", "warn"] as const) {
    const because = found.filter((finding) => finding.state === wanted).map(({ reason }) => reason);
    if (because.length > 0) return { signal, state: wanted, because: because.toSorted(bySoonest) };
  }
  return calm(state, rule, signal, now, noDataAfterMs);
}

/** Nothing speaks against the revision; but what could not be judged is said, and what nobody looked at for long enough has not passed. */
function calm(state: ResourcesState, rule: ResourcesRule, signal: string, now: Ms, noDataAfterMs: Ms): Verdict {
  const usual = calmVerdict(state, signal, now, noDataAfterMs);
  const unlimited = resourcesOf(rule).flatMap((resource): Reason[] => {
    const containers = state.unlimited[resource];
    return containers.length === 0 ? [] : [{ code: "no-limit", signal, resource, containers: [...containers] }];
  });
  const briefly = seenBriefly(state, rule, signal);
  if (usual.state !== "pass") {
    const because = [...(state.silence === null ? briefly : []), ...unlimited];
    return { ...usual, because: usual.because.length > 0 ? usual.because : because };
  }
  const unseen = [...briefly, ...growthUnseen(state, rule, signal)];
  return { signal, state: unseen.length === 0 ? "pass" : "inconclusive", because: [...unseen, ...unlimited] };
}

function growthUnseen({ lives }: ResourcesState, { fullWithinMs }: ResourcesRule, signal: string): readonly Reason[] {
  const fresh = [...lives.values()].filter(({ side, memory }) => side === "new" && memory !== null);
  if (fullWithinMs === null || fresh.length === 0 || fresh.some(({ growth }) => growth !== null)) return [];
  const seen = Math.max(...fresh.map(({ floors }) => floors.closed.length));
  return [{ code: "rule-blind", signal, seen, needed: LEAST_FLOORS, overMs: null }];
}

/** What was asked of new pods that have a limit, and of which none was seen for as long as it must be above its share. */
function seenBriefly({ lives, unlimited }: ResourcesState, rule: ResourcesRule, signal: string): readonly Reason[] {
  const fresh = [...lives.values()].filter(({ side }) => side === "new");
  return (["cpu", "memory"] as const).flatMap((resource): Reason[] => {
    const seen = fresh.flatMap((life) => (life[resource] === null ? [] : [life.lastAt - life[resource].from]));
    if (rule[resource] === null || fresh.length === 0 || (seen.length === 0 && unlimited[resource].length > 0)) return [];
    const seenMs = Math.max(0, ...seen);
    if (seen.length > 0 && seenMs >= rule.forMs) return [];
    // How much memory is used counts from the start.
    const warmUpMs = resource === "cpu" ? rule.warmUpMs : 0;
    return [{ code: "seen-briefly", signal, resource, seenMs, neededMs: rule.forMs, warmUpMs }];
  });
}

interface Context {
  readonly rule: ResourcesRule;
  readonly signal: string;
  readonly heard: (life: Life) => boolean;
}

function aboveOf(resource: Resource, fresh: readonly Life[], old: readonly Life[], { rule, signal, heard }: Context): Finding | null {
  const share = rule[resource];
  if (share === null) return null;
  const tracked = (lives: readonly Life[]) =>
    lives.flatMap((life) => {
      const track = life[resource];
      return track === null ? [] : [{ life, track }];
    });
  const seen = tracked(fresh);
  const forMs = ({ life, track }: (typeof seen)[number]) => (track.since === null ? -1 : life.lastAt - track.since);
  const above = seen.filter(({ track }) => track.since !== null).toSorted((one, other) => forMs(other) - forMs(one));
  const [longest] = above;
  if (longest === undefined) return null;
  const lasting = above.filter((one) => forMs(one) >= rule.forMs).length;
  const of = seen.filter(({ life, track }) => life.lastAt - track.from >= rule.forMs).length;
  const before = tracked(old);
  const beside = before.filter(({ life }) => heard(life));
  const usual = usualShare(
    beside.length > 0 ? beside.map(({ track }) => track) : before.map(({ track }) => ({ ...track, used: track.most })),
  );
  const wereAbove = before.filter(({ track }) => track.longestMs >= rule.forMs).length;
  const held = heldAbove();
  const { life, track } = longest;
  const reason: ResourcesReason = {
    code: "resources",
    signal,
    resource,
    rule: "above",
    pod: life.pod,
    container: life.container,
    used: track.used,
    limit: track.limit,
    share,
    forMs: forMs(longest),
    perHour: null,
    fullInMs: null,
    pods: Math.max(1, lasting),
    of: Math.max(1, of),
    old: before.length === 0 ? null : { share: before.every(({ track }) => track.limit === Infinity) ? null : usual, perHour: null },
  };
  if (lasting === 0) return { state: "warn", reason };
  return held === undefined ? { state: "breach", reason } : { state: "hold", reason: { ...reason, held } };

  function heldAbove(): Held | undefined {
    if (before.length === 0) return "no-old";
    if (2 * wereAbove >= before.length || usual >= NEAR * (share ?? 1)) return "alike";
    if (2 * lasting < of) return "few-pods";
    // More requests need more CPU: only pods that serve beside the new ones show what is usual now.
    return resource === "cpu" && beside.length === 0 ? "not-beside" : undefined;
  }
}

function fillingOf(fresh: readonly Life[], old: readonly Life[], { rule, signal }: Pick<Context, "rule" | "signal">): Finding | null {
  if (rule.fullWithinMs === null) return null;
  const seen = fresh.filter(({ growth }) => growth !== null);
  const growing = seen.filter(({ filling }) => filling > 0).toSorted((one, other) => fullIn(one) - fullIn(other));
  // It takes the one that is full first of those that are sure.
  const sure = growing.filter(({ filling }) => filling >= HOLD_SPANS);
  const worst = sure[0] ?? growing[0];
  const { growth = null, memory = null } = worst ?? {};
  if (worst === undefined || growth === null || memory === null) return null;
  const before = old.filter((life) => life.memory !== null);
  const oldSlopes = before
    .slice(-MOST_ASKED)
    .flatMap((life) => longSlopeOf(life.floors) ?? [])
    .toSorted((a, b) => a - b);
  const oldSlope = oldSlopes.length === 0 ? null : medianOf(oldSlopes);
  const most = Math.max(...before.map((life) => life.memory?.most ?? 0));
  const isAlike = oldSlope !== null && oldSlope >= ALIKE * growth.perMs;
  const isUsual = growth.level <= most + MARGIN * memory.limit;
  // All that old pods ever used is theirs, whatever its way there: what warms up comes to where the old ones are.
  if (isUsual && !isAlike) return null;
  const same = seen.filter((life) => (life.growth?.perMs ?? 0) >= ALIKE * growth.perMs);
  // One pod by itself may look as if it did not slow down: the middle one of those that grow must.
  const ends = medianOf(same.map((life) => (life.growth?.endsAt ?? 0) / (life.memory?.limit ?? 1)).toSorted((a, b) => a - b));
  if (ends < 1) return null;
  const oldest = Math.max(0, ...before.map((life) => life.lastAt - life.born));
  const held = heldFilling(worst);
  const reason: ResourcesReason = {
    code: "resources",
    signal,
    resource: "memory",
    rule: "filling",
    pod: worst.pod,
    container: worst.container,
    used: memory.used,
    limit: memory.limit,
    share: null,
    forMs: worst.filling * spanOf(rule.fullWithinMs, rule.blockMs),
    perHour: growth.perMs * HOUR,
    fullInMs: growth.fullInMs,
    pods: same.length,
    of: seen.length,
    old:
      before.length === 0
        ? null
        : { share: isFree(before) ? null : usualShare(before.flatMap((life) => life.memory ?? [])), perHour: toHour(oldSlope) },
  };
  if (sure.length === 0) return { state: "warn", reason };
  return held === undefined ? { state: "breach", reason } : { state: "hold", reason: { ...reason, held } };

  function heldFilling({ lastAt, born }: Life): Held | undefined {
    if (before.length === 0) return "no-old";
    if (isAlike) return "alike";
    if (oldest < lastAt - born) return "too-young";
    return 2 * same.length < seen.length ? "few-pods" : undefined;
  }
}

function isFree(lives: readonly Life[]): boolean {
  return lives.every(({ memory }) => memory?.limit === Infinity);
}

function usualShare(tracks: readonly Track[]): number {
  return tracks.length === 0 ? 0 : medianOf(tracks.map(({ used, limit }) => used / limit).toSorted((a, b) => a - b));
}

function fullIn({ growth }: Life): Ms {
  return growth?.fullInMs ?? Infinity;
}

function toHour(perMs: number | null): number | null {
  return perMs === null ? null : perMs * HOUR;
}

function bySoonest(one: ResourcesReason, other: ResourcesReason): number {
  return (one.fullInMs ?? Infinity) - (other.fullInMs ?? Infinity) || other.used / other.limit - one.used / one.limit;
}

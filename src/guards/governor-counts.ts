import type { Ms } from "../model.ts";
import type { Reason } from "../reason.ts";
import type { GovernorAsk, GovernorRule, KindLimits, PastAction } from "./governor.ts";
import { countedAs, lengthOf, wasDone, withheld } from "./governor-words.ts";
import { parseInstant } from "./instant.ts";

export const HOUR: Ms = 3_600_000;
/** Other workloads that a suspicion names. */
const NAMED = 3;

/** Annotation by which a person who has looked lets a latched workload be acted upon again: the RFC 3339 instant of the look. */
const flapReset = "rearguard.dev/flap-reset";

/** What was done, and found, before. An action that seems to lie in the future (the clock was set back) counts as done just now. */
export const countRules: readonly GovernorRule[] = [
  cooldown,
  flapping,
  sharedCause,
  workloadCap,
  namespaceCap,
  clusterCap,
  concurrency,
].map((rule) => (ask: GovernorAsk) => (ask.undoes ? undefined : rule(ask)));

function limitsOf({ kind, limits }: GovernorAsk): KindLimits {
  return kind === "rollback" ? limits.rollback : limits.remedy;
}

/** A guard paces what it does itself: the others' actions of this kind on this workload. */
function sameByOthers({ guard, kind, past, workload }: GovernorAsk): readonly PastAction[] {
  return past.filter((action) => action.guard !== guard && action.kind === kind && action.workloadUid === workload.ref.uid);
}

/** Counted alike, but for the action that is asked about: of one guard all rollbacks are the same one, tried again. */
function countedWith(ask: GovernorAsk): readonly PastAction[] {
  const isItself = (action: PastAction) =>
    action.guard === ask.guard && (ask.kind === "rollback" || (action.action !== undefined && action.action === ask.action));
  return ask.past.filter((action) => countedAs(action.kind) === countedAs(ask.kind) && !isItself(action));
}

function lastHour(ask: GovernorAsk): readonly PastAction[] {
  return countedWith(ask).filter(({ at }) => ask.now - at < HOUR);
}

function cooldown(ask: GovernorAsk): Reason | undefined {
  const { cooldownMs } = limitsOf(ask);
  const since = ask.now - Math.max(...sameByOthers(ask).map(({ at }) => at));
  if (since >= cooldownMs) return undefined;
  return withheld("cooldown", `this workload was ${wasDone[ask.kind]} ${lengthOf(since)} ago; cooldown ${lengthOf(cooldownMs)}`);
}

/** Done so often, it does not help for long: latched until the time is over or a person says when they looked. */
function flapping(ask: GovernorAsk): Reason | undefined {
  const { times, withinMs } = limitsOf(ask).flap;
  const written = ask.workload.annotations[flapReset];
  const looked = written === undefined ? undefined : parseInstant(written);
  // A look in the future would be none, and open the latch for good.
  const from = looked !== undefined && looked <= ask.now ? looked : -Infinity;
  const guards = new Set(
    sameByOthers(ask)
      .filter(({ at }) => at > from && ask.now - at < withinMs)
      .map(({ guard }) => guard),
  );
  if (guards.size < times) return undefined;
  const unread = written !== undefined && from === -Infinity ? `; ${flapReset}: ${written.slice(0, 60)} is no instant of the past` : "";
  const detail = `this workload was ${wasDone[ask.kind]} ${guards.size} times within ${lengthOf(withinMs)}; after ${times} times a person must look`;
  return withheld("flapping", detail + unread);
}

/** Of the same name in several namespaces is one release of one thing, whose fault it may well be. */
function sharedCause(ask: GovernorAsk): Reason | undefined {
  if (ask.kind !== "rollback" && ask.kind !== "restart") return undefined;
  const { workloads, withinMs } = ask.limits.sharedCause;
  const own = ask.workload.ref.name;
  const others = new Set<string>();
  for (const { guard, name, at } of ask.breaches ?? []) {
    if (guard !== ask.guard && name !== own && ask.now - at < withinMs) others.add(name);
  }
  const count = others.size + 1;
  if (count < workloads) return undefined;
  const some = [own, ...firstOf(others, NAMED)].join(", ") + (count > NAMED + 1 ? ` and ${count - NAMED - 1} more` : "");
  const detail = `${count} workloads breached within ${lengthOf(withinMs)} (${some}); from ${workloads} on a shared cause is more likely`;
  return withheld("shared-cause", detail);
}

/** The first in the alphabet; to sort a thousand for it takes long when a thousand guards ask. */
function firstOf(names: ReadonlySet<string>, most: number): readonly string[] {
  let first: readonly string[] = [];
  for (const name of names) {
    if (first.length < most || name < (first.at(-1) ?? "")) first = [...first, name].toSorted().slice(0, most);
  }
  return first;
}

function workloadCap(ask: GovernorAsk): Reason | undefined {
  const most = limitsOf(ask).perHour.workload;
  const here = lastHour(ask).filter(({ workloadUid }) => workloadUid === ask.workload.ref.uid).length;
  if (here < most) return undefined;
  return withheld("workload-cap", `${here} ${countedAs(ask.kind)} of this workload in the last hour; at most ${most}`);
}

function namespaceCap(ask: GovernorAsk): Reason | undefined {
  const most = limitsOf(ask).perHour.namespace;
  const { namespace } = ask.workload.ref;
  const here = lastHour(ask).filter((action) => action.namespace === namespace).length;
  if (here < most) return undefined;
  return withheld("namespace-cap", `${here} ${countedAs(ask.kind)} in namespace ${namespace} in the last hour; at most ${most}`);
}

function clusterCap(ask: GovernorAsk): Reason | undefined {
  const most = limitsOf(ask).perHour.cluster;
  const all = lastHour(ask).length;
  if (all < most) return undefined;
  return withheld("cluster-cap", `${all} ${countedAs(ask.kind)} in this cluster in the last hour; at most ${most}`);
}

function concurrency(ask: GovernorAsk): Reason | undefined {
  const most = limitsOf(ask).concurrent;
  const running = countedWith(ask).filter(({ guard, underWay }) => underWay && guard !== ask.guard).length;
  if (running < most) return undefined;
  const detail = `${running} ${countedAs(ask.kind)} under way at once; at most ${most}: a shared cause is more likely`;
  return withheld("concurrency", detail);
}

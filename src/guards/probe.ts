import { certificateReason, type ProbeMemory, tellsMore } from "../judging/probe.ts";
import type { Ms, PodState, Rollout } from "../model.ts";
import type { Reason } from "../reason.ts";
import type { GuardRun } from "./run.ts";

/**
 * From when on the new revision may have been the one that answered: its first pod was ready, or no old pod was left. Null before.
 */
export function servingSince({ new: fresh, startedAt }: Rollout, pods: readonly PodState[]): Ms | null {
  const ready = pods.flatMap((pod) => (pod.podTemplateHash === fresh.podTemplateHash ? (pod.readySince ?? []) : []));
  const ends = pods
    .filter((pod) => pod.podTemplateHash !== fresh.podTemplateHash)
    .map((pod) => pod.terminatingSince ?? pod.gone ?? Infinity);
  const first = Math.min(...ready, ends.length === 0 ? Infinity : Math.max(...ends));
  return Number.isFinite(first) ? Math.max(first, startedAt) : null;
}

/**
 * The instant at which this probe is to be called, undefined while none is due. Instants count from the opening of the guard, so that a
 * restart keeps them; one that came due while no process looked is not made up for.
 */
export function probeDue({ record, signals, rules, watchedSince }: GuardRun, name: string, now: Ms): Ms | undefined {
  const [signal, rule] = [signals[name], rules[name]];
  const { openedAt } = record;
  if (signal?.kind !== "probe" || rule?.kind !== "probe" || now < openedAt) return undefined;
  const at = openedAt + Math.floor((now - openedAt) / signal.everyMs) * signal.everyMs;
  if (rule.state.lastAt !== null && at <= rule.state.lastAt) return undefined;
  return at === openedAt || at >= (watchedSince ?? Infinity) ? at : undefined;
}

/** The guard with what a restart must know of this probe in its record; the same guard when that is written already. */
export function withProbeMemory(run: GuardRun, name: string): GuardRun {
  const rule = run.rules[name];
  if (rule?.kind !== "probe") return run;
  const { record, standing } = run;
  const serving = servingSince(record.rollout, record.pods);
  // A good call counts from just after one interval before `serving`, and for a pass from the completion on.
  const since = [
    ...(serving === null ? [] : [serving - rule.rule.everyMs + 1]),
    ...(standing.completedAt === undefined ? [] : [standing.completedAt]),
  ];
  if (!tellsMore(rule.state, record.probes?.[name], rule.rule, since)) return run;
  const { goodAt, failures } = rule.state;
  const memory: ProbeMemory = { goodAt, failures };
  return { ...run, record: { ...record, probes: { ...record.probes, [name]: memory } } };
}

/** Certificates that run out; only told. */
export function certificatesOf({ rules }: GuardRun): readonly Reason[] {
  return Object.entries(rules).flatMap(([name, rule]) =>
    rule.kind === "probe" ? (certificateReason(rule.state, rule.rule, name) ?? []) : [],
  );
}

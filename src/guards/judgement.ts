import { combineEvidence } from "../judging/combine.ts";
import type { OtherWorkload } from "../judging/pod-excuse.ts";
import { judgePods } from "../judging/pods.ts";
import { withoutOnePod } from "../judging/signal.ts";
import { missingTraffic, type Traffic } from "../judging/traffic.ts";
import { verdictOf } from "../judging/verdict.ts";
import type { ContainerState, Ms, PodState, Workload } from "../model.ts";
import type { Signal } from "../policies/signal.ts";
import type { Reason, Verdict } from "../reason.ts";
import { actionsFor, silenceOf } from "../policies/policy.ts";
import type { Judgement } from "./ask.ts";
import { alertVerdictOf } from "./alert.ts";
import { attributed, peerQuestion } from "./attribution.ts";
import { isComplete } from "./complete.ts";
import { environmentHold } from "./environment-hold.ts";
import type { GuardRecord } from "./guard.ts";
import { newsOf, withQuotes } from "./log-evidence.ts";
import { ownBoundOf } from "./own-bound.ts";
import { certificatesOf } from "./probe.ts";
import { lastProgress } from "./progress.ts";
import { quietBlocksOf } from "./quiet-blocks.ts";
import { recoveringOf, ruleVerdict } from "./rule.ts";
import { type GuardRun, heardOf, isOfService, isSeenByCallers, judgedThrough, lagOf, underConfidence, unitOf } from "./run.ts";

/** A signal may be this many blocks behind: the newest one settles, another may be under way. */
const LAG_BLOCKS = 3;

/** So many of its intervals may have passed since a probe was called last: the newest call may be under way. */
const PROBES_BEHIND = 2;

/** What the folded measurements say at `now`: verdict of every counted signal and their common evidence. */
export function judgementOf(run: GuardRun, now: Ms): Judgement {
  const sharing = underConfidence(run.record.policy);
  const shares = sharing.flatMap((signal) => {
    const state = run.counted[signal];
    if (state === undefined) return [];
    return [{ signal, weight: state.limits.weight, evidence: state.evidence.e, withoutOnePod: withoutOnePod(state) }];
  });
  const { policy, pods } = run.record;
  const guard = combineEvidence(shares, 1 - policy.spec.confidence);
  const nodeOf = (name: string) => pods.find((pod) => pod.name === name)?.node ?? "unknown";
  const question = peerQuestion(run, guard);
  const silences = silencesOf(run);
  const verdicts = Object.entries(run.counted).map(([signal, state]): [string, Verdict] => {
    const environment = state.shared.with === "others" ? environmentHold(run.record.entries, signal, now)?.because : undefined;
    const ownBound = ownBoundOf(run.signals[signal], run.record.baselines[signal]);
    const verdict = verdictOf(
      { ...state, silence: silences[signal] ?? null },
      {
        signal,
        unit: unitOf(run.signals[signal]),
        now,
        noDataAfterMs: patienceWith(run, signal),
        nodeOf,
        ...(isSeenByCallers(run.signals[signal])
          ? { seenBy: isOfService(run.signals[signal]) ? ("service" as const) : ("callers" as const) }
          : {}),
        ...(sharing.includes(signal) ? { guard } : {}),
        ...(environment === undefined ? {} : { environment }),
        ...(ownBound === undefined ? {} : { ownBound }),
        ...slowness(run.signals[signal]),
      },
    );
    return [signal, withQuotes(attributed(verdict, question, run.peers), run)];
  });
  const capable = sharing.flatMap((signal) => run.counted[signal] ?? []);
  // Signals that may brake but not roll back are judged each by itself.
  const alone = Object.entries(run.counted).flatMap(([signal, state]) =>
    !sharing.includes(signal) && actionsFor(policy, signal).includes("brake") ? [state] : [],
  );
  const brakedAt = run.standing.brakedAt ?? null;
  return {
    guard,
    verdicts: Object.fromEntries(verdicts),
    counted: run.counted,
    byRule: recoveringByRule(run),
    silences,
    certificates: certificatesOf(run),
    traffic: Object.entries(run.traffic).flatMap(([signal, traffic]) => missingReason(run, signal, traffic, verdicts)),
    news: newsOf(run),
    quietBlocks: Math.min(quietBlocksOf(capable, brakedAt), ...alone.map((state) => quietBlocksOf([state], brakedAt))),
    lastRequestsAt: [...capable, ...alone].reduce<Ms | null>((last, state) => later(last, state.lastUsableAt), null),
    caughtUp: isCaughtUp(run, now),
  };
}

function slowness(signal: Signal | undefined): { readonly slowerThanMs?: Ms } {
  return signal?.kind === "http-slower" && signal.thresholdMs !== null ? { slowerThanMs: signal.thresholdMs } : {};
}

/** Verdict of a plain rule as it was folded; undefined for a signal without one. */
export function foldedRuleOf(run: GuardRun, name: string, now: Ms): Verdict | undefined {
  const rule = run.rules[name];
  const past = { completedAt: run.standing.completedAt, rolledBackAt: run.standing.rollback?.at };
  return rule === undefined ? undefined : ruleVerdict(rule, name, now, patienceWith(run, name), past);
}

/** Verdicts of the rules outside the bound: pod state as it is now, beside that of `others`; plain rules as they were folded. */
export function rulesOf(run: GuardRun, workload: Workload, now: Ms, others: Iterable<GuardRun> = []): readonly Verdict[] {
  const { record, standing } = run;
  let known: readonly OtherWorkload[] | undefined;
  return Object.entries(run.signals).flatMap(([name, signal]): Verdict[] => {
    if (signal.kind === "probe" && workload.desired === 0) return [{ signal: name, state: "inconclusive", because: [] }];
    const folded = foldedRuleOf(run, name, now);
    if (folded !== undefined) return [folded];
    if (signal.kind === "alert") return [alertVerdictOf(run, name, signal, now)];
    if (signal.kind !== "pods") return [];
    const verdict = judgePods({
      pods: judgedPods(record, standing.completedAt),
      newHash: record.rollout.new.podTemplateHash,
      ...(record.rollout.old === undefined ? {} : { oldHash: record.rollout.old.podTemplateHash }),
      ...signal,
      signal: name,
      desired: Math.max(workload.desired, record.rollout.desired),
      now,
      get others() {
        return (known ??= otherWorkloads(run, others));
      },
      progress: {
        deadlineMs: record.rollout.progressDeadline,
        unpausedForMs: workload.paused ? 0 : sinceProgress(run, now),
        complete: standing.completedAt !== undefined || workload.desired === 0 || isComplete(workload),
      },
    });
    return [verdict];
  });
}

/** The workloads of other open guards: all whose pods are known. */
function otherWorkloads({ record }: GuardRun, others: Iterable<GuardRun>): readonly OtherWorkload[] {
  const found: OtherWorkload[] = [];
  for (const { record: other } of others) {
    const { namespace, name, uid } = other.rollout.workload;
    if (uid === record.rollout.workload.uid) continue;
    found.push({ namespace, name, newHash: other.rollout.new.podTemplateHash, pods: other.pods });
  }
  return found;
}

/**
 * What speaks of this rollout. Once every wanted pod found a node, a later one that finds none speaks of the cluster's room, and where as
 * many are ready as the rollout wanted it is not missed either.
 */
function judgedPods({ pods, rollout }: GuardRecord, completedAt: Ms | undefined): readonly PodState[] {
  const ready = pods.filter((pod) => pod.ready && pod.gone === undefined && pod.podTemplateHash === rollout.new.podTemplateHash).length;
  return pods.flatMap((pod): readonly PodState[] => {
    if (pod.podTemplateHash === rollout.new.podTemplateHash && pod.created < rollout.startedAt)
      return [standingPod(pod, rollout.startedAt)];
    if (completedAt === undefined || pod.created <= completedAt || pod.unschedulable === undefined) return [pod];
    const { unschedulable: _, ...rest } = pod;
    return ready >= rollout.desired ? [] : [rest];
  });
}

/** A pod of a revision that is used again has a past of its own: it counts as if it had come with the rollout. */
function standingPod(pod: PodState, startedAt: Ms): PodState {
  const { unreadySince, unschedulable } = pod;
  return {
    ...pod,
    created: startedAt,
    ...(unreadySince === undefined ? {} : { unreadySince: Math.max(unreadySince, startedAt) }),
    ...(unschedulable === undefined ? {} : { unschedulable: { ...unschedulable, since: Math.max(unschedulable.since, startedAt) } }),
    containers: pod.containers.map((container) => sinceThen(container, startedAt)),
  };
}

/** How many of its restarts are of this time is not told: one is, and more only where it crashes now. */
function sinceThen({ terminated, ...container }: ContainerState, startedAt: Ms): ContainerState {
  if (terminated === undefined || terminated.at < startedAt) return { ...container, restarts: 0 };
  const isCrashing = container.waiting?.reason === "CrashLoopBackOff";
  return { ...container, restarts: isCrashing ? container.restarts : Math.min(container.restarts, 1), terminated };
}

/** Time since the rollout last moved: the deadline starts again with every pod that becomes ready and with the end of a pause. */
function sinceProgress({ record, standing, runningSince }: GuardRun, now: Ms): Ms {
  return now - Math.max(lastProgress(record.rollout, record.pods), standing.releasedAt ?? 0, runningSince ?? now);
}

/** A source that fails after a restart failed for as long as it was asked by this process; an empty answer speaks for its block. */
function silencesOf(run: GuardRun): Judgement["silences"] {
  return Object.fromEntries(
    Object.keys(run.signals).flatMap((signal) => {
      const silence = heardOf(run, signal)?.silence ?? null;
      if (silence === null) return [];
      const since = silence.outcome === "error" ? Math.max(silence.since, run.watchedSince ?? silence.since) : silence.since;
      return [[signal, { ...silence, since }]];
    }),
  );
}

/** How long the policy bears the silence that this signal is in. */
function patienceWith(run: GuardRun, signal: string): Ms {
  return silenceOf(run.record.policy, heardOf(run, signal)?.silence?.outcome ?? "no-data").after;
}

function recoveringByRule(run: GuardRun): Judgement["byRule"] {
  return Object.fromEntries(
    Object.entries(run.rules).flatMap(([signal, rule]) => {
      const recovering = recoveringOf(rule);
      return recovering === undefined ? [] : [[signal, recovering]];
    }),
  );
}

/** That too few are answered well is told only where the signal itself has nothing to say of it. */
function missingReason({ pace }: GuardRun, signal: string, traffic: Traffic, verdicts: readonly [string, Verdict][]): readonly Reason[] {
  const found = missingTraffic(traffic);
  const state = verdicts.find(([name]) => name === signal)?.[1].state;
  if (found === null || (found.counted === "successful" && state !== "pass" && state !== "inconclusive")) return [];
  const { counted, newPods, oldPods, blocks } = found;
  const perMinute = (perBlock: number) => (perBlock * 60_000) / pace.blockMs;
  const rates = { newPerMinute: perMinute(found.newPerPod), oldPerMinute: perMinute(found.oldPerPod) };
  return [{ code: "traffic-missing", signal, counted, ...rates, newPods, oldPods, blocks, forMs: blocks * pace.blockMs }];
}

/** A source that fails was asked; pods that were never listed cannot be asked for. */
function isCaughtUp(run: GuardRun, now: Ms): boolean {
  if (run.record.pods.length === 0) return true;
  return Object.keys(run.signals).every((signal) => {
    const heard = heardOf(run, signal);
    const kind = run.signals[signal];
    // What was not called in time is not made up for: the next call is waited for.
    if (kind?.kind === "probe") return now - (heard?.lastAt ?? -Infinity) <= PROBES_BEHIND * kind.everyMs;
    if (kind?.kind === "job" && !isJobKnown(run, signal)) return false;
    return (
      heard === undefined ||
      kind?.kind === "job" ||
      heard.silence?.outcome === "error" ||
      now - judgedThrough(run, signal) <= LAG_BLOCKS * run.pace.blockMs + lagOf(run, signal)
    );
  });
}

/** There is none that will be looked at, or it was looked at by this process, or it is over. */
function isJobKnown({ record, rules, standing }: GuardRun, signal: string): boolean {
  const memory = record.jobs?.[signal];
  const isAwaited = memory?.job !== undefined && memory.finding === undefined && standing.rollback === undefined;
  return !isAwaited || rules[signal]?.state.lastAt !== null;
}

function later(one: Ms | null, other: Ms | null): Ms | null {
  if (one === null || other === null) return one ?? other;
  return Math.max(one, other);
}

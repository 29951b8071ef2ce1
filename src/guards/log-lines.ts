import type { Measurement, Ms, PodState, ProcessReading, Rollout } from "../model.ts";

type Lines = Extract<Measurement, { kind: "lines" }>;

/** Long after a pod has gone its late lines have come. */
const FORGET_BLOCKS = 4;

/**
 * Log lines beside the time in which each pod was ready, in minutes: a pod without any line counts too, once a line of its revision with any
 * level was seen. Until then its silence proves nothing: no-data of a new revision, no live control of an old one. Example: a pod that is
 * Ready since 12:00:30 has 4.5 pod-minutes at 12:05, and 9 lines are 2 a minute.
 */
export function countersOfLines(measurement: Lines, rollout: Rollout, pods: readonly PodState[], blockMs: Ms): Measurement {
  const { at } = measurement;
  const heard = new Set(measurement.heard);
  const isSilent = !heard.has(rollout.new.name);
  const isReady = (pod: PodState) => isOf(rollout.new.podTemplateHash, pod) && minutesReady(pod, at) >= blockMs / 60_000;
  if (isSilent && pods.some((pod) => isReady(pod) && (pod.gone ?? Infinity) > at)) {
    return { kind: "no-data", at, because: `no log line of pods ${rollout.new.name}-* with a level was seen since the rollout began` };
  }
  const lines = new Map(measurement.pods.map((one) => [one.pod, one.lines]));
  const silentOld = rollout.old !== undefined && !heard.has(rollout.old.name) ? rollout.old.podTemplateHash : undefined;
  const readings = pods.flatMap((pod): ProcessReading[] => {
    if (isOf(silentOld, pod) || (pod.gone ?? Infinity) <= at - FORGET_BLOCKS * blockMs) return [];
    const bad = lines.get(pod.name) ?? 0;
    const { namespace } = rollout.workload;
    return [{ namespace, pod: pod.name, process: "logs", total: minutesReady(pod, at), bad, badAtMost: bad, exposure: true }];
  });
  return { kind: "counters", at, readings };
}

function isOf(hash: string | undefined, pod: PodState): boolean {
  return hash !== undefined && pod.podTemplateHash === hash;
}

/** From its first readiness on; that it was not ready for a while later is not remembered. */
function minutesReady({ readySince, gone }: PodState, at: Ms): number {
  return readySince === undefined ? 0 : Math.max(0, Math.min(at, gone ?? at) - readySince) / 60_000;
}

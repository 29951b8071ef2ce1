import { pullProblem } from "../behaviour.ts";
import { findCondition } from "../controllers/conditions.ts";
import { kubeTime } from "../object.ts";
import type { Condition, ContainerStatus, JsonObject, Pod } from "../object.ts";
import { pullBackOffMs, restartBackOffMs } from "./pod-run.ts";
import type { PodRun } from "./pod-run.ts";

export const hostIp = "10.0.0.1";

/** `status` of a pod on the node, from what its process does. */
export function podStatus(pod: Pod, run: PodRun, ready: boolean, podIp: string, now: number): Pod["status"] {
  const hasStarted = run.startedAt > 0;
  const conditions = (["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"] as const).map((type) => {
    const isTrue = type === "Ready" || type === "ContainersReady" ? ready : type === "PodReadyToStartContainers" ? hasStarted : true;
    return conditionOf(pod, type, isTrue, now);
  });
  return {
    observedGeneration: pod.metadata.generation ?? 1,
    phase: run.step === "done" ? (run.exitCode === 0 ? "Succeeded" : "Failed") : hasStarted ? "Running" : "Pending",
    conditions,
    hostIP: hostIp,
    hostIPs: [{ ip: hostIp }],
    ...(hasStarted && { podIP: podIp, podIPs: [{ ip: podIp }] }),
    startTime: pod.status["startTime"] ?? kubeTime(now),
    containerStatuses: pod.spec.containers.map((_, index) => containerStatus(pod, index, run, ready)),
    qosClass: pod.status["qosClass"] ?? "BestEffort",
  };
}

function conditionOf(pod: Pod, type: string, isTrue: boolean, now: number): Condition {
  const status = isTrue ? "True" : "False";
  const before = findCondition(pod.status.conditions, type);
  const lastTransitionTime = before?.status === status ? before.lastTransitionTime : kubeTime(now);
  const names = pod.spec.containers.map((container) => container.name).join(" ");
  const why =
    isTrue || !type.endsWith("Ready") ? {} : { reason: "ContainersNotReady", message: `containers with unready status: [${names}]` };
  return { type, observedGeneration: pod.metadata.generation ?? 1, status, lastProbeTime: null, lastTransitionTime, ...why };
}

/** Of several containers it is the first that fails; the others run. */
function containerStatus(pod: Pod, index: number, run: PodRun, ready: boolean): ContainerStatus {
  const container = pod.spec.containers[index];
  const { name = "", image = "" } = container ?? {};
  const isFirst = index === 0;
  const state = isFirst ? stateOf(pod, run, image) : runningOr(run.startedAt > 0, run.startedAt);
  const isRunning = "running" in state;
  return {
    name,
    state,
    lastState: isFirst && run.restarts > 0 && run.step !== "exited" ? (lastExit(pod, run) ?? {}) : previousOf(pod, index),
    ready: isFirst ? ready : isRunning,
    restartCount: isFirst ? run.restarts : 0,
    image,
    imageID: isRunning ? `sandbox.rearguard.dev/${image}` : "",
    started: isRunning,
  };
}

function stateOf(pod: Pod, run: PodRun, image: string): JsonObject {
  switch (run.step) {
    case "creating":
      return { waiting: { reason: "ContainerCreating" } };
    case "running":
      return runningOr(true, run.startedAt);
    case "done": {
      const exitCode = run.exitCode ?? 0;
      const reason = exitCode === 0 ? "Completed" : "Error";
      return { terminated: { exitCode, reason, startedAt: kubeTime(run.startedAt), finishedAt: kubeTime(run.since) } };
    }
    case "exited":
      return { terminated: exitOf(run, run.since) };
    case "back-off": {
      const { name, namespace = "", uid } = pod.metadata;
      const container = pod.spec.containers[0]?.name ?? "";
      const wait = duration(restartBackOffMs(run.restarts));
      return {
        waiting: {
          reason: "CrashLoopBackOff",
          message: `back-off ${wait} restarting failed container=${container} pod=${name}_${namespace}(${uid})`,
        },
      };
    }
    case "pull-failed": {
      // The kubelet says what failed, then that it waits.
      const isFresh = run.until - run.since < pullBackOffMs(1);
      const pulling = pullProblem(pod.metadata.annotations ?? {}, image);
      return isFresh
        ? { waiting: { reason: "ErrImagePull", message: pulling } }
        : { waiting: { reason: "ImagePullBackOff", message: `Back-off pulling image "${image}": ErrImagePull: ${pulling}` } };
    }
  }
}

function runningOr(isRunning: boolean, startedAt: number): JsonObject {
  return isRunning ? { running: { startedAt: kubeTime(startedAt) } } : { waiting: { reason: "ContainerCreating" } };
}

function exitOf(run: PodRun, at: number): JsonObject {
  const why = run.outOfMemory === true ? { exitCode: 137, reason: "OOMKilled" } : { exitCode: 1, reason: "Error" };
  return { ...why, startedAt: kubeTime(run.startedAt), finishedAt: kubeTime(at) };
}

/** A state that was `terminated` becomes the `lastState` of whatever follows. */
function lastExit(pod: Pod, run: PodRun): JsonObject | undefined {
  const before = pod.status.containerStatuses?.[0];
  if (before && "terminated" in before.state) return { terminated: before.state["terminated"] };
  return before?.lastState ?? { terminated: exitOf(run, run.since) };
}

function previousOf(pod: Pod, index: number): JsonObject {
  return pod.status.containerStatuses?.[index]?.lastState ?? {};
}

/** As Go prints it: 10s, 1m20s, 5m0s. */
function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}

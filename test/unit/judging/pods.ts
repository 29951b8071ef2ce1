// Pods as a guard sees them, and the rule of a plain policy: eight pods are wanted, revision b replaces a.
import { judgePods, type PodsInput } from "../../../src/judging/pods.ts";
import type { ContainerState, PodState } from "../../../src/model.ts";

export const NOW = 100_000_000;
export const MINUTE = 60_000;

export function container(over: Partial<ContainerState> = {}): ContainerState {
  return { name: "app", ready: true, restarts: 0, ...over };
}

/** Created a minute ago, ready unless its container is not. */
export function pod(name: string, hash: string, over: Partial<PodState> & { readonly app?: Partial<ContainerState> } = {}): PodState {
  const { app, ...rest } = over;
  const containers = [container(app)];
  const ready = containers.every((one) => one.ready) && rest.unschedulable === undefined;
  const readySince = ready ? { readySince: NOW - MINUTE } : {};
  return {
    uid: name,
    name,
    podTemplateHash: hash,
    created: NOW - MINUTE,
    node: `node-of-${name}`,
    ready,
    containers,
    ...readySince,
    ...rest,
  };
}

export function waiting(reason: string, over: Partial<ContainerState> = {}): Partial<ContainerState> {
  return { ready: false, waiting: { reason, message: "says the kubelet" }, ...over };
}

export const crashing = waiting("CrashLoopBackOff", { restarts: 2, terminated: { reason: "Error", exitCode: 1, at: NOW - 5000 } });
export const long = { created: NOW - 3 * MINUTE } as const;
export const old = [pod("old-1", "a"), pod("old-2", "a")];

const rule = { restarts: 2, stuckForMs: 2 * MINUTE, oomKills: 2, notReadyForMs: 2 * MINUTE } as const;

export function judge(pods: readonly PodState[], over: Partial<PodsInput> = {}) {
  return judgePods({ signal: "pods", pods, newHash: "b", oldHash: "a", ...rule, desired: 8, now: NOW, ...over });
}

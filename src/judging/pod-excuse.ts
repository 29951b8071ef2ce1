// What else than the revision explains the trouble of its pods: one pod, one node, the registry, the whole cluster.
import type { Ms, PodState } from "../model.ts";
import type { PodTrouble, Reason } from "../reason.ts";
import { isRegistrysAnswer, oomKilled, type PodRule, podTrouble } from "./pod-trouble.ts";

const OTHERS_READY = 2;

/** A trouble that would be a breach by itself, with the pods it has hit. */
export interface Trouble {
  readonly trouble: PodTrouble;
  readonly pods: readonly PodState[];
  readonly detail: string;
  readonly forMs: Ms;
}

/** Another workload under guard, with the pods that its guard remembers. */
export interface OtherWorkload {
  readonly namespace: string;
  readonly name: string;
  readonly newHash: string;
  readonly pods: readonly PodState[];
}

/** What is there to compare with. All pods but the `remembered` ones are alive. */
export interface Scene {
  readonly signal: string;
  readonly troubles: readonly Trouble[];
  readonly fresh: readonly PodState[];
  readonly old: readonly PodState[];
  /** Old pods, gone ones too. */
  readonly remembered: readonly PodState[];
  readonly others: readonly OtherWorkload[];
  readonly rule: PodRule;
  readonly now: Ms;
}

/** Why a trouble is not laid to the revision; null when it is. */
export function excuseOf(trouble: Trouble, scene: Scene): Reason | null {
  return suspectPod(scene) ?? suspectNode(scene) ?? sharedWithOld(trouble, scene) ?? registryDown(trouble, scene) ?? alone(trouble, scene);
}

/** One pod of several: a node, a volume, bad luck. Not the revision while at least two of its siblings are ready. */
function suspectPod({ signal, troubles, fresh }: Scene): Reason | null {
  const [pod, ...more] = hitBy(troubles);
  if (pod === undefined || more.length > 0) return null;
  if (fresh.filter((other) => other !== pod && other.ready).length < OTHERS_READY) return null;
  return { code: "suspect-pod", signal, pod: pod.name, node: pod.node ?? "", badRatio: 1, withoutIt: 0 };
}

/**
 * All of the trouble is on one node. It is the node's while at least two new pods elsewhere are ready and never restarted, or while half
 * of the pods that ran well on this node are not ready either. Memory limits are the same on every node: there only the latter counts.
 */
function suspectNode({ signal, troubles, fresh, old, others }: Scene): Reason | null {
  const hit = hitBy(troubles);
  const [node, ...more] = new Set(hit.map((pod) => pod.node));
  if (node === undefined || more.length > 0) return null;
  const elsewhere = fresh.filter((pod) => pod.node !== undefined && pod.node !== node && isWell(pod)).length;
  const beside = [...old, ...others.flatMap((other) => establishedPods(other, node))].filter(
    (pod) => pod.node === node && pod.readySince !== undefined,
  );
  const unready = beside.filter((pod) => !pod.ready).length;
  const outOfMemory = troubles.some(({ trouble }) => trouble === "oom-killed");
  const isElsewhereWell = elsewhere >= OTHERS_READY && !outOfMemory;
  if (!isElsewhereWell && (unready === 0 || unready < beside.length / 2)) return null;
  const pods = hit.map((pod) => pod.name);
  return { code: "suspect-node", signal, node, pods, readyElsewhere: elsewhere, neighbours: beside.length, unreadyNeighbours: unready };
}

function hitBy(troubles: readonly Trouble[]): readonly PodState[] {
  return [...new Set(troubles.flatMap((trouble) => trouble.pods))];
}

function isWell({ ready, containers }: PodState): boolean {
  return ready && containers.every(({ restarts }) => restarts === 0);
}

/** Pods on this node. Not those of the revision that is under judgement there: it may be bad itself. */
function establishedPods({ newHash, pods }: OtherWorkload, node: string | undefined): readonly PodState[] {
  return pods.filter(
    (pod) => pod.podTemplateHash !== newHash && pod.node === node && pod.gone === undefined && pod.terminatingSince === undefined,
  );
}

/**
 * The cluster's trouble, not the revision's: old pods have it too. One old pod without a node, an image or its configuration is proof
 * enough; the others can be its own fault, so they must be at least half as common among the old pods as among the new.
 */
function sharedWithOld(trouble: Trouble, { fresh, old, remembered, rule, now }: Scene): Reason | null {
  const began = Math.min(...fresh.map((pod) => pod.created));
  // A pod killed for its memory may have gone with the rollout; what it says of the old revision stays true.
  const compared = trouble.trouble === "oom-killed" ? remembered : old;
  const hit = compared.filter((pod) => hasSameTrouble(pod, trouble.trouble, began, rule, now));
  const common = hit.length / compared.length >= trouble.pods.length / fresh.length / 2;
  const provesAlone = trouble.trouble === "image-pull" || trouble.trouble === "bad-config" || trouble.trouble === "unschedulable";
  if (hit.length === 0 || (!provesAlone && !common)) return null;
  const detail = `${hit.length} of ${compared.length} pods of the old revision are in the same trouble (${trouble.trouble}): not the revision's fault`;
  return { code: "limitation", detail };
}

/**
 * A crash is only the same trouble if it happened while the new pods were there. Memory takes its time: an old pod's kill counts within as
 * long before the first new pod as new pods have been there since.
 */
function hasSameTrouble(pod: PodState, trouble: PodTrouble, began: Ms, rule: PodRule, now: Ms): boolean {
  if (trouble === "never-ready" || trouble === "not-ready" || trouble === "progress-deadline") return !pod.ready;
  if (trouble === "oom-killed") return (oomKilled(pod)?.terminated?.at ?? 0) >= began - (now - began);
  if (trouble !== "crash-loop") return podTrouble(pod, rule, now)?.trouble === trouble;
  return pod.containers.some(({ restarts, ready, terminated }) => restarts > 0 && !ready && (terminated?.at ?? 0) >= began);
}

/** Another workload gets no image either, and neither was told by the registry that its image is not to be had. */
function registryDown(trouble: Trouble, { others, rule, now }: Scene): Reason | null {
  if (trouble.trouble !== "image-pull" || trouble.pods.some((pod) => isAnswered(pod, rule, now))) return null;
  const without = others.filter(({ pods }) =>
    pods.some((pod) => pod.gone === undefined && pod.terminatingSince === undefined && lacksImage(pod, rule, now)),
  );
  if (without.length === 0) return null;
  const names = without.map(({ namespace, name }) => `${namespace}/${name}`).join(", ");
  return { code: "limitation", detail: `pods of other workloads under guard (${names}) get no image either: suspect the registry` };
}

function lacksImage(pod: PodState, rule: PodRule, now: Ms): boolean {
  return podTrouble(pod, rule, now)?.trouble === "image-pull" && !isAnswered(pod, rule, now);
}

function isAnswered(pod: PodState, rule: PodRule, now: Ms): boolean {
  return isRegistrysAnswer(podTrouble(pod, rule, now)?.detail ?? "");
}

/** Readiness often asks for dependencies: without old pods beside them new ones that lose it may miss what every revision would. */
function alone(trouble: Trouble, { old }: Scene): Reason | null {
  if (trouble.trouble !== "not-ready" || old.length > 0) return null;
  return { code: "limitation", detail: "no old pods are left to compare with: what these pods depend on may be down" };
}

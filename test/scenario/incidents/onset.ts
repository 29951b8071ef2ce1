import type { Pod } from "../../../src/sandbox/kubernetes/object.ts";
import { pods } from "../../../src/sandbox/kubernetes/resource-type.ts";
import type { World } from "../../support/world.ts";
import { firstImage } from "../../support/world-shop.ts";

/** From when on a deadline runs. */
export interface Onset {
  readonly what: string;
  readonly hasCome: (world: World) => boolean;
}

export const firstNewPodReady: Onset = { what: "the first ready new pod", hasCome: (world) => readyNewPods(world) >= 1 };

export const halfOfPodsNew: Onset = {
  what: "half of the pods being new",
  hasCome: (world) => readyNewPods(world) >= world.deployment("web").spec.replicas / 2,
};

export const secondRestart: Onset = {
  what: "the second restart of a new pod",
  hasCome: (world) => newPods(world).some(({ status }) => (status.containerStatuses ?? []).some(({ restartCount }) => restartCount >= 2)),
};

export const firstOomKill: Onset = {
  what: "the first OOM kill",
  hasCome: (world) => newPods(world).some(({ status }) => JSON.stringify(status.containerStatuses ?? []).includes('"reason":"OOMKilled"')),
};

export const firstWithoutImage: Onset = {
  what: "the first try in vain for the image",
  hasCome: (world) =>
    newPods(world).some(({ status }) => JSON.stringify(status.containerStatuses ?? []).includes('"reason":"ErrImagePull"')),
};

export const firstLostReadiness: Onset = {
  what: "the first new pod losing its readiness",
  hasCome: (world) =>
    world.sandbox.cluster.pods().some(({ annotations, running, ready, startedAt }) => {
      const after = Number(annotations["sandbox.rearguard.dev/unready-after"] ?? Infinity);
      return running && !ready && world.now() >= startedAt + after * 1000;
    }),
};

function readyNewPods(world: World): number {
  return newPods(world).filter(({ status }) => status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True")).length;
}

function newPods(world: World): readonly Pod[] {
  return [...world.sandbox.cluster.store.each(pods)]
    .map((pod) => pod as Pod)
    .filter(({ metadata, spec }) => metadata.labels?.["app"] === "web" && spec.containers[0]?.image !== firstImage("web"));
}

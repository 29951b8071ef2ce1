import { afterAll, beforeAll, expect, it } from "vitest";
import { createReflector } from "../../src/clients/kubernetes/reflector.ts";
import type { Log } from "../../src/clients/kubernetes/log.ts";
import { dig } from "../../src/clients/kubernetes/raw.ts";
import type { RawObject } from "../../src/clients/kubernetes/raw.ts";
import { stripHeavy } from "../../src/clients/kubernetes/strip.ts";
import { systemClock } from "../../src/clock.ts";
import { deploymentManifest } from "../support/deployment-manifest.ts";
import { startServers } from "../support/servers.ts";
import type { Servers } from "../support/servers.ts";

const quiet: Log = { info() {}, warn() {}, error() {} };
const patience = { timeout: 20_000, interval: 20 };
let servers: Servers;

beforeAll(async () => {
  servers = await startServers();
});

afterAll(() => servers[Symbol.asyncDispose]());

function follow(path: string, options: { readonly accept?: "metadata"; readonly labelSelector?: string } = {}) {
  const world = new Map<string, RawObject>();
  const reflector = createReflector({
    api: servers.api,
    path,
    clock: systemClock,
    random: Math.random,
    log: quiet,
    strip: stripHeavy,
    onChange(key, object) {
      if (object === undefined) world.delete(key);
      else world.set(key, object);
    },
    ...options,
  });
  reflector.start();
  return { world, reflector, [Symbol.asyncDispose]: () => reflector.stop() };
}

it("a Deployment is seen as it comes, changes and goes", async () => {
  await servers.applyDeployment(deploymentManifest({ name: "here-before", replicas: 0 }));
  await using following = follow("/apis/apps/v1/deployments");
  await following.reflector.synced();
  const key = "default/shop";
  expect(following.world.has("default/here-before")).toBe(true);

  await servers.applyDeployment(deploymentManifest({ name: "shop", replicas: 0 }));
  await expect.poll(() => following.world.has(key), patience).toBe(true);
  await servers.applyDeployment(deploymentManifest({ name: "shop", replicas: 1 }));
  await expect.poll(() => dig(following.world.get(key), "spec", "replicas"), patience).toBe(1);
  await servers.api.del("/apis/apps/v1/namespaces/default/deployments/shop");
  await expect.poll(() => following.world.has(key), patience).toBe(false);

  expect(following.reflector.state()).toMatchObject({ restarts: 0, parseErrors: 0, handlerErrors: 0 });
});

it("of managedFields the names of the managers are kept and nothing else", async () => {
  await servers.applyDeployment(deploymentManifest({ name: "managed", replicas: 0 }));
  await servers.api.patch(
    "/apis/apps/v1/namespaces/default/deployments/managed",
    { metadata: { annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}", kept: "yes" } } },
    { type: "merge", fieldManager: "argocd-controller" },
  );
  await using following = follow("/apis/apps/v1/deployments", { labelSelector: "app=managed" });
  await following.reflector.synced();

  const object = following.world.get("default/managed");

  expect(dig(object, "metadata", "managedFields")).toEqual(expect.arrayContaining([{ manager: "argocd-controller" }]));
  expect(JSON.stringify(dig(object, "metadata", "managedFields"))).not.toContain("fieldsV1");
  expect(dig(object, "metadata", "annotations")).toMatchObject({ kept: "yes" });
  expect(dig(object, "metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration")).toBeUndefined();
});

it("of ReplicaSets the metadata is enough to tell revisions, in the list and in the watch", async () => {
  await servers.applyDeployment(deploymentManifest({ name: "meta", replicas: 1, image: "shop:1" }));
  await using following = follow("/apis/apps/v1/replicasets", { accept: "metadata", labelSelector: "app=meta" });
  await expect.poll(() => following.world.size, patience).toBe(1);

  await servers.applyDeployment(deploymentManifest({ name: "meta", replicas: 1, image: "shop:2" }));
  await expect.poll(() => following.world.size, patience).toBe(2);

  const sets = [...following.world.values()];
  expect(sets.every((set) => set["spec"] === undefined)).toBe(true);
  expect(new Set(sets.map((set) => dig(set, "metadata", "labels", "pod-template-hash"))).size).toBe(2);
  await expect
    .poll(
      () => new Set([...following.world.values()].map((set) => dig(set, "metadata", "annotations", "deployment.kubernetes.io/revision"))),
      patience,
    )
    .toEqual(new Set(["1", "2"]));
});

it("a hundred and fifty watches are followed at once, and calls go through beside them", async () => {
  await using stack = new AsyncDisposableStack();
  const all = Array.from({ length: 150 }, () => stack.use(follow("/apis/apps/v1/deployments", { labelSelector: "app=crowd" })));
  await Promise.all(all.map((each) => each.reflector.synced()));

  await servers.applyDeployment(deploymentManifest({ name: "crowd", replicas: 0 }));

  await expect.poll(() => all.filter((each) => each.world.has("default/crowd")).length, patience).toBe(150);
  expect(all.map((each) => each.reflector.state().restarts).filter((restarts) => restarts > 0)).toEqual([]);
});

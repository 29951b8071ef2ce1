import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KubernetesError } from "../../src/clients/kubernetes/kubernetes-error.ts";
import { dig } from "../../src/clients/kubernetes/raw.ts";
import { createPodMetricsSampler } from "../../src/signals/sample-pod-metrics.ts";
import { deploymentManifest } from "../support/deployment-manifest.ts";
import { startServers } from "../support/servers.ts";
import type { Servers } from "../support/servers.ts";

const collection = "/apis/apps/v1/namespaces/default/deployments";
const shop = `${collection}/shop`;
let servers: Servers;

beforeAll(async () => {
  servers = await startServers();
  await servers.applyDeployment(deploymentManifest({ name: "shop" }));
});

afterAll(() => servers[Symbol.asyncDispose]());

async function refusal(promise: Promise<unknown>): Promise<readonly [string, number | undefined, string | undefined]> {
  const thrown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof KubernetesError) return [thrown.code, thrown.status, thrown.reason];
  throw new Error(`no KubernetesError but ${String(thrown)}`);
}

describe("reading", () => {
  it("a Deployment comes as the server has it", async () => {
    expect(await servers.api.get(shop)).toMatchObject({ kind: "Deployment", metadata: { name: "shop" }, spec: { replicas: 2 } });
  });

  it("what does not exist is not found", async () => {
    expect(await refusal(servers.api.get(`${collection}/nothing`))).toEqual(["KUBERNETES_NOT_FOUND", 404, "NotFound"]);
  });

  it("a cluster without the metrics API says so to a signal that asks it", async () => {
    const sample = createPodMetricsSampler({ kubernetes: servers.api, now: () => 1000, log: { info: () => {}, warn: () => {} } });
    const query = { kind: "usage", source: "metrics-api", resources: ["memory"] } as const;
    const answers = await sample([{ id: "one", namespace: "default", prefixes: ["shop-1"], query }], [1000]);
    const because = "this cluster has no metrics API (metrics.k8s.io): metrics-server is not installed";
    expect(answers.get("one")).toEqual([{ kind: "error", at: 1000, because }]);
  });

  it("a list of several pages has every object once", async () => {
    const names = ["paged-1", "paged-2", "paged-3", "paged-4", "paged-5"];
    for (const name of names) await servers.applyDeployment(deploymentManifest({ name, replicas: 0 }));

    const first = await servers.api.page(collection, { limit: 2 });
    const listed = await servers.api.list(collection, { limit: 2 });

    expect(first.items).toHaveLength(2);
    expect(first.next).toBeDefined();
    expect(listed.map((each) => dig(each, "metadata", "name"))).toEqual([...names, "shop"]);
  });

  it("a label selector narrows a list", async () => {
    const listed = await servers.api.list(collection, { labelSelector: "app in (shop,other)" });

    expect(listed.map((each) => dig(each, "metadata", "name"))).toEqual(["shop"]);
  });
});

describe("patching", () => {
  it("the template, on condition that it is the one judged", async () => {
    const template = dig(await servers.api.get(shop), "spec", "template");
    const value = { ...(template as object), metadata: { labels: { app: "shop" }, annotations: { "example.com/newer": "yes" } } };

    const patched = await servers.api.patch(
      shop,
      [
        { op: "test", path: "/spec/template", value: template },
        { op: "replace", path: "/spec/template", value },
      ],
      { type: "json", fieldManager: "rearguard" },
    );

    expect(dig(patched, "spec", "template", "metadata", "annotations", "example.com/newer")).toBe("yes");
  });

  it("on a condition that fails is refused, and changes nothing", async () => {
    const before = dig(await servers.api.get(shop), "metadata", "generation");

    const refused = await refusal(
      servers.api.patch(
        shop,
        [
          { op: "test", path: "/metadata/uid", value: "of another object" },
          { op: "replace", path: "/spec/replicas", value: 7 },
        ],
        { type: "json" },
      ),
    );

    expect(refused).toEqual(["KUBERNETES_INVALID", 422, "Invalid"]);
    expect(dig(await servers.api.get(shop), "metadata", "generation")).toBe(before);
  });

  it("as a dry run answers as if, and changes nothing", async () => {
    const patched = await servers.api.patch(shop, { metadata: { annotations: { tried: "yes" } } }, { type: "merge", dryRun: true });

    expect(dig(patched, "metadata", "annotations", "tried")).toBe("yes");
    expect(dig(await servers.api.get(shop), "metadata", "annotations", "tried")).toBeUndefined();
  });

  it("by merge sets and removes an annotation", async () => {
    await servers.api.patch(shop, { metadata: { annotations: { team: "x" } } }, { type: "merge" });
    const set = dig(await servers.api.get(shop), "metadata", "annotations", "team");
    await servers.api.patch(shop, { metadata: { annotations: { team: null } } }, { type: "merge" });

    expect([set, dig(await servers.api.get(shop), "metadata", "annotations", "team")]).toEqual(["x", undefined]);
  });

  it("what the API server cannot accept is refused with its field", async () => {
    const patch = servers.api.patch(shop, [{ op: "replace", path: "/spec/replicas", value: -1 }], { type: "json" });

    await expect(patch).rejects.toThrow(/spec\.replicas/);
    expect(dig(await servers.api.get(shop), "spec", "replicas")).toBe(2);
  });
});

describe("writing", () => {
  const lease = (spec: object, metadata: object = {}) => ({
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: "one", namespace: "default", ...metadata },
    spec,
  });
  const leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";

  it("the same object twice conflicts, and so does an old version; a deleted one is gone", async () => {
    const made = await servers.api.post(leases, lease({ holderIdentity: "a" }));
    const twice = await refusal(servers.api.post(leases, lease({})));
    const resourceVersion = dig(made, "metadata", "resourceVersion");
    await servers.api.put(`${leases}/one`, lease({ holderIdentity: "b" }, { resourceVersion }));
    const stale = await refusal(servers.api.put(`${leases}/one`, lease({ holderIdentity: "c" }, { resourceVersion })));
    await servers.api.del(`${leases}/one`);

    expect(twice).toEqual(["KUBERNETES_CONFLICT", 409, "AlreadyExists"]);
    expect(stale).toEqual(["KUBERNETES_CONFLICT", 409, "Conflict"]);
    expect(await refusal(servers.api.get(`${leases}/one`))).toEqual(["KUBERNETES_NOT_FOUND", 404, "NotFound"]);
  });
});

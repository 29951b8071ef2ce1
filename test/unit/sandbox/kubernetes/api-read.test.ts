import { describe, expect, test } from "vitest";
import { clusterWith, pass, release } from "./shop.ts";
import { serve } from "./served.ts";

const all = "/apis/apps/v1/deployments";
const configMaps = "/api/v1/namespaces/default/configmaps";

async function servedWithConfigMaps(count: number, options = {}) {
  const served = await serve(undefined, options);
  for (let index = 0; index < count; index += 1) {
    const labels = { app: index % 2 === 0 ? "even" : "odd" };
    served.cluster.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: `c${index}`, namespace: "default", labels } });
  }
  return served;
}

describe("a list", () => {
  test("in pages shows one instant, whatever is written between them", async () => {
    await using served = await servedWithConfigMaps(5);
    const first = (await served.ask("GET", `${configMaps}?limit=2`)).body;
    expect(first.items.map((item) => item.metadata.name)).toEqual(["c0", "c1"]);
    expect(first.metadata).toMatchObject({ remainingItemCount: 3 });
    await served.ask("DELETE", `${configMaps}/c3`);
    await served.ask("POST", configMaps, { metadata: { name: "c2b" } });
    const second = (await served.ask("GET", `${configMaps}?limit=2&continue=${String(first.metadata["continue"])}`)).body;
    expect(second.items.map((item) => item.metadata.name)).toEqual(["c2", "c3"]);
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });

  test("that is continued too late is answered with 410", async () => {
    await using served = await servedWithConfigMaps(3);
    const token = String((await served.ask("GET", `${configMaps}?limit=2`)).body.metadata["continue"]);
    served.cluster.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "later" } });
    served.cluster.store.compact();
    expect(await served.ask("GET", `${configMaps}?limit=2&continue=${token}`)).toMatchObject({ code: 410, body: { reason: "Expired" } });
  });

  test.each([
    ["labelSelector=app%3Deven", ["c0", "c2"]],
    ["labelSelector=app!%3Deven", ["c1", "c3"]],
    ["labelSelector=app in (odd,other)", ["c1", "c3"]],
    ["labelSelector=app notin (odd)", ["c0", "c2"]],
    ["labelSelector=app,!gone", ["c0", "c1", "c2", "c3"]],
    ["labelSelector=!app", []],
    ["fieldSelector=metadata.name%3Dc1", ["c1"]],
    ["labelSelector=app%3Dodd&fieldSelector=metadata.name!%3Dc1", ["c3"]],
  ])("by %s", async (query, names) => {
    await using served = await servedWithConfigMaps(4);
    expect((await served.ask("GET", `${configMaps}?${query}`)).body.items.map((item) => item.metadata.name)).toEqual(names);
  });

  test("of metadata only has no spec and no status", async () => {
    await using served = await serve(clusterWith());
    const accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    const { body } = await served.ask("GET", "/apis/apps/v1/replicasets", undefined, { accept });
    expect(body).toMatchObject({
      kind: "PartialObjectMetadataList",
      apiVersion: "meta.k8s.io/v1",
      items: [{ kind: "PartialObjectMetadata" }],
    });
    expect(Object.keys(body.items[0] ?? {})).toEqual(["kind", "apiVersion", "metadata"]);
  });

  test("leaves kind and version out of built-in items", async () => {
    await using served = await serve(clusterWith());
    const { body } = await served.ask("GET", all);
    expect([body.kind, body.items[0]?.kind]).toEqual(["DeploymentList", undefined]);
  });
});

describe("a watch", () => {
  test("tells every change to each who watches, as the clock moves", async () => {
    await using served = await serve(clusterWith());
    const version = served.cluster.store.version;
    const watches = await Promise.all(Array.from({ length: 10 }, () => served.watch(`/api/v1/pods?watch=1&resourceVersion=${version}`)));
    release(served.cluster, "web:2");
    pass(served.cluster, 3);
    for (const watch of watches) {
      const kinds: string[] = [];
      for (let change = await watch.next(); change; change = kinds.length < 6 ? await watch.next() : undefined) kinds.push(change.type);
      expect(kinds.slice(0, 3)).toEqual(["ADDED", "MODIFIED", "MODIFIED"]);
      await watch.cancel();
    }
  });

  test("without a version begins with what there is; from a version with what was missed", async () => {
    await using served = await servedWithConfigMaps(2);
    const fresh = await served.watch(`${configMaps}?watch=true`);
    expect([await fresh.next(), await fresh.next()].map((change) => `${change?.type} ${change?.object.metadata.name}`)).toEqual([
      "ADDED c0",
      "ADDED c1",
    ]);
    const version = served.cluster.store.version;
    await served.ask("DELETE", `${configMaps}/c0`);
    const late = await served.watch(`${configMaps}?watch=true&resourceVersion=${version}`);
    expect(await late.next()).toMatchObject({ type: "DELETED", object: { metadata: { name: "c0" } } });
    await Promise.all([fresh.cancel(), late.cancel()]);
  });

  test("by label sees an object go when it loses the label", async () => {
    await using served = await servedWithConfigMaps(1);
    const watch = await served.watch(`${configMaps}?watch=true&labelSelector=app%3Deven&resourceVersion=${served.cluster.store.version}`);
    const merge = { "content-type": "application/merge-patch+json" };
    await served.ask("PATCH", `${configMaps}/c0`, { metadata: { labels: { app: "odd" } } }, merge);
    expect((await watch.next())?.type).toBe("DELETED");
    await served.ask("PATCH", `${configMaps}/c0`, { metadata: { labels: { app: "even" } } }, merge);
    expect((await watch.next())?.type).toBe("ADDED");
    await watch.cancel();
  });

  test("from a forgotten version is refused in the stream", async () => {
    await using served = await servedWithConfigMaps(1);
    served.cluster.store.compact();
    const watch = await served.watch(`${configMaps}?watch=true&resourceVersion=5`);
    expect(watch.code).toBe(200);
    expect(await watch.next()).toMatchObject({ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } });
    expect(await watch.next()).toBeUndefined();
  });

  test("from a forgotten version is refused by HTTP where the sandbox is told so", async () => {
    await using served = await servedWithConfigMaps(1, { goneAs: "http" });
    served.cluster.store.compact();
    expect(await served.ask("GET", `${configMaps}?watch=true&resourceVersion=5`)).toMatchObject({ code: 410, body: { reason: "Expired" } });
  });

  test("with sendInitialEvents marks the end of the beginning", async () => {
    await using served = await servedWithConfigMaps(1);
    const watch = await served.watch(
      `${configMaps}?watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan`,
    );
    await watch.next();
    expect(await watch.next()).toMatchObject({
      type: "BOOKMARK",
      object: { metadata: { annotations: { "k8s.io/initial-events-end": "true" } } },
    });
    await watch.cancel();
  });

  test("ends with a bookmark at its timeout", async () => {
    await using served = await servedWithConfigMaps(1);
    const version = served.cluster.store.version;
    const watch = await served.watch(`${configMaps}?watch=true&allowWatchBookmarks=true&timeoutSeconds=1&resourceVersion=${version}`);
    expect(await watch.next()).toMatchObject({
      type: "BOOKMARK",
      object: { kind: "ConfigMap", metadata: { resourceVersion: String(version) } },
    });
    expect(await watch.next()).toBeUndefined();
  });

  test("does not keep the server from closing", async () => {
    const served = await serve(clusterWith());
    const watch = await served.watch(`${all}?watch=true&resourceVersion=${served.cluster.store.version}`);
    expect(served.cluster.watches.count).toBe(1);
    await served.close();
    expect(await watch.next()).toBeUndefined();
    expect(served.cluster.watches.count).toBe(0);
  });

  test("can be cut, silenced and expired by a test", async () => {
    await using served = await servedWithConfigMaps(0);
    const path = `${configMaps}?watch=true&resourceVersion=${served.cluster.store.version}`;
    const cut = await served.watch(path);
    served.cluster.watches.reset();
    await expect(cut.next()).rejects.toThrow(/terminated/);
    const expiring = await served.watch(path);
    served.cluster.watches.expire();
    expect(await expiring.next()).toMatchObject({ type: "ERROR", object: { code: 410 } });
    const silenced = await served.watch(path);
    served.cluster.watches.silent = true;
    await served.ask("POST", configMaps, { metadata: { name: "unheard" } });
    served.cluster.watches.silent = false;
    await served.ask("POST", configMaps, { metadata: { name: "heard" } });
    expect((await silenced.next())?.object.metadata.name).toBe("heard");
    await silenced.cancel();
  });
});

describe("the server", () => {
  test("says what it serves", async () => {
    await using served = await serve();
    expect((await served.ask("GET", "/version")).body).toMatchObject({ gitVersion: "v1.37.2" });
    const { body } = await served.ask("GET", "/apis/apps/v1");
    const names = (body["resources"] as { name: string }[]).map((resource) => resource.name);
    expect(names).toEqual(expect.arrayContaining(["deployments", "deployments/scale", "deployments/status", "replicasets/scale"]));
  });

  test("makes the rows kubectl prints", async () => {
    await using served = await serve(clusterWith());
    const { body } = await served.ask("GET", all, undefined, { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" });
    expect((body["rows"] as { cells: unknown[] }[]).map((row) => row.cells)).toEqual([["web", "4/4", 4, 4, "20s"]]);
  });

  test("answers with a fault when it is told to", async () => {
    await using served = await serve(undefined, {
      fault: (_: string, path: string) => (path === all ? { code: 429, retryAfterSeconds: 1 } : undefined),
    });
    expect(await served.ask("GET", all)).toMatchObject({ code: 429, body: { reason: "TooManyRequests" } });
    expect((await served.ask("GET", configMaps)).code).toBe(200);
  });
});

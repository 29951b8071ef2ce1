import { expect, it, describe } from "vitest";
import { createServer } from "node:http";
import { Agent } from "undici";
import { createKubernetesApi } from "../../../src/clients/kubernetes/api.ts";
import { backoffMs } from "../../../src/clients/kubernetes/backoff.ts";
import type { Log } from "../../../src/clients/kubernetes/log.ts";
import { createReflector } from "../../../src/clients/kubernetes/reflector.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createFakeCollection, json, loginPage, openWatch, status } from "./fake-collection.ts";
import { startStub } from "./stub-server.ts";

const quiet: Log = { info() {}, warn() {}, error() {} };
const path = "/apis/apps/v1/deployments";

async function follow(options: { readonly url?: string; readonly accept?: "metadata"; readonly failOn?: string } = {}) {
  await using stack = new AsyncDisposableStack();
  const collection = createFakeCollection();
  const stub = stack.use(await startStub(collection.answer));
  const agent = stack.adopt(new Agent({ bodyTimeout: 0 }), (each) => each.destroy());
  const connection = { server: options.url ?? stub.url, headers: {}, calls: agent, watches: agent };
  const clock = createManualClock();
  const api = createKubernetesApi({ connector: { connect: async () => connection, renew() {} }, clock });
  const world = new Map<string, unknown>();
  const told: string[] = [];
  const reflector = createReflector({
    api,
    path,
    clock,
    log: quiet,
    random: () => 0.5,
    strip: (object) => object,
    onChange(key, object) {
      told.push(`${object === undefined ? "-" : "+"}${key}`);
      if (key === options.failOn) throw new Error("handler broke");
      if (object === undefined) world.delete(key);
      else world.set(key, object);
    },
    ...(options.accept === undefined ? {} : { accept: options.accept }),
  });
  stack.defer(() => reflector.stop());
  const owned = stack.move();
  return {
    collection,
    clock,
    reflector,
    told,
    names: () => [...world.keys()].toSorted(),
    until: (what: string, holds: () => boolean, stepMs?: number) => clock.advanceUntil(what, holds, stepMs),
    async begin() {
      reflector.start();
      await clock.advanceUntil("first watch", () => collection.watches.length >= 1, 100);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

type Following = Awaited<ReturnType<typeof follow>>;

/** Whatever befell it: an object made now arrives, one deleted meanwhile is gone. */
async function expectCaughtUp({ collection, reflector, until, names }: Following, expected: readonly string[]) {
  const isWatching = () => reflector.state().lastError === undefined;
  await until("caught up", () => isWatching() && JSON.stringify(names()) === JSON.stringify(expected), 500);
  collection.send("ADDED", collection.put("late"));
  await until("late object", () => names().includes("prod/late"), 500);
}

it("a list of many pages is read whole, then watched from its version", async () => {
  await using it = await follow();
  for (const name of ["a", "b", "c", "d", "e"]) it.collection.put(name);
  it.collection.pageSize.value = 2;

  await it.begin();

  expect(it.names()).toEqual(["prod/a", "prod/b", "prod/c", "prod/d", "prod/e"]);
  expect(it.collection.lists.map((url) => url.searchParams.get("continue"))).toEqual([null, "2", "4"]);
  const watch = it.collection.watches[0]?.url.searchParams;
  expect(watch?.get("resourceVersion")).toBe("6");
  expect(watch?.get("allowWatchBookmarks")).toBe("true");
  expect(Number(watch?.get("timeoutSeconds"))).toBeGreaterThanOrEqual(240);
  expect(Number(watch?.get("timeoutSeconds"))).toBeLessThanOrEqual(300);
});

it("an empty list of metadata, which has null for its items, is a list", async () => {
  await using it = await follow();
  it.collection.listFaults.push((response) =>
    json(response, 200, { kind: "PartialObjectMetadataList", metadata: { resourceVersion: "1" }, items: null }),
  );

  await it.begin();

  expect(it.reflector.state()).toMatchObject({ restarts: 0 });
  await expectCaughtUp(it, []);
});

it("a list that expires between two pages begins anew", async () => {
  await using it = await follow();
  for (const name of ["a", "b", "c"]) it.collection.put(name);
  it.collection.pageSize.value = 2;
  it.collection.listFaults.push((response) =>
    json(response, 200, { metadata: { resourceVersion: "1", continue: "old" }, items: [it.collection.items.get("a")] }),
  );
  it.collection.listFaults.push(status(410, "continue token expired", "Expired"));

  await it.begin();

  expect(it.names()).toEqual(["prod/a", "prod/b", "prod/c"]);
  expect(it.collection.lists.map((url) => url.searchParams.get("continue"))).toEqual([null, "old", null, "2"]);
});

it("changes and deletions arrive as they happen", async () => {
  await using it = await follow();
  it.collection.put("a");
  await it.begin();

  it.collection.send("ADDED", it.collection.put("b"));
  it.collection.send("MODIFIED", it.collection.put("a"));
  const gone = it.collection.put("b");
  it.collection.send("DELETED", gone);
  await it.until("deletion", () => it.told.length === 4);

  expect(it.told).toEqual(["+prod/a", "+prod/b", "+prod/a", "-prod/b"]);
});

describe("the list is made anew, and tells what was missed, after", () => {
  const expired = { kind: "Status", code: 410, reason: "Expired", message: "too old resource version" };

  it("410 in the stream", async () => {
    await using it = await follow();
    for (const name of ["a", "b"]) it.collection.put(name);
    await it.begin();

    it.collection.items.delete("b");
    it.collection.put("c");
    it.collection.send("ERROR", expired);

    await expectCaughtUp(it, ["prod/a", "prod/c"]);
    expect(it.told).toEqual(["+prod/a", "+prod/b", "+prod/c", "-prod/b", "+prod/late"]);
    expect(it.collection.lists).toHaveLength(2);
  });

  it("410 as an HTTP status", async () => {
    await using it = await follow();
    it.collection.put("a");
    it.collection.watchFaults.push(status(410, "too old resource version", "Expired"));
    await it.begin();

    await it.until("second watch", () => it.collection.watches.length === 2, 100);

    await expectCaughtUp(it, ["prod/a"]);
    expect(it.collection.lists).toHaveLength(2);
  });

  it("a version the server refuses in any other words, after five tries", async () => {
    await using it = await follow();
    it.collection.put("a");
    for (let tries = 0; tries < 6; tries += 1) it.collection.watchFaults.push(status(504, "Too large resource version"));
    await it.begin();

    await it.until("second list", () => it.collection.lists.length === 2, 1_000);

    await it.until("good watch", () => it.collection.watches.length === 7, 1_000);
    await expectCaughtUp(it, ["prod/a"]);
  });
});

describe("the watch goes on from where it was, and nothing is told twice, after", () => {
  const cut = (it: Following) => it.collection.watches.at(-1)?.response.destroy();
  const rows: readonly [string, (it: Following) => void][] = [
    ["a reset connection", cut],
    ["a line that is no JSON", (it) => it.collection.watches.at(-1)?.response.write("{oops\n")],
    ["an event of no known type", (it) => it.collection.send("SURPRISE", { metadata: {} })],
    ["an error event", (it) => it.collection.send("ERROR", { code: 500, message: "etcd leader changed" })],
    ["a 500", (it) => (it.collection.watchFaults.push(status(500, "internal")), cut(it))],
    ["a 403", (it) => (it.collection.watchFaults.push(status(403, "forbidden", "Forbidden")), cut(it))],
    ["a login page in place of the stream", (it) => (it.collection.watchFaults.push(loginPage), cut(it))],
    [
      "a stream that is closed at once",
      (it) => (it.collection.watchFaults.push((response) => (openWatch(response), response.end())), cut(it)),
    ],
  ];

  it.each(rows)("%s", async (_, misbehave) => {
    await using it = await follow();
    it.collection.put("a");
    await it.begin();
    it.collection.send("ADDED", it.collection.put("b"));
    await it.until("b", () => it.names().includes("prod/b"));

    misbehave(it);
    await it.until("restart", () => it.reflector.state().restarts > 0 && it.reflector.state().lastError === undefined, 500);

    await expectCaughtUp(it, ["prod/a", "prod/b"]);
    expect(it.collection.lists).toHaveLength(1);
    expect(it.collection.watches.at(-1)?.url.searchParams.get("resourceVersion")).toBe("3");
    expect(it.told).toEqual(["+prod/a", "+prod/b", "+prod/late"]);
  });
});

it("a watch that held for a while makes earlier failures forgotten", async () => {
  await using it = await follow();
  it.collection.put("a");
  for (let tries = 0; tries < 5; tries += 1) it.collection.watchFaults.push(status(500, "internal"));
  await it.begin();
  await it.until("good watch", () => it.collection.watches.length === 6 && it.reflector.state().lastError === undefined, 500);

  await it.clock.advance(10_000);
  it.collection.watches.at(-1)?.response.destroy();
  await it.until("next watch", () => it.collection.watches.length === 7, 500);

  await expectCaughtUp(it, ["prod/a"]);
  expect(it.collection.lists).toHaveLength(1);
});

it("the regular end of a watch is no interruption", async () => {
  await using it = await follow();
  await it.begin();
  it.collection.bookmark();
  await it.until("bookmark", () => it.reflector.state().lastEventAt !== undefined);

  it.collection.watches[0]?.response.end();
  await it.until("second watch", () => it.collection.watches.length === 2);

  expect(it.collection.watches[1]?.url.searchParams.get("resourceVersion")).toBe("2");
  expect(it.reflector.state()).toMatchObject({ restarts: 0 });
});

it("a watch silent for 75 s is given up and opened anew", async () => {
  await using it = await follow();
  it.collection.put("a");
  await it.begin();
  await it.until("open", () => it.reflector.state().syncedAt !== undefined);

  await it.clock.advance(74_000);
  expect(it.reflector.state().restarts).toBe(0);
  await it.until("restart", () => it.reflector.state().restarts === 1, 500);

  expect(it.reflector.state().lastError).toContain("watch silent for 75 s");
  await expectCaughtUp(it, ["prod/a"]);
});

it("bookmarks once a minute keep a quiet watch", async () => {
  await using it = await follow();
  await it.begin();

  for (let minute = 1; minute <= 5; minute += 1) {
    await it.clock.advance(60_000);
    it.collection.bookmark();
    await it.until("bookmark", () => it.reflector.state().lastEventAt === it.clock.now());
  }

  expect(it.reflector.state().restarts).toBe(0);
  expect(it.collection.watches).toHaveLength(1);
});

it("a login page in place of a list deletes nothing", async () => {
  await using it = await follow();
  it.collection.put("a");
  await it.begin();
  it.collection.listFaults.push(loginPage, (response) => json(response, 200, { hello: "world" }));

  it.collection.send("ERROR", { code: 410 });
  await it.until("third list", () => it.collection.lists.length === 4, 500);

  await expectCaughtUp(it, ["prod/a"]);
  expect(it.told).toEqual(["+prod/a", "+prod/late"]);
});

it("an object that was deleted and made anew meanwhile is told as two", async () => {
  await using it = await follow();
  it.collection.put("a", "first");
  await it.begin();

  it.collection.put("a", "second");
  it.collection.send("ERROR", { code: 410 });
  await it.until("told", () => it.told.length === 3, 100);

  expect(it.told).toEqual(["+prod/a", "-prod/a", "+prod/a"]);
});

it("a handler that throws is counted, stops nobody else, and is given the object again with the next list", async () => {
  await using it = await follow({ failOn: "prod/bad" });
  for (const name of ["a", "bad", "c"]) it.collection.put(name);
  await it.begin();

  expect(it.names()).toEqual(["prod/a", "prod/c"]);
  expect(it.reflector.state().handlerErrors).toBe(1);

  it.collection.send("ERROR", { code: 410 });
  await it.until("second list", () => it.collection.watches.length === 2, 100);

  expect(it.told).toEqual(["+prod/a", "+prod/bad", "+prod/c", "+prod/bad"]);
});

it("started before the server is up it keeps trying until it is", async () => {
  const server = createServer(createFakeCollection().answer);
  const port = await freePort();
  await using it = await follow({ url: `http://127.0.0.1:${port}` });
  it.reflector.start();
  await it.until("a few tries", () => it.reflector.state().restarts >= 3, 1_000);

  server.listen(port, "127.0.0.1");
  await it.until("sync", () => it.reflector.state().syncedAt !== undefined, 1_000);

  await it.reflector.synced();
  await it.reflector.stop();
  server.closeAllConnections();
  server.close();
});

it("metadata alone is asked for with plain JSON as second choice", async () => {
  await using it = await follow({ accept: "metadata" });

  await it.begin();

  expect(it.collection.watches[0]?.accept).toBe("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json");
});

describe("stopping", () => {
  it("ends the watch for good", async () => {
    await using it = await follow();
    await it.begin();

    await it.reflector.stop();
    await it.clock.advance(120_000);

    expect(it.collection.watches).toHaveLength(1);
    expect(it.reflector.state()).toMatchObject({ restarts: 0 });
  });

  it("in the middle of a list opens no watch", async () => {
    await using it = await follow();
    it.collection.listFaults.push(() => {});
    it.reflector.start();
    await it.until("list", () => it.collection.lists.length === 1);

    await it.reflector.stop();
    await it.reflector.synced();

    expect(it.collection.watches).toHaveLength(0);
  });
});

it("the wait between tries grows to 30 s, and chance spreads it over the whole of it", () => {
  expect([0, 1, 2, 5, 6, 50].map((failures) => backoffMs(failures, () => 1))).toEqual([500, 1_000, 2_000, 16_000, 30_000, 30_000]);
  expect(backoffMs(6, () => 0)).toBe(0);
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

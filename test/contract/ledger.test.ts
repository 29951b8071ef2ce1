import { afterAll, beforeAll, expect, test } from "vitest";
import { dig } from "../../src/clients/kubernetes/raw.ts";
import { createLedger, type LedgerState, mostLedgerBytes } from "../../src/journal/ledger.ts";
import { startServers } from "../support/servers.ts";
import type { Servers } from "../support/servers.ts";

const collection = "/api/v1/namespaces/default/configmaps";
const pause = { by: "alice", reason: "storage is being moved", at: 1_764_000_000_000 };
let servers: Servers;

beforeAll(async () => {
  servers = await startServers();
});

afterAll(() => servers[Symbol.asyncDispose]());

const ledgerOf = (name: string) => createLedger({ api: servers.api, namespace: "default", name });
const dataOf = async (name: string) => dig(await servers.api.get(`${collection}/${name}`), "data");
const ran = (ranAt: number, outcome = "done") => ({ due: ranAt, ranAt, outcome });
const withSchedule = (name: string, ranAt: number) => (state: LedgerState) => ({
  ...state,
  schedules: { ...state.schedules, [name]: ran(ranAt) },
});

test("nothing was written yet: nothing is paused, and reading leaves nothing behind", async () => {
  expect(await ledgerOf("fresh").read()).toEqual({ schedules: {} });
  await expect(servers.api.get(`${collection}/fresh`)).rejects.toMatchObject({ status: 404 });
});

test("what was written is read by another replica, exactly, and a change that changes nothing writes nothing", async () => {
  const written = await ledgerOf("shared").change((state) => ({ ...state, pause, schedules: { nightly: ran(12) } }));
  const before = await servers.api.get(`${collection}/shared`);

  expect(await ledgerOf("shared").read()).toEqual({ pause, schedules: { nightly: ran(12) } });
  expect(await ledgerOf("shared").change((state) => ({ ...state, pause }))).toEqual(written);
  expect(await servers.api.get(`${collection}/shared`)).toEqual(before);
});

test("of many writers at once none loses anything, within a process and across two", async () => {
  const [one, other] = [ledgerOf("busy"), ledgerOf("busy")];

  await Promise.all([...Array(8).keys()].map((at) => (at % 2 === 0 ? one : other).change(withSchedule(`s${at}`, at))));

  expect(Object.keys((await one.read()).schedules).toSorted()).toEqual(["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"]);
});

test("a change that always loses the race is given up, and says so", async () => {
  const ledger = ledgerOf("raced");
  await ledger.change(withSchedule("mine", 0));
  let others = 0;
  async function put(path: string, body: unknown) {
    others += 1;
    await ledger.change(withSchedule("theirs", others));
    return servers.api.put(path, body);
  }
  const losing = createLedger({ api: { ...servers.api, put }, namespace: "default", name: "raced" });

  await expect(losing.change((state) => ({ ...state, pause }))).rejects.toMatchObject({ code: "KUBERNETES_CONFLICT" });
  expect(others).toBe(6);
  expect(await ledger.read()).toEqual({ schedules: { mine: ran(0), theirs: ran(6) } });
});

test.each([
  ["no JSON", "pause: me"],
  ["another version's", JSON.stringify({ version: 2, schedules: {} })],
  ["a pause without a name", JSON.stringify({ version: 1, schedules: {}, pause: { reason: "?", at: 1 } })],
])("content that is %s is an error with its place, and is never replaced", async (_what, text) => {
  const name = `foreign-${_what.replaceAll(/[^a-z]/g, "")}`;
  await servers.api.post(collection, { metadata: { name }, data: { "ledger.json": text } });

  const error = {
    code: "LEDGER_UNREADABLE",
    message: expect.stringContaining(`the ConfigMap default/${name} cannot be read: ledger.json`),
  };
  await expect(ledgerOf(name).read()).rejects.toMatchObject(error);
  await expect(ledgerOf(name).change((state) => ({ ...state, pause }))).rejects.toMatchObject(error);
  expect(await dataOf(name)).toEqual({ "ledger.json": text });
});

test("labels, other data, and what a newer version added stay", async () => {
  const newer = { version: 1, schedules: {}, freezes: [{ from: 1 }] };
  const labels = { "app.kubernetes.io/name": "rearguard" };
  await servers.api.post(collection, { metadata: { name: "kept", labels }, data: { notes: "ours", "ledger.json": JSON.stringify(newer) } });

  await ledgerOf("kept").change((state) => ({ ...state, pause }));

  const after = await servers.api.get(`${collection}/kept`);
  expect(dig(after, "metadata", "labels")).toEqual(labels);
  expect(dig(after, "data", "notes")).toBe("ours");
  expect(JSON.parse(String(dig(after, "data", "ledger.json")))).toEqual({ ...newer, pause });
});

test("it never outgrows an object: schedules that ran longest ago go first, the pause never", async () => {
  const many = Object.fromEntries([...Array(2_000).keys()].map((at) => [`schedule-${at}`, ran(at, "x".repeat(2_000))]));

  await ledgerOf("large").change(() => ({ pause, schedules: many }));

  const { pause: kept, schedules } = await ledgerOf("large").read();
  expect(kept).toEqual(pause);
  expect(schedules["schedule-1999"]?.outcome).toHaveLength(300);
  expect(schedules["schedule-0"]).toBeUndefined();
  expect(Object.keys(schedules).length).toBeGreaterThan(200);
  expect(JSON.stringify(await dataOf("large")).length).toBeLessThan(mostLedgerBytes);
});

test("a ledger that was deleted under a change is made anew", async () => {
  await ledgerOf("deleted").change(withSchedule("a", 1));
  async function put(path: string, body: unknown) {
    await servers.api.del(path);
    return servers.api.put(path, body);
  }
  const ledger = createLedger({ api: { ...servers.api, put }, namespace: "default", name: "deleted" });

  await ledger.change((state) => ({ ...state, pause }));

  expect(await ledger.read()).toEqual({ pause, schedules: {} });
});

test("a 404 that is not the API server's own says nothing", async () => {
  const get = (path: string) => servers.api.get(path.replace("/api/v1/", "/no-such-api/v9/"));
  const ledger = createLedger({ api: { ...servers.api, get }, namespace: "default", name: "astray" });

  await expect(ledger.read()).rejects.toMatchObject({ status: 404 });
});

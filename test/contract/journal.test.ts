import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { loadKubeConfig } from "../../src/clients/kubernetes/config.ts";
import type { KubernetesApi } from "../../src/clients/kubernetes/api.ts";
import { KubernetesError } from "../../src/clients/kubernetes/kubernetes-error.ts";
import { call } from "../../src/clients/kubernetes/request.ts";
import { isRemediation, openRemediation } from "../../src/guards/remediation/record.ts";
import type { GuardRecord, GuardSummary } from "../../src/guards/guard.ts";
import { guardObjectOf } from "../../src/journal/guard-object.ts";
import { createGuardJournal } from "../../src/journal/guards.ts";
import type { EntryBody } from "../../src/entry.ts";
import { waitUntil } from "../servers/wait-until.ts";
import { startServers } from "../support/servers.ts";
import type { Servers } from "../support/servers.ts";
import { brake, errors, recordWith, rollback, startedAt } from "../unit/explain/sample-record.ts";
import { web } from "../unit/guards/a-guard.ts";
import { remediationOf, slow } from "../unit/guards/remediation/a-remedy.ts";

const collection = "/apis/rearguard.dev/v1alpha1/namespaces/default/guards";
const summary: GuardSummary = { phase: "observing", braked: false, message: "watching", evidence: 1, updatedAt: startedAt };
const end: EntryBody = { kind: "finished", phase: "passed", because: [], badServed: 0 };
let servers: Servers;

beforeAll(async () => {
  servers = await startServers();
  const definition: unknown = parse(await readFile(new URL("../../deploy/crds/guards.rearguard.dev.yaml", import.meta.url), "utf8"));
  await servers.api.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition);
  await waitUntil("the new kind served", () => servers.api.list(collection).then(() => true));
});

afterAll(async () => {
  await servers[Symbol.asyncDispose]();
});

function guard(name: string, ...bodies: readonly EntryBody[]): GuardRecord {
  return { ...recordWith({ kind: "opened", because: [] }, ...bodies), name, namespace: "default" };
}

function withEntry(record: GuardRecord, body: EntryBody): GuardRecord {
  const seq = record.entries.length;
  return { ...record, entries: [...record.entries, { ...body, seq, at: startedAt + seq }] };
}

async function stored(name: string): Promise<GuardRecord | undefined> {
  const found = (await createGuardJournal({ api: servers.api }).list(["default"])).find((each) => each.name === name);
  return found === undefined || isRemediation(found) ? undefined : found;
}

test("a record comes back exactly as it was written, nulls and the last digits included", async () => {
  const record: GuardRecord = {
    ...guard("exact", { kind: "intended", action: rollback, because: [{ ...errors, oldRatio: null, evidence: 1234567.891234567 }] }),
    pods: [
      {
        uid: "p-1",
        name: "web-x",
        podTemplateHash: "7c9a2e",
        created: startedAt,
        ready: false,
        gone: startedAt + 1,
        containers: [{ name: "app", ready: false, restarts: 0, terminated: { reason: "Error", exitCode: 1, at: startedAt } }],
      },
    ],
    handles: { slack: '{"channel":"C042","ts":"1732370575.000001","through":4}', "alertmanager/am-0:9093": "4" },
    baselines: { errors: { from: 1, to: 2, total: 54_210, bad: 163, dispersion: 1.0700000000000001, upper: 0.1 + 0.2 } },
    audit: {
      errors: [
        {
          at: startedAt,
          newTotal: 301,
          newBad: 61,
          oldTotal: 0,
          oldBad: 0,
          limit: 0.01,
          baselineLimit: 0,
          controlLimit: null,
          effectiveLimit: 0.01,
          limitSource: "limit",
          burn: null,
          sustainBlocks: 1,
          evidence: 1e-12,
          outcome: "breach",
        },
      ],
    },
    toldThrough: 1,
  };

  expect(await createGuardJournal({ api: servers.api }).create(record, summary)).toBe("created");

  expect(await stored("exact")).toEqual(record);
});

test("opening the same guard twice is `exists`, and the first stays", async () => {
  const first = guard("twin");
  await createGuardJournal({ api: servers.api }).create(first, summary);

  const again = await createGuardJournal({ api: servers.api }).create(withEntry(first, { kind: "completed" }), summary);

  expect(again).toBe("exists");
  expect((await stored("twin"))?.entries).toEqual(first.entries);
});

test("a guard whose maker stopped before the status was written is completed by the next who opens it", async () => {
  const record = guard("half");
  const { status: _, ...half } = guardObjectOf(record, summary);
  await servers.api.post(collection, half);
  expect((await stored("half"))?.entries).toEqual([]);

  expect(await createGuardJournal({ api: servers.api }).create(record, summary)).toBe("created");

  expect(await stored("half")).toEqual(record);
});

test("entries are saved one after another", async () => {
  const journal = createGuardJournal({ api: servers.api });
  const opened = guard("saved");
  await journal.create(opened, summary);
  const intended = withEntry(opened, { kind: "intended", action: brake, because: [errors] });
  const completed = withEntry(intended, { kind: "completed" });

  expect(await journal.save(intended, summary)).toBe("saved");
  expect(await journal.save(completed, { ...summary, phase: "breached" })).toBe("saved");

  expect((await stored("saved"))?.entries).toEqual(completed.entries);
});

test("a deposed leader cannot write over its successor", async () => {
  const deposed = createGuardJournal({ api: servers.api });
  const record = guard("fenced");
  await deposed.create(record, summary);
  const successor = createGuardJournal({ api: servers.api });
  await successor.list();
  const theirs = withEntry(record, { kind: "completed" });
  await successor.save(theirs, summary);

  const outcome = await deposed.save(withEntry(record, { kind: "intended", action: rollback, because: [] }), summary);

  expect(outcome).toBe("conflict");
  expect((await stored("fenced"))?.entries).toEqual(theirs.entries);
  await deposed.list(["default"]);
  expect(await deposed.save(theirs, summary)).toBe("saved");
});

test("a guard that this journal has never read is not written", async () => {
  const record = guard("unread");
  await createGuardJournal({ api: servers.api }).create(record, summary);

  expect(await createGuardJournal({ api: servers.api }).save(record, summary)).toBe("conflict");
});

test("a save of which only the answer was lost does not fence us off from ourselves", async () => {
  let isLost = false;
  const put: KubernetesApi["put"] = async (path, body, options) => {
    const answer = await servers.api.put(path, body, options);
    if (!isLost) return answer;
    isLost = false;
    throw new KubernetesError("KUBERNETES_UNREACHABLE", "the connection broke");
  };
  const journal = createGuardJournal({ api: { ...servers.api, put } });
  const record = guard("lost");
  await journal.create(record, summary);
  const next = withEntry(record, { kind: "completed" });
  isLost = true;
  await expect(journal.save(next, summary)).rejects.toThrow("the connection broke");

  expect(await journal.save(next, summary)).toBe("saved");

  expect((await stored("lost"))?.entries).toEqual(next.entries);
});

test("a guard that was deleted is `gone`", async () => {
  const journal = createGuardJournal({ api: servers.api });
  const record = guard("deleted");
  await journal.create(record, summary);
  await servers.api.del(`${collection}/deleted`);

  expect(await journal.save(record, summary)).toBe("gone");
});

test("pruning keeps the newest finished guards of a workload, those that are spared, and every open one", async () => {
  const journal = createGuardJournal({ api: servers.api });
  const workload = { ...recordWith().rollout.workload, uid: "pruned-workload" };
  const of = (name: string, openedAt: number, ...bodies: readonly EntryBody[]) => {
    const record = guard(name, ...bodies);
    return { ...record, openedAt, rollout: { ...record.rollout, workload } };
  };
  for (const record of [of("open", 1), of("spared", 1, end), of("oldest", 2, end), of("older", 3, end), of("newest", 4, end)])
    await journal.create(record, summary);

  expect(await journal.prune("pruned-workload", 1, new Set(["spared"]))).toBe(2);

  const left = await journal.list(["default"]);
  expect(left.map(({ name }) => name).filter((name) => ["open", "spared", "oldest", "older", "newest"].includes(name))).toEqual([
    "newest",
    "open",
    "spared",
  ]);
});

test("a guard somebody broke by hand is left out and named, the others are read", async () => {
  await createGuardJournal({ api: servers.api }).create(guard("whole"), summary);
  await createGuardJournal({ api: servers.api }).create(guard("broken"), summary);
  await servers.api.patch(`${collection}/broken`, { spec: { policy: { kind: "Unknown" } } }, { type: "merge" });
  const unreadable: string[] = [];

  const found = await createGuardJournal({ api: servers.api, unreadable: (name) => unreadable.push(name) }).list(["default"]);

  expect(unreadable).toEqual(["broken"]);
  expect(found.map(({ name }) => name)).toContain("whole");
  await servers.api.del(`${collection}/broken`);
});

test("`kubectl get guards` prints workload, trigger, revision, phase, brake, evidence and since when", async () => {
  const record = guard("printed");
  const openedAt = Date.now() - 630_000;
  const evidence = 1998.3456;
  await createGuardJournal({ api: servers.api }).create(
    { ...record, openedAt },
    { ...summary, phase: "verifying", braked: true, message: "rolled back: errors 20 %", evidence },
  );
  const connector = loadKubeConfig({ path: servers.kubeconfigPath });

  const accept = "application/json;as=Table;g=meta.k8s.io;v=v1";
  const table = await call(connector, { method: "GET", path: `${collection}/printed`, accept }, 10_000);
  await connector.close();

  const { columnDefinitions, rows } = table as {
    readonly columnDefinitions: readonly { readonly name: string; readonly priority: number }[];
    readonly rows: readonly { readonly cells: readonly unknown[] }[];
  };
  const header = columnDefinitions.map(({ name, priority }) => `${name} ${priority}`);
  expect(header).toEqual(["Name 0", "Workload 0", "Trigger 0", "Revision 0", "Phase 0", "Braked 0", "Evidence 0", "Since 0", "Message 1"]);
  expect(rows[0]?.cells).toEqual(["printed", "web", null, 7, "verifying", true, 1998, "10m", "rolled back: errors 20 %"]);
});

test("a remediation is kept in the same resource, comes back exactly, and is pruned apart from guards of rollouts", async () => {
  const policy = remediationOf("do: [{ scale: { by: 2 } }, notify]");
  const journal = createGuardJournal({ api: servers.api });
  const workload = { ...web, namespace: "default", uid: "uid-remedied" };
  const opened = (name: string, at: number) => ({
    ...openRemediation({ name, workload, policy, trigger: { kind: "alert", alert: slow } }, at),
    toldThrough: 1,
  });
  const ended = (name: string, at: number) => {
    const record = opened(name, at);
    return { ...record, entries: [...record.entries, { seq: 1, at, kind: "finished", phase: "restored", because: [] } as const] };
  };
  const remediations = [opened("remedy-open", startedAt), ended("remedy-new", startedAt + 2), ended("remedy-old", startedAt + 1)];
  for (const record of remediations) expect(await journal.create(record, { ...summary, evidence: 1 })).toBe("created");
  const old = { ...guard("of-a-rollout", { kind: "finished", phase: "passed", because: [], badServed: 0 }), openedAt: startedAt };
  const ofRollout = { ...old, rollout: { ...old.rollout, workload: { ...old.rollout.workload, uid: "uid-remedied" } } };
  await journal.create(ofRollout, summary);

  const found = await createGuardJournal({ api: servers.api }).list(["default"]);
  expect(
    found
      .filter(isRemediation)
      .filter(({ name }) => name.startsWith("remedy-"))
      .toSorted(byName),
  ).toEqual(remediations.toSorted(byName));

  expect(await journal.create(opened("remedy-open", startedAt), { ...summary, evidence: 1 }), "twice is once").toBe("exists");
  expect(await journal.prune("uid-remedied", 1)).toBe(1);
  const left = (await createGuardJournal({ api: servers.api }).list(["default"])).map(({ name }) => name);
  expect(left.filter((name) => /^remedy-|^of-a-rollout/.test(name)).toSorted()).toEqual(["of-a-rollout", "remedy-new", "remedy-open"]);
});

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : 1;
}

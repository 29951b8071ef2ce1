import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { openRun } from "../../../src/guards/run.ts";
import type { Diagnosis, Finding } from "../../../src/diagnosis.ts";
import type { GovernorState } from "../../../src/guards/governor.ts";
import type { Action } from "../../../src/entry.ts";
import type { Workload } from "../../../src/model.ts";
import { takeOrder } from "../../../src/pipeline/order.ts";
import { stepGuard } from "../../../src/pipeline/step.ts";
import { limits, MINUTE, old, pod, fresh, recordOf, rollout, START, web, workloadOf } from "../guards/a-guard.ts";
import { flowOver, pace } from "./a-flow.ts";

const crashed = pod("web-1", fresh, { ready: false, containers: [{ name: "web", ready: false, restarts: 3 }] });

/** Open guards of so many workloads, each in a crash loop of its own, at most three taken back at once, and what was done. */
function fleetOf(count: number, over: Parameters<typeof flowOver>[0] = {}) {
  const workloads = new Map<string, Workload>();
  const runs = Array.from({ length: count }, (_, i) => {
    const ref = { ...web, name: `web-${i}`, uid: `uid-${i}`, namespace: `shop-${i}` };
    workloads.set(ref.uid, workloadOf({ ref }));
    const record = { ...recordOf([], { pods: [crashed] }), name: `guard-${i}`, namespace: ref.namespace };
    return openRun({ ...record, rollout: { ...rollout, workload: ref } }, pace);
  });
  const acted: Action[] = [];
  const flow = flowOver(
    {
      leading: () => true,
      cluster: { get: (key) => workloads.get(key), keyOf: (ref) => ref.uid, pods: () => undefined },
      execute(action) {
        acted.push(action);
        return Promise.resolve({ action: action.id, kind: action.kind, outcome: "applied", at: START + MINUTE, detail: "" });
      },
      journal: { save: () => Promise.resolve("saved") },
      tell: () => Promise.resolve(),
      ...over,
    },
    { limits },
  );
  for (const run of runs) flow.book.open.set(run.record.name, run);
  return { flow, names: runs.map(({ record }) => record.name), acted };
}

test("guards that breach in the same beat share the caps: of twenty at once three are rolled back, the others braked", async () => {
  const { flow, names, acted } = fleetOf(20);
  await Promise.all(names.map((name) => stepGuard(name, flow)));

  expect(acted.filter((action) => action.kind === "rollback")).toHaveLength(3);
  expect(acted.filter((action) => action.kind === "brake")).toHaveLength(17);
  expect(flow.claims.size).toBe(0);
});

test("a guard that breaches alone is rolled back in the beat that sees it", async () => {
  const { flow, names, acted } = fleetOf(1);
  await Promise.all(names.map((name) => stepGuard(name, flow)));

  expect(acted.map((action) => action.kind)).toEqual(["rollback"]);
  expect(flow.book.open.get("guard-0")?.standing.phase).toBe("verifying");
});

describe("all action is paused by a person", () => {
  const pause = { by: "dana", reason: "database move", at: START };

  test("nothing is done, it is told once and counted by its rule; when action is resumed it is done", async () => {
    let state: GovernorState = { pause };
    const counted: string[] = [];
    const fleet = fleetOf(1, {
      governorState: () => state,
      observe: { ...flowOver({}).edges.observe, withheld: (kind, rule) => void counted.push(`${kind} ${rule}`) },
    });
    for (let beat = 0; beat < 3; beat++) await stepGuard("guard-0", fleet.flow);
    expect(fleet.acted).toEqual([]);
    expect(counted).toEqual(["rollback paused"]);

    state = {};
    await stepGuard("guard-0", fleet.flow);
    expect(fleet.acted.map(({ kind }) => kind)).toEqual(["rollback"]);
  });

  test("and neither while nobody can read whether it is", async () => {
    const fleet = fleetOf(1, { governorState: () => ({ unknown: "the API server did not answer" }) });
    await stepGuard("guard-0", fleet.flow);

    expect(fleet.acted).toEqual([]);
    expect(await entriesAfterStep(fleet)).toEqual(["opened", "withheld"]);
  });
});

test("of twenty workloads of different names that breach in one beat three are rolled back, whatever may be under way", async () => {
  const free = { ...limits, rollback: { ...limits.rollback, concurrent: 99, perHour: { workload: 99, namespace: 99, cluster: 99 } } };
  const { flow, names, acted } = fleetOf(20);
  await Promise.all(names.map((name) => stepGuard(name, { ...flow, settings: { ...flow.settings, limits: free } })));

  expect(acted.filter((action) => action.kind === "rollback")).toHaveLength(3);
});

/** Kinds of entries of the guard of a workload that crashes, after one step. */
async function entriesAfterStep({ flow }: ReturnType<typeof fleetOf>): Promise<readonly string[]> {
  await stepGuard("guard-0", flow);
  return flow.book.open.get("guard-0")?.record.entries.map(({ kind }) => kind) ?? [];
}

describe("nothing is done", () => {
  test("by who does not lead, and no intent is written", async () => {
    const fleet = fleetOf(1, { leading: () => false });

    expect(await entriesAfterStep(fleet)).toEqual(["opened"]);
    expect(fleet.acted).toEqual([]);
  });

  test("by who stopped leading while the intent was written: it stays for the next leader", async () => {
    let leads = true;
    const save = () => {
      leads = false;
      return Promise.resolve("saved" as const);
    };
    const fleet = fleetOf(1, { leading: () => leads, journal: { save } });

    expect(await entriesAfterStep(fleet)).toEqual(["opened", "intended"]);
    expect(fleet.acted).toEqual([]);
  });

  test("of what was decided before a person paused all action, which is read anew before each action", async () => {
    let state = {};
    const readGovernorState = async () => void (state = { pause: { by: "bob", reason: "storage", at: START } });
    const fleet = fleetOf(1, { governorState: () => state, readGovernorState });

    expect(await entriesAfterStep(fleet)).toEqual(["opened"]);
    expect(await entriesAfterStep(fleet)).toEqual(["opened", "withheld"]);
    expect(fleet.acted).toEqual([]);
  });

  test("of what was decided while a person's end of the guard was being written: the next step withholds it", async () => {
    const fleet = fleetOf(1, { journal: { save: () => setImmediate("saved" as const) } });
    const ordering = takeOrder("guard-0", { id: "1", kind: "abort", by: "alice", reason: "x" }, fleet.flow, new Map());

    expect(await entriesAfterStep(fleet)).toEqual(["opened", "commanded", "intended"]);
    expect([await ordering, fleet.acted]).toMatchObject([{ taken: true }, []]);
    expect((await entriesAfterStep(fleet)).slice(3)).toEqual(["withheld"]);
    expect(fleet.acted).toEqual([]);
  });

  test.each<[string, () => Promise<"saved" | "conflict">]>([
    ["fails", () => Promise.reject(new Error("connection refused"))],
    ["loses against somebody else's", () => Promise.resolve("conflict")],
  ])("when the write of the intent %s", async (_, save) => {
    const fleet = fleetOf(1, { journal: { save } });
    await stepGuard("guard-0", fleet.flow);

    expect(fleet.acted).toEqual([]);
  });
});

test("an intent without a receipt that is refused when it is carried out again may have happened before: it counts as failed", async () => {
  const before = fleetOf(1, { execute: () => Promise.reject(new Error("killed")) });
  await stepGuard("guard-0", before.flow).catch(() => {});
  const left = before.flow.book.open.get("guard-0");
  const refuse = (action: Action) =>
    ({ action: action.id, kind: action.kind, outcome: "refused", at: START + MINUTE, detail: "" }) as const;
  const fleet = fleetOf(1, { execute: (action) => Promise.resolve({ ...refuse(action), because: { code: "conflict", detail: "" } }) });
  if (left !== undefined) fleet.flow.book.open.set("guard-0", left);
  await stepGuard("guard-0", fleet.flow);

  const { record, standing } = fleet.flow.book.open.get("guard-0") ?? {};
  expect(record?.entries.at(-1)).toMatchObject({ kind: "receipt", receipt: { outcome: "failed" } });
  expect(standing?.attempted?.target).toEqual(old);
});

test("an intent without a receipt, as a crash leaves it, is carried out under the same id and not intended again", async () => {
  const before = fleetOf(1, { execute: () => Promise.reject(new Error("killed")) });
  await stepGuard("guard-0", before.flow).catch(() => {});
  const left = before.flow.book.open.get("guard-0");
  const fleet = fleetOf(1);
  if (left !== undefined) fleet.flow.book.open.set("guard-0", left);

  expect(await entriesAfterStep(fleet)).toEqual(["opened", "intended", "receipt"]);
  expect(fleet.acted.map(({ id }) => id)).toEqual([left?.standing.pending?.action.id]);
});

describe("why pods do not start", () => {
  const finding: Finding = { ailment: "crash", pods: ["web-1"], count: 1, words: "", container: "web", exitCode: 1 };
  const found = { at: START, workload: web, desired: 1, there: 1, ready: 0, findings: [finding], unseen: [] };

  test("is looked at beside the rollback, which does not wait for it", async () => {
    const { promise, resolve } = Promise.withResolvers<Diagnosis>();
    const fleet = fleetOf(1, { diagnose: () => promise });

    expect(await entriesAfterStep(fleet)).toEqual(["opened", "intended", "receipt"]);
    resolve(found);
    await Promise.all(fleet.flow.diagnosing.underWay());
    expect(fleet.flow.book.open.get("guard-0")?.record.entries.map(({ kind }) => kind)).toEqual(["opened", "intended", "receipt", "noted"]);
    expect(fleet.flow.book.open.get("guard-0")?.standing.phase).toBe("verifying");
  });

  test("is looked at once, however many steps follow, and by the next process only where nothing is recorded", async () => {
    let looks = 0;
    const diagnose = () => {
      looks += 1;
      return Promise.resolve(found);
    };
    const fleet = fleetOf(1, { diagnose });
    for (const _ of [1, 2, 3]) await stepGuard("guard-0", fleet.flow);
    await Promise.all(fleet.flow.diagnosing.underWay());
    expect(looks).toBe(1);

    const next = fleetOf(1, { diagnose });
    const left = fleet.flow.book.open.get("guard-0");
    if (left !== undefined) next.flow.book.open.set("guard-0", left);
    await stepGuard("guard-0", next.flow);
    expect(looks).toBe(1);
  });

  test("is looked at once also where nothing was found, whatever steps follow", async () => {
    let looks = 0;
    const diagnose = () => {
      looks += 1;
      return Promise.resolve({ ...found, findings: [] });
    };
    const fleet = fleetOf(1, { diagnose });
    for (const _ of [1, 2, 3]) {
      await stepGuard("guard-0", fleet.flow);
      await Promise.all(fleet.flow.diagnosing.underWay());
    }
    expect(looks).toBe(1);
  });

  test("that fails, or finds nothing, leaves no trace in the record", async () => {
    const failing = fleetOf(1, { diagnose: () => Promise.reject(new Error("a fault")) });
    await entriesAfterStep(failing);
    await Promise.all(failing.flow.diagnosing.underWay());
    const empty = fleetOf(1, { diagnose: () => Promise.resolve({ ...found, findings: [] }) });
    await entriesAfterStep(empty);
    await Promise.all(empty.flow.diagnosing.underWay());

    for (const { flow } of [failing, empty])
      expect(flow.book.open.get("guard-0")?.record.entries.map(({ kind }) => kind)).toEqual(["opened", "intended", "receipt"]);
  });
});

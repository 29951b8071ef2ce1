import { expect, test } from "vitest";
import { openRun } from "../../../src/guards/run.ts";
import type { Action } from "../../../src/entry.ts";
import type { Ms, Workload } from "../../../src/model.ts";
import { emptyBook } from "../../../src/pipeline/book.ts";
import type { Edges } from "../../../src/pipeline/edges.ts";
import type { Flow } from "../../../src/pipeline/flow.ts";
import { stepGuard } from "../../../src/pipeline/step.ts";
import { BLOCK, limits, MINUTE, pod, fresh, recordOf, rollout, START, web, workloadOf } from "../guards/a-guard.ts";

const pace = { blockMs: BLOCK, scrapeMs: BLOCK, warmUpLatencyMs: 0 };
const crashed = pod("web-1", fresh, { ready: false, containers: [{ name: "web", ready: false, restarts: 3 }] });

/** Open guards of so many workloads, each in a crash loop of its own, and what was done. */
function fleetOf(count: number, concurrent: number): { readonly flow: Flow; readonly names: readonly string[]; readonly acted: Action[] } {
  const book = emptyBook();
  const workloads = new Map<string, Workload>();
  const names = Array.from({ length: count }, (_, i) => {
    const ref = { ...web, name: `web-${i}`, uid: `uid-${i}`, namespace: `shop-${i}` };
    const record = {
      ...recordOf([], { pods: [crashed] }),
      name: `guard-${i}`,
      namespace: ref.namespace,
      rollout: { ...rollout, workload: ref },
    };
    workloads.set(ref.uid, workloadOf({ ref }));
    book.open.set(record.name, openRun(record, pace));
    return record.name;
  });
  const acted: Action[] = [];
  const now: Ms = START + MINUTE;
  const edges: Edges = {
    now: () => now,
    sleep: () => Promise.resolve(),
    leading: () => true,
    cluster: {
      changed: () => [],
      get: (key) => workloads.get(key),
      list: () => [],
      keyOf: (ref) => ref.uid,
      context: () => Promise.resolve({}),
      follow() {},
      unfollow: () => Promise.resolve(),
      pods: () => undefined,
    },
    choosePolicy: () => ({ kind: "none" }),
    sample: () => Promise.resolve(new Map()),
    probe: () => Promise.reject(new Error("no probe is asked for")),
    jobs: { create: () => Promise.reject(new Error("no job")), look: () => Promise.reject(new Error("no job")) },
    execute: (action) => {
      acted.push(action);
      return Promise.resolve({ action: action.id, kind: action.kind, outcome: "applied", at: now, detail: "" });
    },
    journal: {
      list: () => Promise.resolve([]),
      create: () => Promise.resolve("created"),
      save: () => Promise.resolve("saved"),
      prune: () => Promise.resolve(),
    },
    tell: () => Promise.resolve(),
    observe: { sampled() {}, silenced() {}, decided() {}, acted() {}, guards() {} },
    log: { info() {}, warn() {}, error() {} },
  };
  const settings = {
    cluster: "test",
    pace,
    settleMs: 0,
    baselineMs: MINUTE,
    verify: { withinMs: MINUTE, blocks: 4, blockMs: BLOCK },
    limits: { ...limits, concurrent },
  };
  const flow = {
    book,
    edges,
    settings,
    unsaved: new Set<string>(),
    lost: new Set<string>(),
    handed: new Map(),
    telling: new Map(),
    writing: new Map(),
    claims: new Map(),
  };
  return { flow, names, acted };
}

test("guards that breach in the same beat share the caps: of twenty at once three are rolled back, the others braked", async () => {
  const { flow, names, acted } = fleetOf(20, 3);
  await Promise.all(names.map((name) => stepGuard(name, flow)));

  expect(acted.filter((action) => action.kind === "rollback")).toHaveLength(3);
  expect(acted.filter((action) => action.kind === "brake")).toHaveLength(17);
  expect(flow.claims.size).toBe(0);
});

test("a guard that breaches alone is rolled back in the beat that sees it", async () => {
  const { flow, names, acted } = fleetOf(1, 3);
  await Promise.all(names.map((name) => stepGuard(name, flow)));

  expect(acted.map((action) => action.kind)).toEqual(["rollback"]);
  expect(flow.book.open.get("guard-0")?.standing.phase).toBe("verifying");
});

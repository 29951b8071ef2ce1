import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { changeRcaRuns } from "../../../bench/labelled/changerca.ts";
import { explain } from "../../../bench/labelled/explain.ts";
import { kontrastRuns } from "../../../bench/labelled/kontrast.ts";
import type { LabelledRun } from "../../../bench/labelled/labelled-set.ts";
import { slowerThan } from "../../../bench/labelled/latencies.ts";
import { nezhaRuns } from "../../../bench/labelled/nezha.ts";
import { petshopRuns } from "../../../bench/labelled/petshop.ts";
import { decisionLine } from "../../../bench/labelled/report.ts";
import { replay, type Replayed } from "../../../bench/labelled/replay.ts";
import { labelledSettings } from "../../../bench/labelled/settings.ts";

const MINUTE = 60;
/** A multiple of five minutes, in unix seconds. */
const BEGIN = 1_700_000_100 - (1_700_000_100 % 300);

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "labelled-sets-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function written(files: Readonly<Record<string, string>>): Promise<string> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), name.endsWith(".gz") ? gzipSync(text) : text);
  return folder;
}

async function replayed(runs: readonly LabelledRun[]): Promise<readonly Replayed[]> {
  const settings = await labelledSettings();
  const all: Replayed[] = [];
  for (const { cases } of runs) for (const { given, policy } of cases()) all.push(...(await replay(given, policy, settings)));
  return all;
}

const decided = (all: readonly Replayed[]) =>
  Object.fromEntries(all.map((one) => [one.case, one.rolledBackAt === null ? "none" : "rollback"]));

/** Three Deployments whose two pods are replaced one after the other; those of the third never answer. */
function changeRcaSet() {
  const tiers = { cart: "T1", ads: "N-quiet", mail: "T3" };
  const minutes = Array.from({ length: 40 }, (_, index) => BEGIN + index * MINUTE);
  const rollouts = Object.keys(tiers).map((service) => {
    const step = (nth: number, minute: number) => ({
      done: BEGIN + minute * MINUTE,
      new_pods: [`${service}-new-${nth}`],
      gone_pods: [`${service}-old-${nth}`],
    });
    return { service, t0: BEGIN + 10 * MINUTE, replicas: 2, steps: [step(1, 12), step(2, 14)] };
  });
  const answers = (pod: string, edge: string, from: number, to: number, success: number) => ({
    pod,
    edge,
    side: "server",
    t: minutes,
    success_pct: minutes.map((_, minute) => (minute >= from && minute < to ? success : null)),
  });
  const series = ([service, success]: readonly [string, number]) =>
    [1, 2].flatMap((nth) => [
      answers(`${service}-old-${nth}`, `frontend_${service}`, 0, 10 + 2 * nth, 100),
      answers(`${service}-new-${nth}`, `frontend_${service}`, 10 + 2 * nth, 40, success),
    ]);
  const experiment = {
    case: "one",
    rollouts,
    edge_success: { source: { t: minutes, success_pct: {} } },
    pod_series: [["cart", 40] as const, ["ads", 100] as const].flatMap(series),
  };
  const truth = Object.entries(tiers).map(([service, tier]) => ({ case: "one", service, bad: service !== "ads", tier }));
  return { "one.json.gz": JSON.stringify(experiment), "truth.json": JSON.stringify(truth) };
}

test("ChangeRCA: a version that fails or never answers is taken back at any traffic, the one beside it is not", async () => {
  const runs = await changeRcaRuns(await written(changeRcaSet()));

  expect(runs.filter(({ counts }) => counts).map(({ file }) => file)).toEqual(["changerca-1x-crash-loop", "changerca-1x-never-ready"]);
  for (const run of runs) {
    const back = (await replayed([run])).filter(({ rolledBackAt }) => rolledBackAt !== null).map(({ rollout }) => rollout.service);
    expect([run.file, back]).toEqual([run.file, ["cart", "mail"]]);
  }
});

/** `length` five-minute figures of one service that answers 600 requests each. */
function petshopFigures(length: number, success: (index: number) => number, p95: (index: number) => number) {
  const each = <T>(value: (index: number) => T) => Array.from({ length }, (_, index) => value(index));
  const series = {
    "Shop_AWS::ECS::Fargate|requests|Sum": each(() => 600),
    "Shop_AWS::ECS::Fargate|availability|Average": each(success),
    "Shop_AWS::ECS::Fargate|latency|p50": each(() => 0.02),
    "Shop_AWS::ECS::Fargate|latency|p90": each((index) => p95(index) * 0.9),
    "Shop_AWS::ECS::Fargate|latency|p95": each(p95),
    "Shop_AWS::ECS::Fargate|latency|p99": each((index) => p95(index) * 2),
  };
  return { t: each((index) => BEGIN + index * 5 * MINUTE), series };
}

async function petshopSet() {
  const healthy = JSON.stringify(
    petshopFigures(
      20,
      () => 100,
      () => 0.04,
    ),
  );
  const issue = { t0: BEGIN + 31 * MINUTE, root_cause: { node: "Shop_AWS::ECS::Fargate" } };
  const errors = petshopFigures(
    12,
    (index) => (index < 6 ? 100 : 80),
    () => 0.04,
  );
  const slow = petshopFigures(
    12,
    () => 100,
    (index) => (index < 6 ? 0.04 : 0.4),
  );
  const issues = [
    { ...issue, ...errors, case: "errors", target: { metric: "availability" } },
    { ...issue, ...slow, case: "slow", target: { metric: "latency" } },
  ];
  return petshopRuns(
    await written({
      "issues.json.gz": JSON.stringify(issues),
      "normal_high_traffic.json.gz": healthy,
      "normal_low_traffic.json.gz": healthy,
    }),
  );
}

test("PetShop: a service that fails or grows slow after its rollout is taken back, a healthy one is not", async () => {
  const all = await replayed(await petshopSet());

  expect(decided(all)).toEqual({
    errors: "rollback",
    slow: "rollback",
    [`normal:high_traffic:${BEGIN + 60 * MINUTE}`]: "none",
    [`normal:low_traffic:${BEGIN + 60 * MINUTE}`]: "none",
  });
  expect(all.filter(({ rollout }) => rollout.bad).map(({ case: name }) => name)).toEqual(["errors", "slow"]);
});

test("PetShop: the five minutes in which the fault begins are no history of the old revision", async () => {
  const [run] = await petshopSet();
  const [errors] = [...(run?.cases() ?? [])];

  const before = errors?.given.counters.get("shop-old-0");
  const after = errors?.given.counters.get("shop-new-0");

  expect(before?.at.at(-1)).toBe((BEGIN + 30 * MINUTE) * 1000);
  expect([before?.total.at(-1), before?.bad.at(-1)]).toEqual([3600, 0]);
  expect(after?.at[0]).toBe((BEGIN + 31 * MINUTE + 15) * 1000);
  expect([after?.total[3], after?.bad[3]]).toEqual([120, 24]);
});

/** One row a minute for the pod; 10 requests a second, p90 by minute. */
function nezhaRows(pod: string, minutes: number, p90: (minute: number) => number | null): readonly string[] {
  return Array.from({ length: minutes }, (_, index) => {
    const latency = p90(index);
    return latency === null
      ? `${BEGIN + index * MINUTE},${pod},,,,,,,,`
      : `${BEGIN + index * MINUTE},${pod},,${latency},${latency * 1.2},${latency * 2},10,,1,1`;
  });
}

async function nezhaSet(p90: (minute: number) => number | null) {
  const rows = ["t,pod,p50_s,p90_s,p95_s,p99_s,ops,success_pct,cpu_pct,mem_pct", ...nezhaRows("cart-1", 110, p90)];
  const faults = [{ t0: BEGIN + 30 * MINUTE, pod: "cart-1", service: "cart", fault: "cpu_contention" }];
  return nezhaRuns("nezha-ob", await written({ "metrics_1m.csv.gz": rows.join("\n"), "faults.json": JSON.stringify(faults) }));
}

test("Nezha: a pod that grows slow is taken back as its service's new revision, and a healthy time long after it is not", async () => {
  const all = await replayed(await nezhaSet((minute) => (minute > 30 && minute < 36 ? 2 : 0.02)));

  expect(decided(all)).toEqual({ [String(BEGIN + 30 * MINUTE)]: "rollback", [`normal:cart-1:${BEGIN + 50 * MINUTE}`]: "none" });
});

test("Nezha: a minute without values has no scrape, and a pod without any is neither good nor bad", async () => {
  const runs = await nezhaSet((minute) => (minute > 30 ? null : 0.02));
  const all = await replayed(runs);

  expect(runs.flatMap(({ cases }) => [...cases()]).map(({ given }) => [...(given.latencies?.keys() ?? [])])).toEqual([["cart-old-0"]]);
  expect(decided(all)).toEqual({ [String(BEGIN + 30 * MINUTE)]: "none" });
  expect(all.map(explain).join()).toContain("no request was measured");
});

test("Kontrast: a value is rolled back when it stays beyond what was there before, not when it only touches it", async () => {
  const steady = (after: (minute: number) => number | null) =>
    Array.from({ length: 200 }, (_, minute) => (minute < 120 ? 10 + (minute % 3) : after(minute)));
  const change = (name: string, bad: boolean, after: (minute: number) => number | null) => ({
    case: name,
    t0: BEGIN + 120 * MINUTE,
    bad,
    recent: { from: BEGIN, step: 60, v: steady(after) },
    day_ago: { from: BEGIN - 24 * 60 * MINUTE, step: 60, v: [10, null, 12] },
  });
  const changes = [
    change("high", true, () => 14),
    change("low", true, () => 8),
    change("brief", true, (minute) => (minute < 134 && minute > 130 ? 14 : 11)),
    change("gap", true, (minute) => (minute > 138 || minute < 130 ? 11 : minute === 133 || minute === 134 ? null : 14)),
    change("same", false, (minute) => 10 + (minute % 3)),
  ];

  const all = await replayed(
    await kontrastRuns(await written({ "changes.jsonl.gz": changes.map((one) => JSON.stringify(one)).join("\n") })),
  );

  expect(decided(all)).toEqual({ high: "rollback", low: "rollback", brief: "none", gap: "none", same: "none" });
  expect(all.map(explain)[2]).toContain("before 10 to 12, rules below 9 and above 13; under guard 11 to 14, 3 of 31 values beyond");
});

test("a decision is one line in the form of the data's scorer", async () => {
  const [errors, , healthy] = (await replayed(await petshopSet())).map(decisionLine).map((line) => JSON.parse(line) as object);

  expect(errors).toEqual({ set: "petshop", case: "errors", service: "shop", action: "rollback", t: expect.any(Number) });
  expect(healthy).toEqual({ set: "petshop", case: `normal:high_traffic:${BEGIN + 60 * MINUTE}`, service: "shop", action: "none" });
});

test.each([
  { what: "meets the known quantiles", seconds: 1, quantiles: { 0.9: 1, 0.99: 2 }, share: 0.1 },
  { what: "meets the highest", seconds: 2, quantiles: { 0.9: 1, 0.99: 2 }, share: 0.01 },
  { what: "goes on beyond them", seconds: 5, quantiles: { 0.9: 1, 0.99: 2 }, share: 0.000105 },
  { what: "goes on below them", seconds: 0.427322, quantiles: { 0.9: 1, 0.99: 2 }, share: 0.5 },
  { what: "takes quantiles that are out of order as equal", seconds: 0.9, quantiles: { 0.9: 1, 0.95: 0.8, 0.99: 2 }, share: 0.1 },
])("a latency distribution $what", ({ seconds, quantiles, share }) => {
  expect(slowerThan(seconds, quantiles)).toBeCloseTo(share, 5);
});

test("a latency distribution is unknown from less than two quantiles", () => {
  expect(slowerThan(1, { 0.9: 1, 0.99: 0 })).toBeUndefined();
});

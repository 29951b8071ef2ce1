import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Alert, AlertOutcome } from "../../../src/alert.ts";
import type { GuardRecord } from "../../../src/guards/guard.ts";
import { openRun } from "../../../src/guards/run.ts";
import { takeAlerts } from "../../../src/pipeline/alerts.ts";
import { writeEntry } from "../../../src/pipeline/write.ts";
import type { WorkloadRef } from "../../../src/model.ts";
import { intended, MINUTE, policyOf, recordOf, START, web, workloadOf } from "../guards/a-guard.ts";
import { flowOver, pace } from "./a-flow.ts";

function alert(over: Partial<Alert> & { readonly name?: string; readonly deployment?: string } = {}): Alert {
  const { name: alertname = "HighErrorRate", deployment = "web", ...rest } = over;
  return { fingerprint: "a", startsAt: START + 2 * MINUTE, labels: { alertname, namespace: "shop", deployment }, summary: "", ...rest };
}

/** One open guard of shop/web that asks for HighErrorRate, over a journal that saves as told. */
function guardedBy(save: (record: GuardRecord) => Promise<"saved" | "conflict">) {
  const counted: AlertOutcome[] = [];
  const observe = {
    sampled() {},
    silenced() {},
    alerted: (outcome: AlertOutcome) => void counted.push(outcome),
    decided() {},
    acted() {},
    withheld() {},
    guards() {},
  };
  const cluster = {
    keyOf: ({ namespace, name }: WorkloadRef) => `${namespace}/${name}`,
    get: (key: string) => (key === "shop/cart" ? workloadOf({ ref: { ...web, name: "cart" } }) : undefined),
  };
  const flow = flowOver({ cluster, journal: { save }, observe });
  const policy = policyOf("signals: { alerts: { alert: { names: [HighErrorRate] } }, pods: { pods: {} } }");
  flow.book.open.set("web-guard", openRun(recordOf([], { policy }), pace));
  return { flow, counted };
}

function saving() {
  const saved: GuardRecord[] = [];
  return { saved, save: async (record: GuardRecord) => (saved.push(record), "saved" as const) };
}

test("an alert is in the written record before it is taken, and a repeat writes nothing", async () => {
  const { saved, save } = saving();
  const { flow, counted } = guardedBy(save);
  const first = await takeAlerts([alert()], flow);
  expect(saved.at(-1)?.alerts?.["alerts"]).toHaveLength(1);
  const again = await takeAlerts([alert(), alert()], flow);

  expect([first, again].map((one) => one.taken && one.receipts.map(({ outcome }) => outcome))).toEqual([["recorded"], ["known", "known"]]);
  expect(saved).toHaveLength(1);
  expect(counted).toEqual(["recorded", "known", "known"]);
});

test.each<[string, Alert, string]>([
  [
    "of a workload without a guard",
    alert({ deployment: "cart" }),
    "deployment shop/cart has no open guard, and no remediation answers HighErrorRate with these labels",
  ],
  [
    "that is over before a guard heard of it",
    alert({ deployment: "cart", endsAt: START }),
    "deployment shop/cart has no open guard, and it is over",
  ],
  ["of a workload that is not there", alert({ deployment: "gone" }), "no deployment shop/gone is watched"],
  [
    "of a kind that is not watched",
    { ...alert(), labels: { namespace: "shop", statefulset: "cart" } },
    "no statefulset shop/cart is watched",
  ],
  [
    "that nobody asks for",
    alert({ name: "Slow" }),
    "guard web-guard is of deployment shop/web, but policy web has no alert signal for Slow with these labels, and no remediation answers it",
  ],
  [
    "without labels of a workload",
    { ...alert(), labels: { alertname: "X" } },
    "its labels name no workload: namespace beside deployment, statefulset, daemonset, workload or pod",
  ],
  ["that Rearguard posted itself", alert({ name: "RearguardGuard" }), "it is of Rearguard itself, which never judges by its own words"],
])("an alert %s is taken, and said to have reached nobody", async (_what, one, detail) => {
  const { saved, save } = saving();
  const taken = await takeAlerts([one], guardedBy(save).flow);
  expect(taken.taken && taken.receipts[0]?.detail.replace(/policy \S+/, "policy web")).toBe(detail);
  expect(saved).toEqual([]);
});

test("an alert that could not be written is not taken; posted again it is written, though nothing is new", async () => {
  const saved: GuardRecord[] = [];
  let fails = true;
  const { flow, counted } = guardedBy(async (record) => {
    if (fails) throw new Error("connection refused");
    saved.push(record);
    return "saved";
  });
  expect(await takeAlerts([alert()], flow)).toEqual({ taken: false, because: "the alerts could not be written down" });
  expect(counted).toEqual([]);
  fails = false;
  expect((await takeAlerts([alert()], flow)).taken).toBe(true);
  expect(saved.at(-1)?.alerts?.["alerts"]).toHaveLength(1);
});

test("a guard that somebody else wrote takes no alert until it was read again", async () => {
  const { flow } = guardedBy(async () => "conflict");
  expect((await takeAlerts([alert()], flow)).taken).toBe(false);
  expect([...flow.lost]).toEqual(["web-guard"]);
});

test("a hundred posts at once are two writes, and each waits for its own", async () => {
  const saved: GuardRecord[] = [];
  const { flow } = guardedBy(async (record) => {
    await setImmediate();
    saved.push(record);
    return "saved";
  });
  const posts = Array.from({ length: 100 }, (_, at) => takeAlerts([alert({ fingerprint: `f${at % 30}` })], flow));
  expect((await Promise.all(posts)).every(({ taken }) => taken)).toBe(true);
  expect(saved.length).toBeLessThanOrEqual(2);
  expect(saved.at(-1)?.alerts?.["alerts"]).toHaveLength(30);
});

test("a post waits for two writes at most, however many posts come before and after it", async () => {
  let writes = 0;
  const { flow } = guardedBy(async () => {
    // Long enough for many posts to come while it is under way.
    for (let turns = 0; turns < 20; turns += 1) await setImmediate();
    writes += 1;
    return "saved";
  });
  const waited: number[] = [];
  const posts: Promise<void>[] = [];
  for (let at = 0; at < 200; at += 1) {
    const before = writes;
    posts.push(
      takeAlerts([alert({ fingerprint: "a", endsAt: START + 3 * MINUTE + at })], flow).then(({ taken }) => {
        expect(taken).toBe(true);
        waited.push(writes - before);
      }),
    );
    await setImmediate();
  }
  await Promise.all(posts);
  expect(Math.max(...waited)).toBeLessThanOrEqual(2);
  expect(flow.book.open.get("web-guard")?.record.alerts?.["alerts"]?.[0]?.endsAt).toBe(START + 3 * MINUTE + 199);
});

test("only a guard whose record has something new is to decide", async () => {
  const { flow } = guardedBy(saving().save);
  const first = await takeAlerts([alert()], flow);
  const again = await takeAlerts([alert()], flow);
  expect([first, again].map((one) => one.taken && one.guards)).toEqual([["web-guard"], []]);
});

test("an alert that comes while an entry is written is neither lost nor taken before it is written", async () => {
  const saved: GuardRecord[] = [];
  const { flow } = guardedBy(async (record) => {
    await setImmediate();
    saved.push(record);
    return "saved";
  });
  const writing = writeEntry("web-guard", intended("brake"), flow);
  await Promise.resolve();
  const taken = await takeAlerts([alert()], flow);
  await writing;
  expect(taken.taken).toBe(true);
  expect(saved.at(-1)?.alerts?.["alerts"]).toHaveLength(1);
  expect(saved.at(-1)?.entries.map(({ kind }) => kind)).toEqual(["opened", "intended"]);
  expect(flow.book.open.get("web-guard")?.record.alerts?.["alerts"]).toHaveLength(1);
});

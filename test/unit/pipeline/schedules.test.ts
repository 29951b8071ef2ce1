import fc from "fast-check";
import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { dueBetween } from "../../../src/clock.ts";
import type { Ledger, LedgerState } from "../../../src/journal/ledger.ts";
import type { WorkloadRef } from "../../../src/model.ts";
import { createSchedules, type ScheduleEdges, type Schedules } from "../../../src/pipeline/schedules.ts";
import type { Schedule } from "../../../src/schedule.ts";

const minute = 60_000;
const start = Date.parse("2026-11-29T12:00:30Z");
const hourly: Schedule = { policy: "nightly", cron: "0 * * * *", timeZone: "UTC" };
const web: WorkloadRef = { namespace: "shop", kind: "Deployment", name: "web", uid: "w" };
const cart: WorkloadRef = { ...web, name: "cart", uid: "c" };

/** One ConfigMap that outlives every process; may fail before or after it has written. */
function sharedLedger() {
  let state: LedgerState = { schedules: {} };
  const faults: ("before" | "after" | undefined)[] = [];
  const ledger: Ledger = {
    async read() {
      await setImmediate();
      if (faults.shift() !== undefined) throw new Error("connection refused");
      return state;
    },
    async change(fn) {
      await setImmediate();
      const fault = faults.shift();
      if (fault === "before") throw new Error("connection refused");
      state = fn(state);
      if (fault === "after") throw new Error("connection reset");
      return state;
    },
  };
  return { ledger, faults, state: () => state };
}

/** A world of schedules, processes that come and go, and guards that are opened once for each trigger. */
function world(schedules: readonly Schedule[] = [hourly], workloads = [web]) {
  const shared = sharedLedger();
  const at = { now: start };
  const guards = new Set<string>();
  const opened: string[] = [];
  const open = new Set<string>();
  const remediated: WorkloadRef[] = [];
  const counted: [string, number][] = [];
  const lines: [string, Readonly<Record<string, unknown>>][] = [];
  const faults: boolean[] = [];
  const log = (fields: object, message: string) => void lines.push([message, fields as Readonly<Record<string, unknown>>]);
  const edges: ScheduleEdges = {
    now: () => at.now,
    leading: () => leads,
    ledger: shared.ledger,
    dueBetween,
    schedules: () => schedules,
    workloads: () => workloads,
    underWay: (policy, { name }, due) =>
      [...open].some((guard) => guard.startsWith(`${policy}/${name}/`) && guard !== `${policy}/${name}/${due}`),
    async remediate(trigger, policy, workload) {
      await setImmediate();
      const { name } = workload;
      if (faults.shift() === true) throw new Error("the guard could not be written");
      remediated.push(workload);
      const guard = `${policy}/${name}/${trigger.kind === "schedule" ? trigger.due : 0}`;
      if (!guards.has(guard)) opened.push(guard);
      guards.add(guard);
    },
    scheduled: (_policy, outcome, count) => void counted.push([outcome, count]),
    log: { info: log, warn: log, error: log },
  };
  let leads = true;
  let process: Schedules | undefined = createSchedules(edges);
  async function beat() {
    process?.beat(at.now);
    await process?.idle();
  }
  return {
    ...shared,
    at,
    opened: () => opened.map((guard) => guard.replace(/\d{13}$/, (due) => new Date(Number(due)).toISOString().slice(11, 16))),
    open,
    remediated,
    counted,
    lines,
    remedyFaults: faults,
    /** Beats each so many seconds, for so long. */
    async run(minutes: number, everyS = 30) {
      const until = at.now + minutes * minute;
      while (at.now < until) {
        at.now = Math.min(until, at.now + everyS * 1000);
        await beat();
      }
    },
    beat,
    lead: (now: boolean) => (leads = now),
    kill: () => (process = undefined),
    begin: () => (process = createSchedules(edges)),
  };
}

describe("a schedule", () => {
  test("runs each time that it is due, for each workload that matches, and says so in the ledger first", async () => {
    const it = world([hourly], [web, cart]);
    await it.run(125);
    expect(it.opened()).toEqual(["nightly/web/13:00", "nightly/cart/13:00", "nightly/web/14:00", "nightly/cart/14:00"]);
    expect(it.counted).toEqual([
      ["begun", 1],
      ["begun", 1],
    ]);
    expect(it.state().schedules["nightly 0 * * * * UTC"]).toMatchObject({ due: Date.parse("2026-11-29T14:00:00Z"), outcome: "begun" });
  });

  test("that nobody knew before runs from now on, and has missed nothing", async () => {
    const it = world();
    await it.run(10);
    expect([it.opened(), it.counted]).toEqual([[], []]);
  });

  test("whose time was changed has missed nothing by its new one", async () => {
    const schedules = [hourly];
    const it = world(schedules);
    await it.run(10);
    schedules[0] = { ...hourly, cron: "* * * * *" };
    await it.run(2);
    expect(it.counted.filter(([outcome]) => outcome !== "begun")).toEqual([]);
    expect(it.opened()).toEqual(["nightly/web/12:12"]);
  });

  test("is begun once, whatever restarts", async () => {
    const it = world();
    await it.run(60);
    for (let restarts = 0; restarts < 4; restarts += 1) {
      it.kill();
      it.begin();
      await it.run(1);
    }
    expect(it.opened()).toEqual(["nightly/web/13:00"]);
    expect(it.counted).toEqual([["begun", 1]]);
  });

  test("goes on after a restart with the workloads that were left", async () => {
    const it = world([hourly], [web, cart]);
    await it.run(58);
    it.remedyFaults.push(false, true);
    await it.run(1.5);
    expect(it.opened()).toEqual(["nightly/web/13:00"]);
    it.kill();
    it.begin();
    await it.run(2);
    expect(it.opened()).toEqual(["nightly/web/13:00", "nightly/cart/13:00"]);
    expect(it.counted).toEqual([["begun", 1]]);
  });

  test("that was due while nobody ran is told as missed, once, and is not made up for", async () => {
    const it = world();
    await it.run(5);
    it.kill();
    it.at.now += 200 * minute;
    it.begin();
    await it.run(5);
    expect(it.opened()).toEqual([]);
    expect(it.counted).toEqual([["down", 3]]);
    expect(it.lines.filter(([message]) => message === "runs of a schedule were missed")).toEqual([
      [
        "runs of a schedule were missed",
        { policy: "nightly", why: "down", count: 3, first: "2026-11-29T13:00:00.000Z", last: "2026-11-29T15:00:00.000Z" },
      ],
    ]);
  });

  test("that was due while nobody led is told as such", async () => {
    const it = world();
    await it.run(5);
    it.lead(false);
    await it.run(120);
    it.lead(true);
    await it.run(5);
    expect(it.counted).toEqual([["not-leading", 2]]);
  });

  test("that was due during a restart of a minute runs", async () => {
    const it = world();
    await it.run(59);
    it.kill();
    it.at.now += minute;
    it.begin();
    await it.run(1);
    expect(it.opened()).toEqual(["nightly/web/13:00"]);
  });

  test("begins nothing that could not be written down, and tells that it was late", async () => {
    const it = world();
    await it.run(58);
    it.faults.push(...Array<"before">(20).fill("before"));
    await it.run(12);
    expect(it.opened()).toEqual([]);
    expect(it.counted).toEqual([["late", 1]]);
    expect(it.lines.filter(([message]) => message.startsWith("the ledger cannot be used"))).toHaveLength(1);
  });

  test("whose write was answered by nobody was begun or not, and runs once either way", async () => {
    const it = world();
    await it.run(58);
    it.faults.push("after");
    await it.run(4);
    expect(it.opened()).toEqual(["nightly/web/13:00"]);
    expect(it.counted).toEqual([["begun", 1]]);
  });

  test("does not run for a workload whose run before is still under way, and runs for the others", async () => {
    const it = world([hourly], [web, cart]);
    it.open.add(`nightly/web/${Date.parse("2026-11-29T12:00:00Z")}`);
    await it.run(65);
    expect(it.opened()).toEqual(["nightly/cart/13:00"]);
    expect(it.counted).toEqual([
      ["begun", 1],
      ["overlap", 1],
    ]);
    expect(it.lines).toContainEqual([
      "runs of a schedule were missed",
      expect.objectContaining({ why: "overlap", workloads: ["deployment shop/web"] }),
    ]);
  });

  test("tells for which workloads it could not begin in time", async () => {
    const it = world([hourly], [web, cart]);
    await it.run(59);
    it.remedyFaults.push(false, ...Array<boolean>(20).fill(true));
    await it.run(8);
    expect(it.opened()).toEqual(["nightly/web/13:00"]);
    expect(it.counted).toEqual([
      ["begun", 1],
      ["late", 1],
    ]);
    expect(it.lines).toContainEqual([
      "runs of a schedule were missed",
      expect.objectContaining({ why: "late", workloads: ["deployment shop/cart"] }),
    ]);
  });

  test("is begun by one of two that both believe to lead", async () => {
    const it = world();
    await it.run(58);
    const others: string[] = [];
    const other = createSchedules({
      now: () => it.at.now,
      leading: () => true,
      ledger: it.ledger,
      dueBetween,
      schedules: () => [hourly],
      workloads: () => [web],
      underWay: () => false,
      remediate: async () => void others.push("begun"),
      scheduled: (_policy, outcome) => void others.push(outcome),
      log: { info() {}, warn() {}, error() {} },
    });
    for (let beats = 0; beats < 6; beats += 1) {
      other.beat(it.at.now);
      await Promise.all([other.idle(), it.run(0.5)]);
    }
    expect([it.opened(), it.counted, others]).toEqual([["nightly/web/13:00"], [["begun", 1]], []]);
  });

  test("tells of missed runs also when the answer to its write was lost", async () => {
    const it = world();
    await it.run(5);
    it.kill();
    it.at.now += 200 * minute;
    it.begin();
    await it.beat();
    it.faults.push("after");
    await it.run(5);
    expect(it.counted).toEqual([["down", 3]]);
  });

  test("runs neither twice nor early when the clock is set back", async () => {
    const it = world();
    await it.run(65);
    it.at.now -= 30 * minute;
    await it.run(40);
    expect(it.opened()).toEqual(["nightly/web/13:00"]);
  });

  test("that a clock far ahead has written goes on from the time that it is, and says so once", async () => {
    const it = world();
    await it.run(2);
    it.at.now += 365 * 24 * 60 * minute;
    await it.run(60);
    expect(it.opened(), "by the clock of then").toEqual(["nightly/web/12:00", "nightly/web/13:00"]);
    it.at.now -= 365 * 24 * 60 * minute;
    await it.run(120);
    expect(it.opened().slice(2)).toEqual(["nightly/web/14:00", "nightly/web/15:00"]);
    expect(it.lines.filter(([message]) => message.includes("ahead"))).toHaveLength(1);
  });

  test("runs for each of two workloads of one name and different kinds", async () => {
    const other: WorkloadRef = { ...web, kind: "StatefulSet", uid: "s" };
    const it = world([hourly], [web, other]);
    await it.run(65);
    expect(it.remediated.map(({ kind }) => kind)).toEqual(["Deployment", "StatefulSet"]);
  });
});

/** What happens next in a world that goes wrong. */
const event = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 50 }).map((minutes) => ({ kind: "run" as const, minutes })) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 200 }).map((minutes) => ({ kind: "down" as const, minutes })) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 90 }).map((minutes) => ({ kind: "follow" as const, minutes })) },
  {
    weight: 2,
    arbitrary: fc
      .array(fc.constantFrom("before" as const, "after" as const), { maxLength: 15 })
      .map((faults) => ({ kind: "fault" as const, faults })),
  },
);

test("whatever restarts, leads and fails: each time it is due it is begun at most once, or told as missed once, and nothing is forgotten", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 12 }), async (events) => {
      const it = world();
      await it.run(1);
      const from = it.at.now;
      for (const one of events) {
        if (one.kind === "run") await it.run(one.minutes);
        if (one.kind === "fault") it.faults.push(...one.faults);
        if (one.kind === "down") {
          it.kill();
          it.at.now += one.minutes * minute;
          it.begin();
        }
        if (one.kind === "follow") {
          it.lead(false);
          await it.run(one.minutes);
          it.lead(true);
        }
      }
      it.faults.length = 0;
      await it.run(7);
      const due = dueBetween(hourly.cron, hourly.timeZone, from, it.at.now).length;
      expect(new Set(it.opened()).size).toBe(it.opened().length);
      const accounted = it.counted.reduce((sum, [, count]) => sum + count, 0);
      // A process that ends, or no longer leads, between its write and what follows from it tells nothing of it.
      const ends = events.some(({ kind }) => kind === "fault")
        ? events.filter(({ kind }) => kind === "down" || kind === "follow").length
        : 0;
      expect(accounted).toBeLessThanOrEqual(due);
      expect(accounted).toBeGreaterThanOrEqual(due - ends);
    }),
    { numRuns: 60 },
  );
});

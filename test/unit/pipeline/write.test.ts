import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import type { GuardRecord } from "../../../src/guards/guard.ts";
import { openRun, withBaseline } from "../../../src/guards/run.ts";
import type { Flow } from "../../../src/pipeline/flow.ts";
import { persist, writeEntry } from "../../../src/pipeline/write.ts";
import { intended, receipt, recordOf, START } from "../guards/a-guard.ts";
import { flowOver, pace } from "./a-flow.ts";

type Save = (record: GuardRecord) => Promise<"saved" | "conflict" | "gone">;

const baseline = { from: 0, to: START, total: 1000, bad: 1, dispersion: 1, upper: 0.01 };

/** A flow with one open guard over a journal that saves as told. */
function savingBy(save: Save): Flow {
  const flow = flowOver({ journal: { save } });
  flow.book.open.set("web-guard", openRun(recordOf(), pace));
  return flow;
}

/** A journal whose saves end when they are let go, in their order. */
function slowJournal() {
  const saved: GuardRecord[] = [];
  const waiting: (() => void)[] = [];
  const save: Save = (record) =>
    new Promise((resolve) => {
      waiting.push(() => {
        saved.push(record);
        resolve("saved");
      });
    });
  return {
    save,
    saved,
    underWay: () => waiting.length,
    async letGo() {
      waiting.shift()?.();
      await setImmediate();
    },
  };
}

test("two writes of one guard never run at once, and the later one holds what the earlier one wrote", async () => {
  const journal = slowJournal();
  const flow = savingBy(journal.save);
  const first = writeEntry("web-guard", intended("brake"), flow);
  flow.unsaved.add("web-guard");
  const second = persist("web-guard", flow);
  await setImmediate();

  expect(journal.underWay()).toBe(1);
  flow.unsaved.add("web-guard");
  await journal.letGo();
  await journal.letGo();

  expect(await Promise.all([first, second])).toEqual([true, true]);
  expect(journal.saved.map((record) => record.entries.map((entry) => entry.kind))).toEqual([
    ["opened", "intended"],
    ["opened", "intended"],
  ]);
});

test("a baseline that comes while an entry is written is still owed afterwards", async () => {
  const journal = slowJournal();
  const flow = savingBy(journal.save);
  const writing = writeEntry("web-guard", intended("brake"), flow);
  await setImmediate();
  const run = flow.book.open.get("web-guard");
  if (run !== undefined) flow.book.open.set("web-guard", withBaseline(run, "errors", baseline));
  flow.unsaved.add("web-guard");
  await journal.letGo();
  await writing;

  expect(flow.book.open.get("web-guard")?.record.baselines).toEqual({ errors: baseline });
  expect([...flow.unsaved]).toEqual(["web-guard"]);
});

test("a guard that was given up with the leadership does not come back when its write ends", async () => {
  const journal = slowJournal();
  const flow = savingBy(journal.save);
  const writing = writeEntry("web-guard", intended("rollback"), flow);
  await setImmediate();
  flow.book.open.clear();
  await journal.letGo();

  expect([await writing, flow.book.open.size]).toEqual([false, 0]);
});

test("only a receipt is kept when it could not be written", async () => {
  const flow = savingBy(() => Promise.reject(new Error("connection refused")));
  await writeEntry("web-guard", intended("brake"), flow);
  const withoutIntent = flow.book.open.get("web-guard")?.record.entries.length;
  await writeEntry("web-guard", receipt("brake"), flow);

  expect([withoutIntent, flow.book.open.get("web-guard")?.record.entries.length]).toEqual([1, 2]);
  expect([...flow.unsaved]).toEqual(["web-guard"]);
});

test("a guard that somebody else wrote is given up and read again", async () => {
  const flow = savingBy(() => Promise.resolve("conflict"));

  expect(await writeEntry("web-guard", intended("rollback"), flow)).toBe(false);
  expect([flow.book.open.size, [...flow.lost]]).toEqual([0, ["web-guard"]]);
});

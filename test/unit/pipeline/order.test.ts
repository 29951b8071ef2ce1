import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Command } from "../../../src/entry.ts";
import type { AnyRecord } from "../../../src/guards/remediation/record.ts";
import { openRun } from "../../../src/guards/run.ts";
import { takeOrder } from "../../../src/pipeline/order.ts";
import { openRemedyRun } from "../../../src/pipeline/remediation/run.ts";
import { stepRemediation } from "../../../src/pipeline/remediation/step.ts";
import { stepGuard } from "../../../src/pipeline/step.ts";
import { recordOf } from "../guards/a-guard.ts";
import { recordOf as remedyRecord, remediationOf } from "../guards/remediation/a-remedy.ts";
import { flowOver, pace } from "./a-flow.ts";

const abort: Command = { id: "1", kind: "abort", by: "alice", reason: "the cause is known" };

/** One open guard, and a function that gives it an order. */
function guarded(save: (record: AnyRecord) => Promise<"saved" | "conflict"> = () => Promise.resolve("saved")) {
  const saved: AnyRecord[] = [];
  const flow = flowOver({
    journal: {
      save(record) {
        saved.push(record);
        return save(record);
      },
    },
  });
  flow.book.open.set("web-guard", openRun(recordOf(), pace));
  const underWay = new Map<string, Promise<unknown>>();
  return { flow, saved, take: (command: Command, guard = "web-guard") => takeOrder(guard, command, flow, underWay) };
}

test("an order is taken when it is in the record, and the same order once more is known", async () => {
  const { saved, take, flow } = guarded();

  expect(await take(abort)).toEqual({ taken: true, command: abort, again: false });
  expect(await take(abort)).toEqual({ taken: true, command: abort, again: true });
  expect(saved).toHaveLength(1);
  expect(flow.book.open.get("web-guard")?.standing.commands).toEqual([abort]);
});

test("ten posts of one order at once are one order", async () => {
  const { saved, take } = guarded();

  const answers = await Promise.all(Array.from({ length: 10 }, () => take(abort)));

  expect(answers.filter((answer) => answer.taken && !answer.again)).toHaveLength(1);
  expect(answers.every(({ taken }) => taken)).toBe(true);
  expect(saved).toHaveLength(1);
});

test("orders without end do not fill the record: after a hundred only the end can be ordered, once", async () => {
  const { take, saved } = guarded();
  for (let id = 0; id < 100; id += 1) expect(await take({ ...abort, id: `undo-${id}`, kind: "undo" })).toMatchObject({ taken: true });

  expect(await take({ ...abort, id: "undo-100", kind: "undo" })).toMatchObject({ taken: false, why: "pointless" });
  expect(await take(abort)).toMatchObject({ taken: true });
  expect(await take({ ...abort, id: "abort-2" })).toMatchObject({ taken: false, why: "pointless" });
  expect(saved).toHaveLength(101);
});

test("another order under the id of an earlier one is refused", async () => {
  const { take } = guarded();
  await take(abort);

  expect(await take({ ...abort, kind: "undo" })).toMatchObject({ taken: false, why: "other-order" });
  expect(await take({ ...abort, by: "bob" })).toMatchObject({ taken: false, why: "other-order" });
});

test("an order that could not be written was not taken, and may come again", async () => {
  let works = false;
  const { take, flow } = guarded(() => (works ? Promise.resolve("saved") : Promise.reject(new Error("connection refused"))));

  expect(await take(abort)).toEqual({ taken: false, why: "later", because: "it could not be written down" });
  expect(flow.book.open.get("web-guard")?.standing.commands).toEqual([]);
  works = true;
  expect(await take(abort)).toMatchObject({ taken: true, again: false });
});

test("one of ten at once whose write fails leaves the next to try", async () => {
  let tries = 0;
  const { take } = guarded(() => ((tries += 1) === 1 ? Promise.reject(new Error("connection refused")) : Promise.resolve("saved")));

  const answers = await Promise.all(Array.from({ length: 10 }, () => take(abort)));

  expect(answers.map(({ taken }) => taken).filter((taken) => !taken)).toHaveLength(1);
  expect(tries).toBe(2);
});

test("a guard that is not there, and one that has ended, are told apart", async () => {
  const { take, flow } = guarded();
  flow.book.ended.set("over", { ...recordOf([{ kind: "finished", phase: "passed", because: [], badServed: 0 }]), name: "over" });

  expect(await take(abort, "nobody")).toEqual({ taken: false, why: "unknown", because: "there is no guard nobody" });
  expect(await take(abort, "over")).toEqual({ taken: false, why: "pointless", because: "guard over: it has ended" });
});

describe("an order and the end of its guard at the same moment", () => {
  const undo: Command = { id: "2", kind: "undo", by: "alice", reason: "customers call" };

  /** A guard whose workload is gone, and writes that wait until they are let go. */
  function ending() {
    const waiting: (() => void)[] = [];
    const written: string[] = [];
    const flow = flowOver({
      leading: () => true,
      cluster: { get: () => undefined, keyOf: ({ name }) => name, pods: () => undefined, unfollow: () => Promise.resolve() },
      journal: {
        save({ entries }) {
          written.push(entries.at(-1)?.kind ?? "");
          return new Promise((resolve) => waiting.push(() => resolve("saved")));
        },
        prune: () => Promise.resolve(0),
      },
      tell: () => Promise.resolve(),
    });
    flow.book.open.set("web-guard", openRun(recordOf(), pace));
    const letGo = async () => {
      await setImmediate();
      waiting.shift()?.();
      await setImmediate();
    };
    return { flow, letGo, written, take: () => takeOrder("web-guard", undo, flow, new Map()), step: () => stepGuard("web-guard", flow) };
  }

  test("what was taken first is not ended over: the next step obeys it", async () => {
    const { flow, letGo, take, step } = ending();
    const taken = take();
    await setImmediate();
    const stepped = step();
    await letGo();
    expect(await taken).toMatchObject({ taken: true });
    await letGo();
    await stepped;

    expect(flow.book.open.get("web-guard")?.record.entries.map(({ kind }) => kind)).toEqual(["opened", "commanded"]);
  });

  test("what comes behind the end is not taken", async () => {
    const { letGo, take, step } = ending();
    const stepped = step();
    await setImmediate();
    const taken = take();
    await letGo();
    await letGo();
    await letGo();
    await stepped;

    expect(await taken).toEqual({ taken: false, why: "pointless", because: "guard web-guard: it has ended" });
  });

  test("what comes behind the end of a remediation is not taken either", async () => {
    const { flow, letGo, written } = ending();
    const name = "web-remedy-1";
    flow.book.remediations.set(name, openRemedyRun(remedyRecord(remediationOf("do: [notify]")), pace.blockMs));
    const stepped = stepRemediation(name, flow);
    await setImmediate();
    const taken = takeOrder(name, abort, flow, new Map());
    await letGo();
    await letGo();
    await letGo();
    await stepped;

    expect(await taken).toEqual({ taken: false, why: "pointless", because: `guard ${name}: it has ended` });
    expect(written).not.toContain("commanded");
  });
});

import { expect, test } from "vitest";
import { createPauseKeeper } from "../../../src/daemon/pause-keeper.ts";
import type { LedgerState } from "../../../src/journal/ledger.ts";

const pause = { by: "bob", reason: "storage", at: 5 };

/** A ledger in memory, whose reads wait until they are let go where a test wants it. */
function keeping() {
  let state: LedgerState = { schedules: {} };
  let fault: Error | undefined;
  let now = 1_000;
  let held: (() => void)[] | undefined;
  const lines: string[] = [];
  const log = (_fields: object, line: string) => void lines.push(line);
  const ledger = {
    reads: 0,
    async read() {
      ledger.reads += 1;
      const read = state;
      if (held !== undefined) await new Promise<void>((resolve) => held?.push(resolve));
      if (fault !== undefined) throw fault;
      return read;
    },
    async change(fn: (before: LedgerState) => LedgerState) {
      if (fault !== undefined) throw fault;
      return (state = fn(state));
    },
  };
  const keeper = createPauseKeeper({ ledger, clock: { now: () => now }, log: { info: log, warn: log, error: log }, looked: () => {} });
  return {
    keeper,
    ledger,
    lines,
    write: (next: LedgerState) => (state = next),
    fail: (error: Error | undefined) => (fault = error),
    pass: (ms: number) => (now += ms),
    hold: () => (held = []),
    letGo: () => {
      const waiting = held ?? [];
      held = undefined;
      for (const go of waiting) go();
    },
  };
}

test("before the first look nobody knows, and that is said", async () => {
  const { keeper, fail } = keeping();
  expect(keeper.state()).toEqual({ unknown: "it has not been read yet" });
  fail(new Error("connection refused"));
  await keeper.read();
  expect([keeper.state(), keeper.readAt()]).toEqual([{ unknown: "connection refused" }, undefined]);
});

test("what was read last holds while the ledger cannot be read, and that is told once, as is its end", async () => {
  const { keeper, write, fail, lines } = keeping();
  write({ schedules: {}, pause });
  await keeper.read();
  fail(new Error("connection refused"));
  for (const _ of [1, 2, 3]) await keeper.read();
  expect(keeper.state()).toEqual({ pause });
  fail(undefined);
  write({ schedules: {} });
  await keeper.read();
  expect(keeper.state()).toEqual({});
  expect(lines).toEqual([
    "all action is paused",
    "ledger cannot be read; what was read last holds",
    "ledger is read again",
    "action goes on",
  ]);
});

test("it is looked at every three seconds, however often it is asked", async () => {
  const { keeper, ledger, pass } = keeping();
  for (let second = 0; second < 12; second += 1) {
    keeper.follow();
    keeper.follow();
    await new Promise((resolve) => setImmediate(resolve));
    pass(1_000);
  }
  expect(ledger.reads).toBe(4);
});

test("a look that began before a pause was written does not undo it in memory", async () => {
  const { keeper, hold, letGo } = keeping();
  hold();
  const looking = keeper.read();
  await keeper.pause("alice", "storage");
  letGo();
  await looking;
  expect(keeper.state().pause).toMatchObject({ by: "alice", reason: "storage" });
});

test("who asks while a look is under way waits for one that began after", async () => {
  const { keeper, hold, letGo, write, ledger } = keeping();
  hold();
  const first = keeper.read();
  write({ schedules: {}, pause });
  const [second, third] = [keeper.read(), keeper.read()];
  letGo();
  await Promise.all([first, second, third]);
  expect([keeper.state(), ledger.reads]).toEqual([{ pause }, 2]);
});

test("a pause that is there stays with its who and why, and what else the ledger holds stays too", async () => {
  const { keeper, write } = keeping();
  const schedules = { nightly: { due: 1, ranAt: 1, outcome: "done" } };
  write({ schedules, pause });
  expect(await keeper.pause("alice", "another")).toEqual(pause);
  await keeper.resume("alice");
  expect(keeper.state()).toEqual({});
});

test("a pause that could not be written is not obeyed, and rejects", async () => {
  const { keeper, fail } = keeping();
  await keeper.read();
  fail(new Error("connection refused"));
  await expect(keeper.pause("alice", "storage")).rejects.toThrow("connection refused");
  expect(keeper.state()).toEqual({});
});

test("it is looked at again when the clock was set back: a pause that ended meanwhile holds nothing up for an hour", async () => {
  const { keeper, write, pass } = keeping();
  write({ schedules: {}, pause });
  await keeper.read();
  write({ schedules: {} });
  pass(-3_600_000);
  keeper.follow();
  await new Promise((resolve) => setImmediate(resolve));
  expect(keeper.state()).toEqual({});
});

import { expect, test } from "vitest";
import { createOutbox } from "../../../src/actions/tell/outbox.ts";
import { TargetError } from "../../../src/actions/tell/target.ts";
import type { Target } from "../../../src/actions/tell/target.ts";
import type { Message } from "../../../src/entry.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { message } from "./sample-message.ts";

/** A receiver that answers as told and remembers what it was sent. */
function receiver(name: string, answer: (message: Message) => void | Promise<void> = () => {}) {
  const tries: string[] = [];
  const got: string[] = [];
  const target: Target = {
    name,
    async send(each) {
      tries.push(each.id);
      await answer(each);
      got.push(each.id);
    },
  };
  return { target, tries, got };
}

function setUp(targets: readonly Target[], limit?: number) {
  const clock = createManualClock();
  const dropped: string[] = [];
  const outbox = createOutbox({
    targets,
    clock,
    random: () => 1,
    dropped: (target, { id }, why) => dropped.push(`${target} ${id} ${why}`),
    failed: () => {},
    ...(limit === undefined ? {} : { limit }),
  });
  return { clock, outbox, dropped };
}

function down(): never {
  throw new TargetError("TARGET_UNREACHABLE", "down");
}

test("messages arrive in order although the first needs several tries", async () => {
  let faults = 2;
  const { target, got, tries } = receiver("a", () => (faults-- > 0 ? down() : undefined));
  const { clock, outbox } = setUp([target]);

  const told = Promise.all([outbox.tell(message({ id: "1" })), outbox.tell(message({ id: "2" }))]);
  await clock.advanceUntil("both", () => got.length === 2, 500);
  await told;

  expect(got).toEqual(["1", "2"]);
  expect(tries).toEqual(["1", "1", "1", "2"]);
});

test("a target that is down delays nobody else", async () => {
  const dead = receiver("dead", down);
  const well = receiver("well");
  const { clock, outbox } = setUp([dead.target, well.target]);

  void outbox.tell(message({ id: "1" }));
  void outbox.tell(message({ id: "2" }));
  await clock.advanceUntil("the one that is well", () => well.got.length === 2);

  expect(dead.got).toEqual([]);
  expect(outbox.depths()).toEqual({ dead: 2, well: 0 });
});

test("a message counts as told only when every target has it", async () => {
  let open = false;
  const slow = receiver("slow", () => (open ? undefined : down()));
  const { clock, outbox } = setUp([slow.target, receiver("well").target]);
  let told = false;

  void outbox.tell(message()).then(() => (told = true));
  await clock.advance(10_000);
  expect(told).toBe(false);
  open = true;
  await clock.advanceUntil("told", () => told, 1000);

  expect(slow.got).toEqual(["web-1a2b3c-4"]);
});

test("pauses grow with every failure, to a minute at most", async () => {
  const at: number[] = [];
  const { target } = receiver("a", () => {
    at.push(clock.now());
    down();
  });
  const { clock, outbox } = setUp([target]);

  void outbox.tell(message());
  await clock.advance(300_000);

  const pauses = at.slice(1).map((time, index) => time - (at[index] ?? 0));
  expect(pauses.slice(0, 8)).toEqual([2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
});

test("a receiver that says when to come back is not asked before", async () => {
  let first = true;
  const { target, tries, got } = receiver("a", () => {
    if (!first) return;
    first = false;
    throw new TargetError("TARGET_UNREACHABLE", "busy", { retryAfterMs: 120_000 });
  });
  const { clock, outbox } = setUp([target]);

  void outbox.tell(message());
  await clock.advance(119_000);
  expect(tries).toHaveLength(1);
  await clock.advance(2000);

  expect(got).toHaveLength(1);
});

test("a message the receiver refuses does not hold up the next", async () => {
  const { target, got } = receiver("a", ({ id }) => {
    if (id === "bad") throw new TargetError("TARGET_REFUSED", "answered 400", { tries: 1 });
  });
  const { clock, outbox, dropped } = setUp([target]);

  await Promise.all([outbox.tell(message({ id: "bad" })), outbox.tell(message({ id: "good" }))]);
  await clock.advance(0);

  expect(got).toEqual(["good"]);
  expect(dropped).toEqual(["a bad refused"]);
});

test("a receiver that is gone (410) is sent nothing more", async () => {
  const { target, tries } = receiver("a", () => {
    throw new TargetError("TARGET_REFUSED", "answered 410", { closed: true });
  });
  const { outbox, dropped } = setUp([target]);

  await outbox.tell(message({ id: "1" }));
  await outbox.tell(message({ id: "2" }));

  expect(tries).toEqual(["1"]);
  expect(dropped).toEqual(["a 1 closed", "a 2 closed"]);
});

test("a full queue drops the oldest information first and keeps what is critical", async () => {
  const { target } = receiver("a", down);
  const { outbox, dropped } = setUp([target], 3);

  for (const [id, severity] of [
    ["1", "critical"],
    ["2", "warning"],
    ["3", "info"],
    ["4", "critical"],
    ["5", "critical"],
    ["6", "critical"],
  ] as const) {
    void outbox.tell(message({ id, severity }));
  }

  expect(dropped).toEqual(["a 3 full", "a 2 full", "a 4 full"]);
  expect(outbox.depths()).toEqual({ a: 3 });
});

test("at stop what waits is tried once more at once", async () => {
  let open = false;
  const { target, got } = receiver("a", () => (open ? undefined : down()));
  const { clock, outbox, dropped } = setUp([target]);
  void outbox.tell(message());
  await clock.advance(0);
  open = true;

  await outbox.drain(5000);

  expect(got).toEqual(["web-1a2b3c-4"]);
  expect(dropped).toEqual([]);
});

test("at stop a target that stays down is given up at the deadline", async () => {
  const { target } = receiver("a", down);
  const { clock, outbox, dropped } = setUp([target]);
  void outbox.tell(message());
  await clock.advance(0);
  let drained = false;

  void outbox.drain(5000).then(() => (drained = true));
  await clock.advance(4000);
  expect(drained).toBe(false);
  await clock.advance(2000);

  expect(drained).toBe(true);
  expect(dropped).toEqual(["a web-1a2b3c-4 stopped"]);
});

test("after stop nothing more is taken", async () => {
  const { target, tries } = receiver("a");
  const { outbox, dropped } = setUp([target]);
  await outbox.drain(10);

  await outbox.tell(message());

  expect(tries).toEqual([]);
  expect(dropped).toEqual(["a web-1a2b3c-4 stopped"]);
});

test("what a receiver calls its thing for a guard is handed to it again, at a retry and with the next message", async () => {
  const seen: (string | undefined)[] = [];
  const kept: string[] = [];
  let faults = 1;
  const target: Target = {
    name: "slack",
    async send(each, memory) {
      seen.push(memory?.handle);
      memory?.keep(each.id);
      if (faults-- > 0) down();
    },
  };
  const clock = createManualClock();
  const handles = {
    get: () => undefined,
    keep: (guard: string, name: string, handle: string) => void kept.push(`${guard} ${name} ${handle}`),
  };
  const outbox = createOutbox({ targets: [target], clock, random: () => 1, handles, dropped: () => {}, failed: () => {} });

  for (const id of ["1", "2"]) void outbox.tell(message({ id }));
  void outbox.tell(message({ id: "3", guard: "other" }));
  await clock.advanceUntil("all three", () => seen.length === 4, 500);

  expect(seen).toEqual([undefined, "1", "1", undefined]);
  expect(kept).toEqual(["web-1a2b3c slack 1", "web-1a2b3c slack 1", "web-1a2b3c slack 2", "other slack 3"]);
});

test("what the Guard says of a handle stands above what this process remembers, and is forgotten with the guard's end", async () => {
  const seen: (string | undefined)[] = [];
  const stored = new Map<string, string>();
  const target: Target = {
    name: "slack",
    async send(each, memory) {
      seen.push(memory?.handle);
      memory?.keep("ours");
    },
  };
  const handles = { get: (guard: string) => stored.get(guard), keep: () => {} };
  const outbox = createOutbox({ targets: [target], clock: createManualClock(), handles, dropped: () => {}, failed: () => {} });

  await outbox.tell(message({ id: "1" }));
  stored.set("web-1a2b3c", "of the new leader");
  await outbox.tell(message({ id: "2" }));
  stored.clear();
  await outbox.tell(message({ id: "3", kind: "finished" }));
  await outbox.tell(message({ id: "4" }));

  expect(seen).toEqual([undefined, "of the new leader", "ours", undefined]);
});

test("what waits when leadership is lost is left to the next leader, and counts neither as told nor as dropped", async () => {
  let open = false;
  const { target, got } = receiver("a", () => (open ? undefined : down()));
  const { clock, outbox, dropped } = setUp([target]);
  const told = Promise.allSettled([outbox.tell(message({ id: "1" })), outbox.tell(message({ id: "2" }))]);
  await clock.advance(5000);

  outbox.withdraw();
  open = true;
  await outbox.tell(message({ id: "3" }));

  expect((await told).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect([got, dropped]).toEqual([["3"], []]);
});

test("how trouble goes on is told only to those who ask for it, and the newest takes the place of what still waits", async () => {
  let isDown = true;
  const page = receiver("page", () => (isDown ? down() : undefined));
  const others = receiver("others");
  const { clock, outbox } = setUp([{ ...page.target, ongoing: true }, others.target]);
  const ongoing = (id: string, guard: string) => message({ id, guard, kind: "ongoing", severity: "info" });

  void outbox.tell(message({ id: "1", guard: "a" }));
  const overtaken = outbox.tell(ongoing("a-at-1", "a"));
  void outbox.tell(ongoing("b-at-1", "b"));
  void outbox.tell(ongoing("a-at-2", "a"));
  await overtaken;
  expect(outbox.depths()).toEqual({ page: 3, others: 0 });
  void outbox.tell(message({ id: "2", guard: "b", kind: "finished" }));
  isDown = false;
  await clock.advanceUntil("all", () => page.got.length === 3, 1000);

  expect(page.got).toEqual(["1", "a-at-2", "2"]);
  expect(others.got).toEqual(["1", "2"]);
});

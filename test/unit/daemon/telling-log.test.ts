import { expect, test } from "vitest";
import { createOutbox } from "../../../src/actions/tell/outbox.ts";
import { TargetError } from "../../../src/actions/tell/target.ts";
import { createTellingLog } from "../../../src/daemon/telling-log.ts";
import type { Message } from "../../../src/entry.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { message } from "../actions/sample-message.ts";

function setUp(send: (message: Message) => Promise<"left-out" | void>) {
  const lines: string[] = [];
  const line = (fields: object, text: string) => void lines.push(`${text} ${Object.values(fields).join(" ")}`);
  const telling = createTellingLog({ info: line, warn: line, error: line });
  const clock = createManualClock();
  const outbox = createOutbox({
    targets: [{ name: "slack", send }],
    clock,
    random: () => 1,
    dropped: (...what) => telling.dropped(...what),
    failed: (...what) => telling.failed(...what),
    arrived: (target) => telling.arrived(target),
  });
  return { lines, telling, clock, outbox };
}

const revoked = new TargetError("TARGET_REFUSED", "token revoked", { tries: 1 });

test("a receiver that refuses everything is said once, and so is that it works again", async () => {
  let works = false;
  const { lines, outbox } = setUp(async () => {
    if (!works) throw revoked;
  });

  for (const id of ["1", "2", "3"]) await outbox.tell(message({ id }));
  works = true;
  for (const id of ["4", "5"]) await outbox.tell(message({ id }));
  works = false;
  await outbox.tell(message({ id: "6" }));

  expect(lines).toEqual([
    "message did not arrive slack 1 token revoked",
    "message was given up slack 1 refused",
    "receiver takes messages again slack 3",
    "message did not arrive slack 6 token revoked",
    "message was given up slack 6 refused",
  ]);
});

test("a message that is no news for a receiver does not make it one that works", async () => {
  const { lines, outbox } = setUp(async ({ id }) => {
    if (id !== "2") throw revoked;
    return "left-out";
  });

  for (const id of ["1", "2", "3"]) await outbox.tell(message({ id }));

  expect(lines).toEqual(["message did not arrive slack 1 token revoked", "message was given up slack 1 refused"]);
});

test("another trouble of the same receiver is said too, however often it is tried", async () => {
  const why = ["ECONNREFUSED", "ECONNREFUSED", "answered 503", "ECONNREFUSED"];
  const { lines, outbox, clock } = setUp(async () => {
    const next = why.shift();
    if (next !== undefined) throw new TargetError("TARGET_UNREACHABLE", next);
  });

  const told = outbox.tell(message({ id: "1" }));
  await clock.advanceUntil("it arrives", () => outbox.depths()["slack"] === 0, 500);
  await told;

  expect(lines).toEqual([
    "message did not arrive slack 1 ECONNREFUSED",
    "message did not arrive slack 1 answered 503",
    "receiver takes messages again slack 0",
  ]);
});

test("at a stop, what a receiver has not got is one line with its number", async () => {
  const { lines, telling, outbox, clock } = setUp(async () => {
    throw new TargetError("TARGET_UNREACHABLE", "down");
  });
  const told = Array.from({ length: 200 }, (_, at) => outbox.tell(message({ id: String(at) })));

  const draining = outbox.drain(1000);
  await clock.advance(1000);
  await Promise.all([draining, ...told]);
  telling.stopped();

  expect(lines).toEqual(["message did not arrive slack 0 down", "messages are left to the next start slack 200"]);
});

import { afterAll, beforeAll, expect, test } from "vitest";
import { createPagerDuty } from "../../src/actions/tell/pagerduty.ts";
import type { Message } from "../../src/entry.ts";
import { failureOf } from "../support/failure-of.ts";
import { jumpingClock } from "../support/jumping-clock.ts";
import { memories } from "../support/memories.ts";
import { startPagerDuty } from "../support/receivers/pagerduty.ts";
import { tempFile } from "../support/temp-file.ts";
import { message } from "../unit/actions/sample-message.ts";

const routingKey = "0123456789abcdefS3CRET0123456789";
const owned = new AsyncDisposableStack();
let routingKeyFile: string;
beforeAll(async () => {
  routingKeyFile = await tempFile(owned, `${routingKey}\n`);
});
afterAll(() => owned.disposeAsync());

const at = (seq: number, over: Partial<Message>) => message({ id: `web-1a2b3c-${seq}`, ...over });
const opened = at(0, { kind: "opened", severity: "info", title: "is rolling out" });
const braked = at(2, { kind: "braked", severity: "warning", title: "is braked" });
const rolledBack = at(4, { title: "rolled back" });
const withheld = at(5, { kind: "withheld", title: "rollback withheld" });
const failed = at(6, { kind: "failed", title: "rollback failed" });
const unresolved = at(8, { kind: "finished", phase: "unresolved", title: "NOT resolved" });
const ended = (phase: Message["phase"]) => at(9, { kind: "finished", severity: "info", phase, title: phase });

async function setUp(options: { readonly changes?: boolean; readonly keyFile?: string } = {}) {
  const pagerduty = await startPagerDuty({ routingKey });
  const memory = memories();
  const target = createPagerDuty({
    name: "pagerduty",
    url: pagerduty.url,
    routingKeyFile: options.keyFile ?? routingKeyFile,
    changes: options.changes ?? true,
    clock: jumpingClock(),
  });
  const tell = async (...story: readonly Message[]) => {
    for (const each of story) await target.send(each, memory.of(each.guard));
  };
  return { ...pagerduty, tell };
}

test("a rollout that passes pages nobody and leaves one change event", async () => {
  await using pagerduty = await setUp();

  await pagerduty.tell(opened, ended("passed"));

  expect([pagerduty.pages, pagerduty.changes]).toEqual([[], ["is rolling out"]]);
});

test("a rollback that helps pages nobody and is a change too", async () => {
  await using pagerduty = await setUp();

  await pagerduty.tell(opened, braked, rolledBack, ended("restored"));

  expect([pagerduty.pages, pagerduty.changes]).toEqual([[], ["is rolling out", "rolled back"]]);
});

test.each(["passed", "restored", "superseded", "aborted"] as const)(
  "what needs a person is one alert for the guard, resolved when it ends %s",
  async (phase) => {
    await using pagerduty = await setUp();

    await pagerduty.tell(opened, withheld, failed);
    expect(pagerduty.alerts).toEqual([{ key: "rearguard/prod-eu/web-1a2b3c", summary: "rollback withheld", status: "triggered" }]);
    await pagerduty.tell(ended(phase));

    expect(pagerduty.alerts).toEqual([{ key: "rearguard/prod-eu/web-1a2b3c", summary: "rollback withheld", status: "resolved" }]);
  },
);

test.each([
  ["a brake that lasts", at(3, { kind: "held", severity: "critical", title: "is on hold" })],
  ["a guard that ends unresolved", unresolved],
])("%s stays an open alert", async (_what, critical) => {
  await using pagerduty = await setUp();

  await pagerduty.tell(opened, critical, at(9, { kind: "finished", severity: "warning", phase: "inconclusive" }));

  expect(pagerduty.alerts.map(({ status }) => status)).toEqual(["triggered"]);
});

test("told again after a restart, an alert that is over pages nobody a second time", async () => {
  await using pagerduty = await setUp();
  await pagerduty.tell(opened, withheld, ended("superseded"));

  await pagerduty.tell(opened, withheld, ended("superseded"));

  expect([pagerduty.pages, pagerduty.changes]).toEqual([["rollback withheld"], ["is rolling out"]]);
});

test("without `changes` only alerts are sent", async () => {
  await using pagerduty = await setUp({ changes: false });

  await pagerduty.tell(opened, rolledBack);

  expect(pagerduty.received).toEqual([]);
});

test("words and names are cut to what PagerDuty takes", async () => {
  await using pagerduty = await setUp();
  const long = {
    text: "é".repeat(600_000),
    title: "t".repeat(3000),
    next: "n".repeat(600_000),
    cluster: "c".repeat(63),
    link: "https://rearguard.example/g",
  };

  await pagerduty.tell(at(1, { ...long, kind: "withheld", guard: "g".repeat(253), id: `${"g".repeat(253)}-1` }));

  expect(pagerduty.alerts).toHaveLength(1);
  expect(pagerduty.alerts[0]?.key).toMatch(/^rearguard\/[0-9a-f]{64}$/);
});

test("a key PagerDuty does not know is said in one sentence, without the key", async () => {
  await using pagerduty = await setUp({ keyFile: await tempFile(owned, "f".repeat(32)) });

  const error = await failureOf(pagerduty.tell(withheld));

  expect([error.message, error.facts]).toEqual(["pagerduty answered 400 (Invalid routing key [redacted])", { status: 400, tries: 1 }]);
});

test("a file that holds something else than a key is said so before anything is sent", async () => {
  await using pagerduty = await setUp({ keyFile: await tempFile(owned, "u+S3CRET") });

  const error = await failureOf(pagerduty.tell(withheld));

  expect(error.message).toMatch(/^pagerduty: its key file \/\S+ does not hold an integration key of 32 letters and digits$/);
  expect(pagerduty.received).toEqual([]);
});

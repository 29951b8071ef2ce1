import { expect, test } from "vitest";
import { ended, expectLeftAlone, expectTakenBack, newPods, openIncident, secondsToRollback, told } from "./incidents.ts";
import { shopPolicy } from "../support/world-files.ts";

const policy = shopPolicy(`
  window: 5m
  signals:
    errors:     { http: { preset: prom-client, errors: { limit: 1% } } }
    error-logs: { logs: { format: filebeat, limit: 6/min/pod } }
`);

test("a release whose requests are fine but whose pods log errors is taken back, with the lines in the message", async () => {
  await using world = await openIncident({ behaviour: { errorLinesPerMinute: 1 } }, { policy, logs: true });
  world.release("web", { ...newPods, errorLinesPerMinute: 60 });
  await world.until("the guard ends", () => ended(world), 1200);
  expectTakenBack(world);
  expect(told(world)).toMatch(
    /error-logs [\d.]+ lines\/min\/pod = [\d.]+x the limit .* in \d+ blocks, \d+ log lines in [\d.]+ pod-minutes; evidence/,
  );
  expect(told(world)).toMatch(/error-logs recovered: [\d.]+ lines\/min\/pod/);
  const lastBlock = world.record("web").audit["error-logs"]?.at(-1)?.at ?? Infinity;
  expect((world.entries("web").at(-1)?.at ?? 0) - lastBlock, "a block is judged when its lines have come").toBeGreaterThanOrEqual(30_000);
  expect(secondsToRollback(world), "late by the lag, the sustain and no more").toBeLessThan(240);
});

test("a release that logs as many errors as its limit allows passes", async () => {
  await using world = await openIncident({ behaviour: { errorLinesPerMinute: 6 } }, { policy, logs: true });
  world.release("web", { ...newPods, errorLinesPerMinute: 6 });
  await world.until("the guard ends", () => ended(world), 1500);
  expect(world.phase("web")).toBe("passed");
  expectLeftAlone(world);
  // By chance a little more or less than its limit: neither is a reason to act.
  expect(told(world)).toMatch(
    /error-logs [\d.]+ lines\/min\/pod is (within|over) its limit of 6 lines\/min\/pod.*\d+ log lines in \d+ pod-minutes; evidence against it/,
  );
});

test("without an Elasticsearch in the settings the guard says so as it opens, and does not pass", async () => {
  await using world = await openIncident({}, { policy });
  world.release("web", newPods);
  await world.until("the guard ends", () => ended(world), 1500);
  expect(world.phase("web")).toBe("inconclusive");
  expect(world.entries("web")[0]).toMatchObject({
    because: [{ detail: "error-logs: the settings name no Elasticsearch (elasticsearch.url), so it cannot be judged" }],
  });
  expectLeftAlone(world);
});

test("an Elasticsearch that loses shards makes no wrong rollback and no pass, and what it missed is judged when it is whole", async () => {
  await using world = await openIncident({ behaviour: { errorLinesPerMinute: 1 } }, { policy, logs: true });
  world.sandbox.elasticsearch.fault = "partial";
  world.release("web", { ...newPods, errorLinesPerMinute: 60 });
  await world.run(240);
  expectLeftAlone(world);
  world.sandbox.elasticsearch.fault = undefined;
  await world.until("the guard ends", () => ended(world), 900);
  expectTakenBack(world);
});

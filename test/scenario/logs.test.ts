import { describe, expect, test } from "vitest";
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
  expect(told(world), "the lines themselves are evidence").toMatch(
    /(?:most|the most frequent) of the lines: "Unhandled error: connect ECONNREFUSED \*" \(\d+ lines of \d+ pods, web-[a-z0-9]+-[a-z0-9]+ and \d+ more, last at /,
  );
  const rollback = world.entries("web").find((entry) => entry.kind === "intended" && entry.action.kind === "rollback");
  expect(rollback, "and are recorded with the decision").toMatchObject({
    because: [{ code: "evidence", quotes: [{ pattern: "Unhandled error: connect ECONNREFUSED *" }] }],
  });
  expect(JSON.stringify(world.entries("web")), "old pods log the same: it is not new").not.toContain("new-pattern");
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

describe("a release that logs few errors, but of a kind that the old one never logged", () => {
  const unlike = { ...newPods, errorLinesPerMinute: 1.5, errorText: "no contacts according to contactsId" };

  test("is told of once, with the lines and where to look at them, and passes", async () => {
    const elasticsearch = { kibana: { url: "https://kibana.example.com", space: "shop" } };
    await using world = await openIncident({ behaviour: { errorLinesPerMinute: 1 } }, { policy, logs: true, settings: { elasticsearch } });
    world.release("web", unlike);
    await world.until("the guard ends", () => ended(world), 1500);
    const news = world.messages("noted").filter(({ title }) => title.includes("logs a new error"));
    expect(news).toMatchObject([{ severity: "warning", next: "" }]);
    expect(news[0]?.text).toMatch(
      /error-logs: new pods log "no contacts according to contactsId \*" \(\d+ lines of .*, first at .*\), which old pods did not log in 6 h before the rollout or since\./,
    );
    expect(news[0]?.text).toMatch(/- The lines in Kibana: https:\/\/kibana\.example\.com\/s\/shop\/app\/r\?l=DISCOVER_APP_LOCATOR&/);
    expect(world.phase("web")).toBe("passed");
    expectLeftAlone(world);
  });

  test("is not told of where the policy says so", async () => {
    const off = policy.replace("limit: 6/min/pod", "limit: 6/min/pod, newPatterns: off");
    await using world = await openIncident({ behaviour: { errorLinesPerMinute: 1 } }, { policy: off, logs: true });
    world.release("web", unlike);
    await world.until("the guard ends", () => ended(world), 1500);
    expect(JSON.stringify(world.entries("web"))).not.toContain("new-pattern");
    expect(world.phase("web")).toBe("passed");
  });

  test("after a restart in the middle nothing is told twice", async () => {
    await using world = await openIncident({ behaviour: { errorLinesPerMinute: 1 } }, { policy, logs: true });
    world.release("web", unlike);
    const isTold = () => world.messages("noted").some(({ title }) => title.includes("logs a new error"));
    await world.until("the new error is told of", isTold, 1200);
    await world.restartDaemon({ kill: true });
    await world.until("the guard ends", () => ended(world), 1500);
    const told = world.entries("web").filter((entry) => JSON.stringify(entry).includes("new-pattern"));
    expect(told).toHaveLength(1);
    expect(world.phase("web")).toBe("passed");
  });
});

test("lines that cannot be read take nothing from the judgement: the release is taken back, and it is said why nothing is quoted", async () => {
  const elasticsearch = { timeout: "5s" };
  const noText = policy.replace("limit: 6/min/pod", "limit: 6/min/pod, fields: { text: event.original }");
  await using world = await openIncident(
    { behaviour: { errorLinesPerMinute: 1 } },
    { policy: noText, logs: true, settings: { elasticsearch } },
  );
  world.release("web", { ...newPods, errorLinesPerMinute: 60 });
  await world.until("the guard ends", () => ended(world), 1200);
  expectTakenBack(world);
  expect(told(world)).toMatch(
    /the lines could not be read \(they have no field event\.original; fields\.text of the signal names another\)/,
  );
});

test("a first deploy is told once that nothing can be new, and no error of it is", async () => {
  await using world = await openIncident({ behaviour: { errorLinesPerMinute: 3 } }, { policy, logs: true, historyS: 5 });
  await world.until("the guard of the first revision ends", () => ended(world), 1500);
  const about = JSON.stringify(world.entries("web")).match(/without an old revision no error pattern can be called new/g);
  expect(about).toHaveLength(1);
  expect(JSON.stringify(world.entries("web"))).not.toContain("new-pattern");
});

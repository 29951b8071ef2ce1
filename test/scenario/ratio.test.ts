import { expect, test } from "vitest";
import { ended, expectLeftAlone, expectTakenBack, newPods, openIncident, told } from "./incidents.ts";
import { shopPolicy } from "../support/world-files.ts";

const policy = shopPolicy(`
  window: 10m
  signals:
    orders: { ratio: { bad: 'http_requests_total{status=~"5.."}', total: http_requests_total, limit: 0.5% } }
`);

test("a ratio of any two counters takes a bad release back, in its own words", async () => {
  await using world = await openIncident({}, { policy });
  world.release("web", { ...newPods, errorRate: 0.2 });
  await world.until("the guard ends", () => ended(world), 900);
  expectTakenBack(world);
  expect(told(world)).toMatch(/orders [\d.]+ % = \d+x the limit .* of \d+ events; evidence/);
  expect(told(world), "what a ratio counts are not requests").not.toMatch(/bad requests/);
});

test("a ratio of a release that is as good as the one before passes", async () => {
  await using world = await openIncident({}, { policy });
  world.release("web", newPods);
  await world.until("the guard ends", () => ended(world), 1500);
  expect(world.phase("web")).toBe("passed");
  expectLeftAlone(world);
});

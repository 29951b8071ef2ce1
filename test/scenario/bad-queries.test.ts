import { expect, test } from "vitest";
import { ended, expectLeftAlone, told } from "./incidents.ts";
import { openQuick, quickPolicy } from "./quick.ts";

test.each([
  [
    "answers samples over time",
    "(http_requests_total[5s])",
    /cpu: the source does not answer properly .*answers a (matrix|range vector) where one number per series is needed/,
  ],
  ["answers a text", '"hot"', /cpu: the source does not answer properly .*answers a string where one number per series is needed/],
  ["cannot be evaluated", "http_requests_total / on (job) up", /cpu: the source does not answer properly .*refuses the query/],
])("a query that %s is told once with its reason, and nothing is rolled back or passed", async (_what, query, because) => {
  const policy = quickPolicy.replace("    pods:", `    cpu: { promql: { query: '${query}', above: 0 } }\n    pods:`);
  await using world = await openQuick([{}], { policy });
  world.release("web");
  await world.until("the guard ends", () => ended(world), 200);
  expect(told(world)).toMatch(because);
  expect(world.messages("held")).toHaveLength(1);
  expect(world.phase("web")).toBe("inconclusive");
  expectLeftAlone(world);
});

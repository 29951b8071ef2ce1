import { expect, test } from "vitest";
import { ended, expectLeftAlone, expectTakenBack, rollbacks, told } from "./incidents.ts";
import { bad, openQuick, quickPolicy } from "./quick.ts";

const rules = {
  rate: "rule: { rate: { over: 5s, for: 5s, minRequests: 20 } }",
  burnRate: "rule: { burnRate: { long: 15s, short: 5s, minRequests: 20 } }",
} as const;

function policyWith(rule: keyof typeof rules): string {
  return quickPolicy.replace("errors: { limit: 1% }", `errors: { limit: 2%, ${rules[rule]} }`);
}

test.each(["rate", "burnRate"] as const)("a bad release is taken back by a %s rule, which says that it has no bound", async (rule) => {
  await using world = await openQuick([{ progressDeadlineS: 300 }], { policy: policyWith(rule) });
  world.release("web", bad);
  await world.until("the rollback", () => rollbacks(world) > 0, 60);
  await world.until("the guard ends", () => ended(world), 120);
  expectTakenBack(world);
  expect(told(world)).toMatch(/errors [\d.]+ % over .* the limit of 2 %.*; a plain rule, without a bound on wrong rollbacks/);
});

test.each(["rate", "burnRate"] as const)("a good release passes a %s rule", async (rule) => {
  await using world = await openQuick([{}], { policy: policyWith(rule) });
  world.release("web");
  await world.until("the guard ends", () => ended(world), 200);
  expect(world.phase("web")).toBe("passed");
  expectLeftAlone(world);
});

import { expect, test } from "vitest";
import { recordOf, remediationOf, atRest } from "../guards/remediation/a-remedy.ts";
import { remediate } from "../../../src/pipeline/remediation/remediate.ts";
import { MINUTE, START } from "../guards/a-guard.ts";
import { flowOver } from "./a-flow.ts";

const order = { kind: "manual", by: "ada", reason: "looks stuck" } as const;

/** shop/web, and a person who orders it at these instants; each guard has ended by the next. */
async function orderedAt(...instants: readonly number[]) {
  const policy = remediationOf("on: { manual: {} }", "do: [notify]");
  let now = START;
  const flow = flowOver({
    now: () => now,
    remedies: { policies: () => [policy], choose: (among) => among[0] },
    cluster: { list: () => [atRest()], follow() {} },
    journal: { create: async () => "created" },
  });
  const { remediations, endedRemediations } = flow.book;
  const outcomes: unknown[] = [];
  for (const instant of instants) {
    now = instant;
    const done = await remediate(order, "slow", undefined, flow);
    outcomes.push(done.done && done.guards[0]?.outcome);
    for (const [name, { record }] of remediations) {
      const ended = { kind: "finished", phase: "restored", because: [], at: now, seq: 1 } as const;
      endedRemediations.set(name, { ...recordOf(policy), ...record, entries: [...record.entries, ended] });
      remediations.delete(name);
    }
  }
  return { outcomes, guards: new Set(endedRemediations.keys()).size };
}

test("an order whose answer was lost is the same when it is sent again, and another one an hour later", async () => {
  expect(await orderedAt(START, START + MINUTE, START + 61 * MINUTE, START + 62 * MINUTE, START + 200 * MINUTE)).toEqual({
    outcomes: ["opened", "exists", "opened", "exists", "opened"],
    guards: 3,
  });
});

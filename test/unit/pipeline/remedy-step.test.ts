import { expect, test } from "vitest";
import { openRemedyRun } from "../../../src/pipeline/remediation/run.ts";
import { stepRemediation } from "../../../src/pipeline/remediation/step.ts";
import { atRest, recordOf, remediationOf } from "../guards/remediation/a-remedy.ts";
import { flowOver, pace } from "./a-flow.ts";

test("a guard that only waits reads nothing of what all the others did: in a storm there are thousands", async () => {
  const flow = flowOver({ cluster: { get: () => atRest(), keyOf: () => "shop/web", pods: () => [] }, journal: {}, tell: async () => {} });
  const policy = remediationOf("on: { alert: { names: [Slow], for: 10m } }", "do: [{ restart: {} }]");
  flow.book.remediations.set("web-remedy-1", openRemedyRun(recordOf(policy), pace.blockMs));
  const other = { ...recordOf(policy), name: "other" };
  let reads = 0;
  Object.defineProperty(other, "entries", {
    get() {
      reads += 1;
      return [];
    },
  });
  flow.book.endedRemediations.set("other", other);
  const readOnce = reads;
  await stepRemediation("web-remedy-1", flow);
  expect(flow.book.remediations.has("web-remedy-1")).toBe(true);
  expect(reads).toBe(readOnce);
});

import { expect, test } from "vitest";
import { verificationOf } from "../../../../src/guards/remediation/verify.ts";
import { START, web } from "../a-guard.ts";
import { askOf, fourPods, podOf, recordOf, remediationOf } from "./a-remedy.ts";

const [first, ...others] = fourPods;

test.each([
  ["is there still", "waiting", fourPods],
  ["is on its way out, and the Deployment's status does not say so yet", "waiting", others],
  ["is gone, and its replacement is not ready", "waiting", [...others, podOf("web-e", { ready: false })]],
  ["is gone, and its replacement is ready", "well", [...others, podOf("web-e")]],
])("a restart of a pod that %s: %s", (_, state, pods) => {
  const pod = { name: first?.name ?? "", uid: first?.uid ?? "" };
  const action = { id: "r", kind: "restart", workload: web, pod, guard: "web-remedy-1" } as const;
  const ask = askOf(recordOf(remediationOf("do: [{ restart: { pods: 2 } }]")), { pods });
  expect(verificationOf(ask, { step: 0, action, at: START, since: START, sure: true }).state).toBe(state);
});

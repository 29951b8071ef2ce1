import { expect, test } from "vitest";
import type { Alert } from "../../../src/alert.ts";
import { remediationOf, recordOf as remedyRecordOf, atRest, slow } from "../guards/remediation/a-remedy.ts";
import { openRun } from "../../../src/guards/run.ts";
import { takeAlerts } from "../../../src/pipeline/alerts.ts";
import { writeRemedyEntry } from "../../../src/pipeline/remediation/write.ts";
import { openRemedyRun } from "../../../src/pipeline/remediation/run.ts";
import type { Remediation } from "../../../src/policies/remediation.ts";
import { MINUTE, policyOf, recordOf, START, web } from "../guards/a-guard.ts";
import { flowOver, pace } from "./a-flow.ts";

function alert(over: Partial<Alert> = {}, labels: Readonly<Record<string, string>> = { deployment: "web" }): Alert {
  return {
    fingerprint: "f2",
    startsAt: START + MINUTE,
    labels: { alertname: "Slow", namespace: web.namespace, ...labels },
    summary: "",
    ...over,
  };
}

/** shop/web with an open remediation of `policy`; `chosen` is the one in force that is most specific for it. */
function flowWith(policy: Remediation, chosen: Remediation = policy) {
  const created: string[] = [];
  const flow = flowOver({
    remedies: { policies: () => [policy, chosen], choose: (among) => (among.includes(chosen) ? chosen : among[0]) },
    cluster: {
      list: () => [atRest()],
      get: () => atRest(),
      keyOf: ({ namespace, name }) => `${namespace}/${name}`,
      follow() {},
    },
    journal: { save: async () => "saved", create: async ({ name }) => (created.push(name), "created") },
  });
  flow.book.remediations.set("web-remedy-1", openRemedyRun(remedyRecordOf(policy), pace.blockMs));
  return { flow, created };
}

test("an alert that a guard of a rollout asks for ends in the open remediation too that it opened", async () => {
  const { flow } = flowWith(remediationOf("do: [notify]"));
  const policy = policyOf("signals: { alerts: { alert: { names: [Slow] } }, pods: { pods: {} } }");
  flow.book.open.set("web-guard", openRun(recordOf([], { policy }), pace));
  const ended = alert({ fingerprint: slow.fingerprint, startsAt: slow.startsAt, endsAt: START + MINUTE });
  expect((await takeAlerts([ended], flow)).taken).toBe(true);
  expect(flow.book.remediations.get("web-remedy-1")?.record.alerts).toMatchObject([{ endsAt: START + MINUTE }]);
});

test("an alert that names a pod alone joins the open guard of its workload", async () => {
  const { flow, created } = flowWith(remediationOf("do: [notify]"));
  const [set] = atRest().revisions;
  const taken = await takeAlerts([alert({}, { pod: `${set?.name}-x7k2p` })], flow);
  expect(taken.taken && taken.receipts.map(({ outcome }) => outcome)).toEqual(["recorded"]);
  expect(created).toEqual([]);
});

test("an alert that a more specific remediation answers opens that one, beside the open one that asks for it too", async () => {
  const general = remediationOf("do: [notify]");
  const specific = { ...general, metadata: { name: "specific" } };
  const { flow, created } = flowWith(general, specific);
  await takeAlerts([alert()], flow);
  expect(created).toHaveLength(1);
  expect(flow.book.remediations.get("web-remedy-1")?.record.alerts).toHaveLength(1);
});

test("an alert that comes while the end of its guard is written is not taken: posted again it opens another guard", async () => {
  const { flow, created } = flowWith(remediationOf("do: [notify]"));
  const ending = writeRemedyEntry("web-remedy-1", { kind: "finished", phase: "restored", because: [] }, flow);
  await Promise.resolve();
  expect((await takeAlerts([alert()], flow)).taken).toBe(false);
  await ending;
  flow.book.remediations.delete("web-remedy-1");
  expect((await takeAlerts([alert()], flow)).taken).toBe(true);
  expect(created).toHaveLength(1);
});

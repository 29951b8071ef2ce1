import { readFile } from "node:fs/promises";
import { afterEach, expect, test } from "vitest";
import { parse } from "yaml";
import { createKubernetesEvents } from "../../src/actions/tell/kubernetes-event.ts";
import { createGuardJournal } from "../../src/journal/guards.ts";
import { createLedger } from "../../src/journal/ledger.ts";
import { dig } from "../../src/clients/kubernetes/raw.ts";
import { waitUntil } from "../servers/wait-until.ts";
import { message } from "../unit/actions/sample-message.ts";
import { recordWith, startedAt } from "../unit/explain/sample-record.ts";
import { startUnderRoles } from "./actions-account.ts";
import type { UnderRoles } from "./actions-account.ts";
import { actionsOver, brakeOf, drainOf, liveOf, releaseOf, rollbackOf, rollOut } from "./actions-fixture.ts";

const opened: UnderRoles[] = [];

afterEach(async () => {
  for (const each of opened.splice(0)) await each[Symbol.asyncDispose]();
});

async function under(...files: Parameters<typeof startUnderRoles>[0]): Promise<UnderRoles> {
  const started = await startUnderRoles(files);
  opened.push(started);
  return started;
}

test("an account that may only observe is refused in the server's words, and nothing is changed", async () => {
  const { admin, account } = await under("service-account", "observe-namespaced");
  const rolled = await rollOut(admin, "observed");
  const before = await liveOf(admin, rolled.path);

  const receipts = [await actionsOver(account).execute(brakeOf(rolled)), await actionsOver(account).execute(rollbackOf(rolled))];

  for (const receipt of receipts) {
    expect(receipt).toMatchObject({ outcome: "refused", because: { code: "forbidden" } });
    expect(receipt.detail).toContain('deployments.apps "observed" is forbidden');
    expect(receipt.detail).toContain('User "system:serviceaccount:rearguard:rearguard" cannot patch resource "deployments"');
  }
  expect(await liveOf(admin, rolled.path)).toEqual(before);
});

test("the roles of one namespace suffice to brake, release, roll back, drain, record and tell in it", async () => {
  const { admin, account } = await under("service-account", "observe-namespaced", "enforce-namespaced");
  const definition: unknown = parse(await readFile(new URL("../../deploy/crds/guards.rearguard.dev.yaml", import.meta.url), "utf8"));
  await admin.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition);
  const guards = "/apis/rearguard.dev/v1alpha1/namespaces/default/guards";
  await waitUntil("the new kind served", () => admin.list(guards).then(() => true));
  const rolled = await rollOut(admin, "enforced");
  const actions = actionsOver(account);

  const outcomes = [
    await actions.execute(brakeOf(rolled)),
    await actions.execute(releaseOf(rolled)),
    await actions.execute(brakeOf(rolled)),
    await actions.execute(rollbackOf(rolled, true)),
    await actions.execute(drainOf(rolled, 0)),
  ].map(({ outcome }) => outcome);
  expect(outcomes.slice(0, 4)).toEqual(["applied", "applied", "applied", "applied"]);
  // The controller may have been faster with a pod that never got ready.
  expect(["applied", "unchanged"]).toContain(outcomes[4]);

  const journal = createGuardJournal({ api: account });
  const finished = recordWith({ kind: "finished", phase: "restored", because: [], badServed: 0 });
  const record = { ...finished, namespace: "default" };
  const summary = { phase: "restored", braked: false, message: "restored", evidence: 1, updatedAt: startedAt } as const;
  expect(await journal.create(record, summary)).toBe("created");
  expect(await journal.save(record, summary)).toBe("saved");
  expect(await journal.list(["default"])).toHaveLength(1);
  expect(await journal.prune(record.rollout.workload.uid, 0)).toBe(1);

  const events = createKubernetesEvents({ api: account, instance: "rearguard-0" });
  await events.send(message({ workload: rolled.workload }));
});

test("the cluster-wide roles let it watch every namespace, hold its Lease and keep its ledger, and keep it from every Secret", async () => {
  const { account } = await under("service-account", "observe", "enforce");
  const leases = "/apis/coordination.k8s.io/v1/namespaces/rearguard/leases";

  for (const path of ["/apis/apps/v1/deployments", "/apis/apps/v1/replicasets", "/api/v1/pods"]) await account.list(path);
  const lease = await account.post(leases, { metadata: { name: "rearguard" }, spec: { holderIdentity: "a" } });
  await account.put(`${leases}/rearguard`, { ...lease, spec: { holderIdentity: "b" } });

  expect(await account.get(`${leases}/rearguard`)).toMatchObject({ spec: { holderIdentity: "b" } });
  const ledger = createLedger({ api: account, namespace: "rearguard", name: "rearguard-ledger" });
  const pause = { by: "alice", reason: "storage is being moved", at: 1 };
  await ledger.change((state) => ({ ...state, schedules: { nightly: { due: 1, ranAt: 1, outcome: "done" } } }));
  await ledger.change((state) => ({ ...state, pause }));
  expect(await ledger.read()).toMatchObject({ pause });
  await expect(account.list("/api/v1/secrets")).rejects.toThrow('cannot list resource "secrets"');
  await expect(account.del("/api/v1/namespaces/default/pods/any")).rejects.toThrow('cannot delete resource "pods"');
});

test("telling an event twice leaves one, on the Deployment, with reason and note", async () => {
  const { admin, account } = await under("service-account", "observe-namespaced");
  const { workload } = await rollOut(admin, "told");
  const events = createKubernetesEvents({ api: account, instance: "rearguard-0" });

  await events.send(message({ workload }));
  await events.send(message({ workload }));

  const found = await admin.list("/apis/events.k8s.io/v1/namespaces/default/events");
  const ours = found.filter((event) => dig(event, "regarding", "uid") === workload.uid && event["reason"] === "RolledBack");
  expect(ours).toHaveLength(1);
  expect(ours[0]).toMatchObject({ action: "Rollback", type: "Warning", reportingController: "rearguard.dev/rearguard" });
  expect(ours[0]?.["note"]).toContain("[prod-eu] shop/web rolled back to revision 6");
});

import { afterAll, beforeAll, expect, test } from "vitest";
import { dig, text } from "../../src/clients/kubernetes/raw.ts";
import { createScalingReader } from "../../src/watchers/scaling.ts";
import { startUnderRoles } from "./actions-account.ts";
import type { UnderRoles } from "./actions-account.ts";
import { actionsOver } from "./actions-fixture.ts";
import { autoscale, deploymentPath, installKeda, restoreOf, runs, scaledObject, scaleTo, scalingOf, specOf } from "./scaling-fixture.ts";

let cluster: UnderRoles;

beforeAll(async () => {
  cluster = await startUnderRoles(["service-account", "observe-namespaced", "remediate-namespaced"]);
});

afterAll(() => cluster[Symbol.asyncDispose]());

test("the roles of one namespace suffice to scale and restart in it, without the right to patch a Deployment", async () => {
  const { admin, account } = cluster;
  const actions = actionsOver(account);
  const [alone, bound] = [await runs(admin, "alone"), await runs(admin, "bound")];
  await autoscale(admin, { name: "bound", min: 2, max: 6 });
  await installKeda(admin);
  const queue = await runs(admin, "queue");
  await scaledObject(admin, "queue", { minReplicaCount: 1, maxReplicaCount: 6 });

  for (const workload of [alone, bound, queue]) {
    const up = scaleTo(workload, await scalingOf(account, workload), 4);
    expect(await actions.execute(up)).toMatchObject({ outcome: "applied" });
    expect(await actions.execute(restoreOf(up))).toMatchObject({ outcome: "applied" });
  }
  const [pod] = await admin.list("/api/v1/namespaces/default/pods", { labelSelector: "app=alone" });
  const named = { name: text(dig(pod, "metadata", "name")) ?? "", uid: text(dig(pod, "metadata", "uid")) ?? "" };
  expect(await actions.execute({ id: "g.restart.1", kind: "restart", workload: alone, pod: named, guard: "g" })).toMatchObject({
    outcome: "applied",
  });
});

test("without these roles it is not known who decides the count, the missing right is named, and every effect is refused", async () => {
  await using observing = await startUnderRoles(["service-account", "observe-namespaced"]);
  const workload = await runs(observing.admin, "watched");

  const read = await createScalingReader({ api: observing.account })(workload);

  expect(read).toMatchObject({ problem: expect.stringContaining("a right of deploy/rbac/remediate.yaml is missing") });
  expect(read).toMatchObject({
    problem: expect.stringMatching(/cannot (list|get) resource "(deployments\/scale|horizontalpodautoscalers|scaledobjects)"/),
  });
  const up = scaleTo(workload, { owner: { kind: "workload" }, replicas: 2, least: 2 }, 4);
  expect(await actionsOver(observing.account).execute(up)).toMatchObject({ outcome: "refused", because: { code: "forbidden" } });
  expect(await specOf(observing.admin, deploymentPath("watched"), "replicas")).toBe(2);
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KubernetesError } from "../../src/clients/kubernetes/kubernetes-error.ts";
import type { KubernetesApi } from "../../src/clients/kubernetes/api.ts";
import { startServers } from "../support/servers.ts";
import type { Servers } from "../support/servers.ts";
import { waitUntil } from "../servers/wait-until.ts";
import { actionsOver, brakeOf, liveOf, rollbackOf, rollOut } from "./actions-fixture.ts";
import {
  autoscale,
  deploymentPath,
  hpaPath,
  installKeda,
  restoreOf,
  runs,
  scaledObject,
  scaledObjectPath,
  scaleTo,
  scalingOf,
  setSpec,
  specOf,
} from "./scaling-fixture.ts";

let servers: Servers;

beforeAll(async () => {
  servers = await startServers();
});

afterAll(() => servers[Symbol.asyncDispose]());

const execute: ReturnType<typeof actionsOver>["execute"] = (action) => actionsOver(servers.api).execute(action);

/** The API with something happening just before the nth write that is not a dry run. */
function interrupted(before: (nth: number) => Promise<unknown>): KubernetesApi {
  let nth = 0;
  const patch: KubernetesApi["patch"] = async (path, body, options) => {
    if (options.dryRun !== true) await before(++nth);
    return servers.api.patch(path, body, options);
  };
  return { ...servers.api, patch };
}

/** The API of which no answer to a write arrives. */
function losingAnswers(): { readonly api: KubernetesApi; writes: number } {
  const losing = {
    writes: 0,
    api: {
      ...servers.api,
      patch: (async (path, body, options) => {
        const answer = await servers.api.patch(path, body, options);
        if (options.dryRun === true) return answer;
        losing.writes++;
        throw new KubernetesError("KUBERNETES_UNREACHABLE", "the connection broke");
      }) as KubernetesApi["patch"],
    },
  };
  return losing;
}

describe("a workload that decides itself", () => {
  test("gets more pods, once however often it is asked for, and its old number back", async () => {
    const workload = await runs(servers.api, "more");
    const up = scaleTo(workload, await scalingOf(servers.api, workload), 4);

    expect(await execute(up)).toMatchObject({
      action: "g.scale.1",
      kind: "scale",
      outcome: "applied",
      detail: "the number of pods of more is changed from 2 to 4",
    });
    expect(await specOf(servers.api, deploymentPath("more"), "replicas")).toBe(4);
    expect(await execute(up)).toMatchObject({ outcome: "unchanged", detail: "the number of pods of more is 4" });

    expect(await execute(restoreOf(up))).toMatchObject({ outcome: "applied" });
    expect(await specOf(servers.api, deploymentPath("more"), "replicas")).toBe(2);
    expect(await execute(restoreOf(up))).toMatchObject({ outcome: "unchanged" });
  });

  test("that somebody scaled meanwhile is left as they want it, and they are named", async () => {
    const workload = await runs(servers.api, "theirs");
    const up = scaleTo(workload, await scalingOf(servers.api, workload), 4);
    await setSpec(servers.api, deploymentPath("theirs"), { replicas: 3 }, "kubectl");

    const receipt = await execute(up);

    expect(receipt).toMatchObject({ outcome: "refused", because: { code: "conflict" } });
    expect(receipt.detail).toBe("the number of pods of theirs is 3 by kubectl, not 2, as it was when this was decided; it is left so");
    expect(await specOf(servers.api, deploymentPath("theirs"), "replicas")).toBe(3);
  });

  test("that somebody scaled after us is not restored", async () => {
    const workload = await runs(servers.api, "kept");
    const up = scaleTo(workload, await scalingOf(servers.api, workload), 4);
    await execute(up);
    await setSpec(servers.api, deploymentPath("kept"), { replicas: 5 }, "kubectl");

    const receipt = await execute(restoreOf(up));

    expect(receipt).toMatchObject({ outcome: "refused", because: { code: "conflict" } });
    expect(receipt.detail).toBe("the number of pods of kept is 5 by kubectl, not 4, which is what was set; it is left so");
    expect(await specOf(servers.api, deploymentPath("kept"), "replicas")).toBe(5);
  });

  test("that is scaled between our read and our write keeps their number: the patch itself is refused", async () => {
    const workload = await runs(servers.api, "raced");
    const up = scaleTo(workload, await scalingOf(servers.api, workload), 4);
    const api = interrupted(async (nth) => {
      if (nth === 1) await setSpec(servers.api, deploymentPath("raced"), { replicas: 3 });
    });

    expect(await actionsOver(api).execute(up)).toMatchObject({ outcome: "refused", because: { code: "conflict" } });
    expect(await specOf(servers.api, deploymentPath("raced"), "replicas")).toBe(3);
  });

  test("is scaled in the middle of a braked rollout, and neither the brake nor the template is touched", async () => {
    const rolled = await rollOut(servers.api, "midway");
    await execute(brakeOf(rolled));
    const before = await liveOf(servers.api, rolled.path);

    const up = scaleTo(rolled.workload, await scalingOf(servers.api, rolled.workload), 4);
    expect(await execute(up)).toMatchObject({ outcome: "applied" });

    const { template, paused, annotations } = await liveOf(servers.api, rolled.path);
    expect({ template, paused, mark: annotations["rearguard.dev/braked-by"] }).toEqual({
      template: before.template,
      paused: true,
      mark: before.annotations["rearguard.dev/braked-by"],
    });
    expect(await execute(rollbackOf(rolled, true))).toMatchObject({ outcome: "applied" });
    expect(await specOf(servers.api, rolled.path, "replicas")).toBe(4);
  });

  test("is never scaled to 0, nor up from 0", async () => {
    const workload = await runs(servers.api, "zero");
    const scaling = await scalingOf(servers.api, workload);
    const limitation = { outcome: "refused", because: { code: "limitation" } };

    expect(await execute(scaleTo(workload, scaling, 0))).toMatchObject({ ...limitation, detail: "nothing is ever scaled to 0" });
    expect(await execute({ ...scaleTo(workload, scaling, 0), purpose: "restore" })).toMatchObject(limitation);
    await setSpec(servers.api, deploymentPath("zero"), { replicas: 0 });
    expect(await execute(scaleTo(workload, await scalingOf(servers.api, workload), 3))).toMatchObject({
      ...limitation,
      detail: "zero has 0 pods: what somebody switched off stays off",
    });
    expect(await specOf(servers.api, deploymentPath("zero"), "replicas")).toBe(0);
  });

  test("that is gone, or another one of its name, is refused", async () => {
    const workload = await runs(servers.api, "reborn");
    const up = scaleTo(workload, await scalingOf(servers.api, workload), 4);
    for (const other of [
      { ...workload, name: "nothing" },
      { ...workload, uid: "00000000-0000-4000-8000-000000000000" },
    ]) {
      expect(await execute({ ...up, workload: other })).toMatchObject({ outcome: "refused", because: { code: "workload-deleted" } });
    }
  });

  test("is left alone by an instance that has lost the lead", async () => {
    const workload = await runs(servers.api, "deposed");
    const up = scaleTo(workload, await scalingOf(servers.api, workload), 4);

    expect(await actionsOver(servers.api, () => false).execute(up)).toMatchObject({ outcome: "failed" });
    expect(await specOf(servers.api, deploymentPath("deposed"), "replicas")).toBe(2);
  });

  test("is scaled once where only the answer was lost", async () => {
    const workload = await runs(servers.api, "lost");
    const up = scaleTo(workload, await scalingOf(servers.api, workload), 4);
    const losing = losingAnswers();

    expect((await actionsOver(losing.api).execute(up)).outcome).toBe("applied");
    expect(losing.writes).toBe(1);
  });
});

describe("a workload whose count an HPA decides", () => {
  test("gets a higher minimum at the HPA, and the old one back; its own count is not written", async () => {
    const workload = await runs(servers.api, "bound");
    await autoscale(servers.api, { name: "bound", min: 2, max: 6 });
    const up = scaleTo(workload, await scalingOf(servers.api, workload), 4);

    expect(await execute(up)).toMatchObject({
      outcome: "applied",
      detail: "minReplicas of HorizontalPodAutoscaler bound is changed from 2 to 4",
    });
    expect(await specOf(servers.api, hpaPath("bound"), "minReplicas")).toBe(4);
    expect(await execute(up)).toMatchObject({ outcome: "unchanged" });
    expect(await execute(restoreOf(up))).toMatchObject({ outcome: "applied" });
    expect(await specOf(servers.api, hpaPath("bound"), "minReplicas")).toBe(2);
  });

  test("gets the pods from its HPA once the minimum is raised; whoever scales past the maximum is brought back by it", async () => {
    const workload = await runs(servers.api, "followed");
    await autoscale(servers.api, { name: "followed", min: 2, max: 4 });
    const replicas = () => specOf(servers.api, deploymentPath("followed"), "replicas");

    await execute(scaleTo(workload, await scalingOf(servers.api, workload), 3));
    await waitUntil("the HPA to scale up", async () => (await replicas()) === 3);

    await setSpec(servers.api, deploymentPath("followed"), { replicas: 9 });
    await waitUntil("the HPA to scale down", async () => (await replicas()) === 4);
  });

  test("that somebody scaled to 0 stays off, although its HPA would take a higher minimum", async () => {
    const workload = await runs(servers.api, "dark");
    await autoscale(servers.api, { name: "dark", min: 2, max: 6 });
    await setSpec(servers.api, deploymentPath("dark"), { replicas: 0 });

    expect(await execute(scaleTo(workload, await scalingOf(servers.api, workload), 4))).toMatchObject({
      outcome: "refused",
      because: { code: "limitation", detail: "dark has 0 pods: what somebody switched off stays off" },
    });
    expect(await specOf(servers.api, hpaPath("dark"), "minReplicas")).toBe(2);
  });

  test("is changed at its HPA once where only the answer was lost, up and back", async () => {
    const workload = await runs(servers.api, "mumbled");
    await autoscale(servers.api, { name: "mumbled", min: 2, max: 6 });
    const up = scaleTo(workload, await scalingOf(servers.api, workload), 4);
    for (const action of [up, restoreOf(up)]) {
      const losing = losingAnswers();
      expect((await actionsOver(losing.api).execute(action)).outcome).toBe("applied");
      expect(losing.writes).toBe(1);
    }
    expect(await specOf(servers.api, hpaPath("mumbled"), "minReplicas")).toBe(2);
  });

  test("gets its HPA's minimum back also while somebody has scaled it to 0", async () => {
    const workload = await runs(servers.api, "closed");
    await autoscale(servers.api, { name: "closed", min: 2, max: 6 });
    const up = scaleTo(workload, await scalingOf(servers.api, workload), 4);
    await execute(up);
    await setSpec(servers.api, deploymentPath("closed"), { replicas: 0 });
    expect(await execute(restoreOf(up))).toMatchObject({ outcome: "applied" });
  });

  test("is not scaled down by a remedy", async () => {
    const workload = await runs(servers.api, "down");
    await autoscale(servers.api, { name: "down", min: 2, max: 6 });
    const down = scaleTo(workload, await scalingOf(servers.api, workload), 1);
    expect(await execute(down)).toMatchObject({ outcome: "refused", detail: "a remedy never scales down" });
  });

  test("is not scaled over the maximum, which nobody raises", async () => {
    const workload = await runs(servers.api, "full");
    const owner = await autoscale(servers.api, { name: "full", min: 2, max: 3 });
    const scaling = await scalingOf(servers.api, workload);

    expect(await execute(scaleTo(workload, scaling, 4))).toMatchObject({
      outcome: "refused",
      because: { code: "at-maximum", owner: "hpa", name: "full", max: 3, least: 2, wanted: 4 },
    });
    await execute(scaleTo(workload, scaling, 3));
    const again = await execute(scaleTo(workload, { owner, replicas: 3, least: 3 }, 4));
    expect(again.detail).toBe("HorizontalPodAutoscaler full already keeps its maximum of 3 pods, and its maximum is not raised");
    expect(await specOf(servers.api, hpaPath("full"), "maxReplicas")).toBe(3);
  });

  test("whose minimum somebody changed is left as they want it, before and after us", async () => {
    const workload = await runs(servers.api, "edited");
    await autoscale(servers.api, { name: "edited", min: 2, max: 6 });
    const up = scaleTo(workload, await scalingOf(servers.api, workload), 4);
    await setSpec(servers.api, hpaPath("edited"), { minReplicas: 3 });

    const receipt = await execute(up);
    expect(receipt).toMatchObject({ outcome: "refused", because: { code: "conflict" } });
    expect(receipt.detail).toContain("minReplicas of HorizontalPodAutoscaler edited is 3 by kubectl, not 2");
    expect(await execute(restoreOf(up))).toMatchObject({ outcome: "refused", because: { code: "conflict" } });
    expect(await specOf(servers.api, hpaPath("edited"), "minReplicas")).toBe(3);
  });

  test("whose maximum is lowered between our read and our write keeps it", async () => {
    const workload = await runs(servers.api, "lowered");
    await autoscale(servers.api, { name: "lowered", min: 2, max: 6 });
    const up = scaleTo(workload, await scalingOf(servers.api, workload), 5);
    const api = interrupted(async (nth) => {
      if (nth === 1) await setSpec(servers.api, hpaPath("lowered"), { maxReplicas: 4 });
    });

    expect(await actionsOver(api).execute(up)).toMatchObject({ outcome: "refused", because: { code: "at-maximum", max: 4 } });
    expect(await specOf(servers.api, hpaPath("lowered"), "minReplicas")).toBe(2);
  });

  test("whose HPA is gone, is another one of its name, or scales something else by now is refused", async () => {
    const workload = await runs(servers.api, "moved");
    const owner = await autoscale(servers.api, { name: "moved", min: 2, max: 6 });
    const up = scaleTo(workload, await scalingOf(servers.api, workload), 4);
    const conflict = { outcome: "refused", because: { code: "conflict" } };

    expect(await execute({ ...up, owner: { ...owner, name: "nothing" } })).toMatchObject(conflict);
    expect(await execute({ ...up, owner: { ...owner, uid: "00000000-0000-4000-8000-000000000000" } })).toMatchObject(conflict);
    await setSpec(servers.api, hpaPath("moved"), { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "another" } });
    expect(await execute(up)).toMatchObject({ ...conflict, detail: "HorizontalPodAutoscaler moved does not scale moved any more" });
  });
});

describe("a workload whose count KEDA decides", () => {
  beforeAll(() => installKeda(servers.api));

  test("at rest with 0 pods is woken by a minimum: with KEDA that is no switch", async () => {
    const workload = await runs(servers.api, "resting");
    await scaledObject(servers.api, "resting", { maxReplicaCount: 6 });
    await setSpec(servers.api, deploymentPath("resting"), { replicas: 0 });
    expect(await execute(scaleTo(workload, await scalingOf(servers.api, workload), 2))).toMatchObject({ outcome: "applied" });
  });

  test("gets a minimum at the ScaledObject where there was none, and none again", async () => {
    const workload = await runs(servers.api, "queue");
    await scaledObject(servers.api, "queue", { maxReplicaCount: 6 });
    const up = scaleTo(workload, await scalingOf(servers.api, workload), 4);

    expect(await execute(up)).toMatchObject({
      outcome: "applied",
      detail: "minReplicaCount of ScaledObject queue is changed from not set to 4",
    });
    expect(await specOf(servers.api, scaledObjectPath("queue"), "minReplicaCount")).toBe(4);
    expect(await execute(up)).toMatchObject({ outcome: "unchanged" });
    expect(await execute(restoreOf(up))).toMatchObject({ outcome: "applied" });
    expect(await specOf(servers.api, scaledObjectPath("queue"), "minReplicaCount")).toBeNull();
  });

  test("gets its own minimum of 0 back, which switches nothing off; a remedy never sets one", async () => {
    const workload = await runs(servers.api, "idle");
    await scaledObject(servers.api, "idle", { minReplicaCount: 0, maxReplicaCount: 6 });
    const scaling = await scalingOf(servers.api, workload);
    const up = scaleTo(workload, scaling, 4);
    await execute(up);

    expect(await execute({ ...scaleTo(workload, { ...scaling, least: 4 }, 0) })).toMatchObject({ outcome: "refused" });
    expect(await execute(restoreOf(up))).toMatchObject({ outcome: "applied" });
    expect(await specOf(servers.api, scaledObjectPath("idle"), "minReplicaCount")).toBe(0);
  });

  test("that gets a minimum from somebody between our read and our write keeps theirs", async () => {
    const workload = await runs(servers.api, "contended");
    await scaledObject(servers.api, "contended", { maxReplicaCount: 6 });
    const up = scaleTo(workload, await scalingOf(servers.api, workload), 4);
    const api = interrupted(async (nth) => {
      if (nth === 1) await setSpec(servers.api, scaledObjectPath("contended"), { minReplicaCount: 2 });
    });

    expect(await actionsOver(api).execute(up)).toMatchObject({ outcome: "refused", because: { code: "conflict" } });
    expect(await specOf(servers.api, scaledObjectPath("contended"), "minReplicaCount")).toBe(2);
  });

  test("is not scaled over the ScaledObject's maximum", async () => {
    const workload = await runs(servers.api, "capped");
    await scaledObject(servers.api, "capped", { minReplicaCount: 1, maxReplicaCount: 3 });
    const up = scaleTo(workload, await scalingOf(servers.api, workload), 4);
    expect(await execute(up)).toMatchObject({ outcome: "refused", because: { code: "at-maximum", owner: "keda", max: 3, wanted: 4 } });
  });
});

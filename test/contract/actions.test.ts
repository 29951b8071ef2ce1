import { afterAll, beforeAll, expect, test } from "vitest";
import { KubernetesError } from "../../src/clients/kubernetes/kubernetes-error.ts";
import { dig } from "../../src/clients/kubernetes/raw.ts";
import type { KubernetesApi } from "../../src/clients/kubernetes/api.ts";
import { startServers } from "../support/servers.ts";
import type { Servers } from "../support/servers.ts";
import { actionsOver, brakeOf, drainOf, liveOf, pause, releaseOf, rollbackOf, rollOut, setImage, undo } from "./actions-fixture.ts";

let servers: Servers;

beforeAll(async () => {
  servers = await startServers();
});

afterAll(async () => {
  await servers[Symbol.asyncDispose]();
});

/** The real API with something happening just before a patch that is not a dry run. */
function interrupted(before: (nth: number) => Promise<void>): Pick<KubernetesApi, "get" | "patch" | "post"> {
  let nth = 0;
  const patch: KubernetesApi["patch"] = async (path, body, options) => {
    if (options.dryRun !== true) await before(++nth);
    return servers.api.patch(path, body, options);
  };
  return { ...servers.api, patch };
}

test("a rollback leaves the template that `kubectl rollout undo` leaves", async () => {
  const [ours, twin] = [await rollOut(servers.api, "undo-ours"), await rollOut(servers.api, "undo-twin")];
  await undo(servers, twin);

  const receipt = await actionsOver(servers.api).execute(rollbackOf(ours));

  expect(receipt).toMatchObject({ action: "g.rollback.3", kind: "rollback", outcome: "applied" });
  expect(receipt.detail).toBe(`the template of ${ours.old.name} is back`);
  const [live, expected] = [await liveOf(servers.api, ours.path), await liveOf(servers.api, twin.path)];
  expect(live.image).toBe("shop:1");
  expect(JSON.parse(JSON.stringify(live.template).replaceAll("undo-ours", "undo-twin"))).toEqual(expected.template);
  expect(live.annotations).toMatchObject({
    "kubernetes.io/change-cause": "errors 20 %, limit 1 %",
    "rearguard.dev/rolled-back-from": JSON.stringify({ guard: "g", podTemplateHash: ours.bad.podTemplateHash }),
  });
});

test("the same rollback a second time changes nothing", async () => {
  const rolled = await rollOut(servers.api, "twice");
  await actionsOver(servers.api).execute(rollbackOf(rolled));
  const before = await liveOf(servers.api, rolled.path);

  const receipt = await actionsOver(servers.api).execute(rollbackOf(rolled));

  expect(receipt.outcome).toBe("unchanged");
  expect((await liveOf(servers.api, rolled.path)).generation).toBe(before.generation);
});

test("a template that was changed meanwhile is refused and left alone", async () => {
  const rolled = await rollOut(servers.api, "changed");
  await setImage(servers.api, rolled.path, "shop:3");
  const before = await liveOf(servers.api, rolled.path);

  const receipts = [await actionsOver(servers.api).execute(rollbackOf(rolled)), await actionsOver(servers.api).execute(brakeOf(rolled))];

  expect(receipts).toMatchObject([
    { outcome: "refused", because: { code: "conflict" } },
    { outcome: "refused", because: { code: "conflict" } },
  ]);
  expect(await liveOf(servers.api, rolled.path)).toMatchObject({ image: "shop:3", paused: false, generation: before.generation });
});

test("a template that is changed between our read and our write is refused by the patch itself", async () => {
  const rolled = await rollOut(servers.api, "raced");
  const api = interrupted(async (nth) => {
    if (nth === 1) await setImage(servers.api, rolled.path, "shop:3");
  });

  const receipt = await actionsOver(api).execute(rollbackOf(rolled));

  expect(receipt).toMatchObject({ outcome: "refused", because: { code: "conflict" } });
  expect((await liveOf(servers.api, rolled.path)).image).toBe("shop:3");
});

test("somebody else's pause stays: no brake, no rollback, no release", async () => {
  const rolled = await rollOut(servers.api, "paused");
  await pause(servers.api, rolled.path);
  const actions = actionsOver(servers.api);

  const receipts = [
    await actions.execute(brakeOf(rolled)),
    await actions.execute(rollbackOf(rolled)),
    await actions.execute(rollbackOf(rolled, true)),
    await actions.execute(releaseOf(rolled)),
  ];

  for (const receipt of receipts) expect(receipt).toMatchObject({ outcome: "refused", because: { code: "paused-by-other" } });
  expect(await liveOf(servers.api, rolled.path)).toMatchObject({ image: "shop:2", paused: true });
});

test("a brake pauses, says who and how to go on; a release takes exactly that back", async () => {
  const rolled = await rollOut(servers.api, "braked");
  const actions = actionsOver(servers.api);

  expect(await actions.execute(brakeOf(rolled))).toMatchObject({ outcome: "applied" });
  const braked = await liveOf(servers.api, rolled.path);
  expect(braked.paused).toBe(true);
  expect(JSON.parse(String(braked.annotations["rearguard.dev/braked-by"]))).toMatchObject({
    guard: "g",
    release: "kubectl rollout resume deployment/braked -n default",
  });
  expect(await actions.execute(brakeOf(rolled))).toMatchObject({ outcome: "unchanged" });

  expect(await actions.execute(releaseOf(rolled))).toMatchObject({ outcome: "applied" });
  const released = await liveOf(servers.api, rolled.path);
  expect(released).toMatchObject({ paused: false, image: "shop:2" });
  expect(released.annotations).not.toHaveProperty("rearguard.dev/braked-by");
  expect(await actions.execute(releaseOf(rolled))).toMatchObject({ outcome: "unchanged" });
});

test("our own brake is taken off by the rollback, in one write", async () => {
  const rolled = await rollOut(servers.api, "braked-back");
  const actions = actionsOver(servers.api);
  await actions.execute(brakeOf(rolled));
  const before = await liveOf(servers.api, rolled.path);

  const receipt = await actions.execute(rollbackOf(rolled, true));

  expect(receipt).toMatchObject({ outcome: "applied", detail: `the template of ${rolled.old.name} is back, and the brake is off` });
  const after = await liveOf(servers.api, rolled.path);
  expect(after).toMatchObject({ image: "shop:1", paused: false, generation: before.generation + 1 });
  expect(after.annotations).not.toHaveProperty("rearguard.dev/braked-by");
});

test("a brake whose intent is not recorded is somebody else's pause, whatever its annotation says", async () => {
  const rolled = await rollOut(servers.api, "copied-mark");
  await actionsOver(servers.api).execute(brakeOf(rolled));

  const receipt = await actionsOver(servers.api).execute(rollbackOf(rolled, false));

  expect(receipt).toMatchObject({ outcome: "refused", because: { code: "paused-by-other" } });
});

test("a rollback to a ReplicaSet that is gone is refused", async () => {
  const rolled = await rollOut(servers.api, "target-gone");
  const action = { ...rollbackOf(rolled), target: { ...rolled.old, name: "target-gone-nothing" } };
  const reborn = { ...rollbackOf(rolled), target: { ...rolled.old, uid: "00000000-0000-4000-8000-000000000000" } };

  for (const each of [action, reborn]) {
    expect(await actionsOver(servers.api).execute(each)).toMatchObject({
      outcome: "refused",
      because: { code: "nothing-to-undo", why: "revision-gone" },
    });
  }
});

test("a Deployment that is gone, or another one of its name, is refused", async () => {
  const rolled = await rollOut(servers.api, "another");
  const gone = { ...rolled.workload, name: "another-nothing" };
  const another = { ...rolled.workload, uid: "00000000-0000-4000-8000-000000000000" };

  for (const workload of [gone, another]) {
    const receipt = await actionsOver(servers.api).execute({ ...rollbackOf(rolled), workload });
    expect(receipt).toMatchObject({ outcome: "refused", because: { code: "workload-deleted" } });
  }
  expect((await liveOf(servers.api, rolled.path)).image).toBe("shop:2");
});

test("an instance that has lost the lead writes nothing", async () => {
  const rolled = await rollOut(servers.api, "deposed");

  const receipt = await actionsOver(servers.api, () => false).execute(rollbackOf(rolled));

  expect(receipt).toMatchObject({ outcome: "failed", detail: "this instance no longer leads; nothing was written" });
  expect((await liveOf(servers.api, rolled.path)).image).toBe("shop:2");
});

test("a write of which only the answer was lost is found, not repeated", async () => {
  const rolled = await rollOut(servers.api, "lost-answer");
  let writes = 0;
  const patch: KubernetesApi["patch"] = async (path, body, options) => {
    const answer = await servers.api.patch(path, body, options);
    if (options.dryRun === true) return answer;
    writes++;
    throw new KubernetesError("KUBERNETES_UNREACHABLE", "the connection broke");
  };

  const receipt = await actionsOver({ ...servers.api, patch }).execute(rollbackOf(rolled));

  expect(receipt.outcome).toBe("applied");
  expect(writes).toBe(1);
  expect((await liveOf(servers.api, rolled.path)).image).toBe("shop:1");
});

test("an admission webhook that refuses dry runs does not stand in the way", async () => {
  const rolled = await rollOut(servers.api, "no-dry-run");
  const patch: KubernetesApi["patch"] = async (path, body, options) => {
    if (options.dryRun !== true) return servers.api.patch(path, body, options);
    const serverMessage = 'admission webhook "audit.example.com" does not support dry run';
    throw new KubernetesError("KUBERNETES_INVALID", `PATCH: the API server answered 400: ${serverMessage}`, { status: 400, serverMessage });
  };

  const receipt = await actionsOver({ ...servers.api, patch }).execute(rollbackOf(rolled));

  expect(receipt).toMatchObject({ outcome: "applied", detail: `the template of ${rolled.old.name} is back (dry-run unavailable)` });
});

test("a drain scales the condemned pods down to what must stay, and stays so", async () => {
  const rolled = await rollOut(servers.api, "drained");
  const actions = actionsOver(servers.api);
  await actions.execute(rollbackOf(rolled));

  const receipt = await actions.execute(drainOf(rolled, 0));

  // The controller may have been faster with a pod that never got ready.
  expect(["applied", "unchanged"]).toContain(receipt.outcome);
  const scale = await servers.api.get(`/apis/apps/v1/namespaces/default/replicasets/${rolled.bad.name}/scale`);
  expect(dig(scale, "spec", "replicas") ?? 0).toBe(0);
  expect(await actions.execute(drainOf(rolled, 0))).toMatchObject({ outcome: "unchanged" });
});

test("a drain never scales up, and never drains the template in force", async () => {
  const rolled = await rollOut(servers.api, "drain-limits");
  const actions = actionsOver(servers.api);

  expect(await actions.execute(drainOf(rolled, 0))).toMatchObject({ outcome: "refused", because: { code: "conflict" } });
  await actions.execute(rollbackOf(rolled));
  expect(await actions.execute(drainOf(rolled, 50))).toMatchObject({ outcome: "unchanged" });
});

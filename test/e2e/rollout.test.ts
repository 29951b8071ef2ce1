import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startCluster } from "../servers/cluster.ts";
import { startTraffic } from "../servers/traffic.ts";
import { waitUntil } from "../servers/wait-until.ts";
import { ownCidr } from "./cidr.ts";
import { printLog } from "./daemon.ts";
import { endOf, guardOf, guardsIn, reasonsOf, storyOf } from "./guards.ts";
import { policyText } from "./policies.ts";
import { deployShop, sameShape, shapeOf } from "./shop.ts";
import type { Shop } from "./shop.ts";
import { createWorld, must } from "./world.ts";
import type { World } from "./world.ts";
import { restartSeenAt, templateWrites, workloadWrites } from "./writes.ts";

// One cluster and one daemon; each test has a namespace of its own, so they run side by side.
let world: World;
let shops: Readonly<Record<"good" | "bad" | "twin" | "crash" | "paused" | "newer", Shop>>;
let daemon: Awaited<ReturnType<World["startDaemon"]>>;

beforeAll(async () => {
  const cluster = await startCluster({ cidr: await ownCidr() });
  world = await createWorld(cluster);
  const slow = { replicas: 6, minReadySeconds: 1 };
  const [good, bad, twin, crash, paused, newer] = await Promise.all([
    deployShop(cluster, { namespace: "good" }),
    deployShop(cluster, { namespace: "bad", ...slow }),
    deployShop(cluster, { namespace: "twin", ...slow }),
    deployShop(cluster, { namespace: "crash" }),
    deployShop(cluster, { namespace: "paused" }),
    deployShop(cluster, { namespace: "newer", ...slow }),
  ]);
  shops = { good, bad, twin, crash, paused, newer };
  daemon = await world.startDaemon({
    policies: {
      "all.yaml": policyText({ name: "all", namespaces: ["good", "bad", "crash", "paused"] }),
      "careful.yaml": `${policyText({ name: "careful", namespaces: ["newer"] })}  onBreach: { default: [brake, notify] }\n`,
    },
    settings: await world.grafana(),
  });
  await daemon.ready();
});

beforeEach(({ onTestFailed }) => {
  onTestFailed(() => {
    printLog(daemon);
  });
});

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

const traffic = (namespace: string, requestsPerSecond = 60) =>
  startTraffic({ client: world.cluster.client, namespace, service: "shop", requestsPerSecond });

describe.concurrent("a rollout under guard", () => {
  test("that is good passes, and nothing is written to the workload", async () => {
    const { cluster } = world;
    await using _traffic = await traffic("good");
    await shops.good.rollOut("v2");

    const guard = await endOf(cluster, "good", 2);

    expect(guard.status?.phase).toBe("passed");
    expect(storyOf(guard)).toEqual(["opened", "completed", "finished passed"]);
    expect(await workloadWrites(cluster, "good")).toEqual([]);
  });

  test("with 20 % errors is braked and rolled back as kubectl rollout undo would, and people are told", async () => {
    const { cluster, receiver } = world;
    const { bad, twin } = shops;
    await using _traffic = await traffic("bad", 100);
    const oracle = undoByHand(twin);
    await bad.rollOut("v2", { "error-rate": "0.2" });

    const braked = await guardOf(cluster, "bad", 2, (guard) => guard.status?.braked === true, { what: "braked" });
    expect(braked.status?.phase).toBe("observing");
    const guard = await endOf(cluster, "bad", 2);

    expect(guard.status?.phase).toBe("restored");
    const story = storyOf(guard).filter((line) => !line.includes("drain"));
    expect(story).toEqual([
      "opened",
      "intended brake",
      "receipt brake applied",
      "intended rollback",
      "receipt rollback applied",
      "finished restored",
    ]);
    // Nobody keeps EndpointSlices for pods on loopback addresses: whether the Service reaches them is not asked here.
    expect(reasonsOf(guard, "finished")).toEqual(["recovered", "history"]);

    await oracle;
    await waitUntil("the shape kubectl leaves", () => sameShape(bad, twin)).catch(() => {});
    expect(await shapeOf(bad)).toEqual(await shapeOf(twin));
    const annotations = (await bad.deployment()).metadata.annotations ?? {};
    expect(annotations).not.toHaveProperty(["rearguard.dev/braked-by"]);
    expect(annotations["rearguard.dev/rolled-back-from"]).toContain(guard.metadata.name);

    const writes = await workloadWrites(cluster, "bad");
    expect(writes.map(({ code }) => code)).toEqual(writes.map(() => 200));
    expect((await templateWrites(cluster, "bad")).length).toBe(1);
    expect(writes.filter(({ resource }) => resource === "replicasets/scale")).not.toEqual([]);
    const condemned = guard.spec.rollout.new.podTemplateHash;
    expect((await bad.pods()).filter((pod) => pod.metadata.labels?.["pod-template-hash"] === condemned)).toEqual([]);

    const events = await must(cluster, ["get", "events", "-n", "bad", "--field-selector", "involvedObject.name=shop", "-o", "wide"]);
    for (const reason of ["GuardOpened", "RolloutBraked", "RolledBack", "GuardFinished"]) expect(events).toContain(reason);

    const told = ["opened", "braked", "rolled-back", "finished"];
    const ofGuard = () => receiver.deliveries("bad").filter(({ data }) => data.guard === guard.metadata.name && data.kind !== "noted");
    await waitUntil("all messages", () => ofGuard().length >= told.length);
    expect(ofGuard().map(({ data }) => data.kind)).toEqual(told);
    expect(ofGuard().find(({ data }) => data.kind === "rolled-back")?.data.text).toMatch(/errors [\d.]+ % = [\d.]+x the limit/);
    const marks = () => receiver.annotations("bad").filter(({ tags }) => tags.includes(guard.metadata.name));
    await waitUntil("the guard's region closed", () => marks().some(({ timeEnd }) => timeEnd !== undefined));
    expect(
      marks()
        .map(({ tags }) => tags[3])
        .toSorted((one = "", other = "") => one.localeCompare(other)),
    ).toEqual(["brake", "guard", "rollback", "verdict"]);

    const columns = await must(cluster, ["get", "guards", "-n", "bad", "-o", "wide"]);
    expect(columns).toMatch(/WORKLOAD +TRIGGER +REVISION +PHASE +BRAKED +EVIDENCE +SINCE +MESSAGE/);
    expect(columns).toMatch(/shop +2 +restored +false +\S+ +\S+ +.*restored/);
  });

  test("that crash-loops is taken back from pod state alone, without traffic", async () => {
    const { cluster } = world;
    await shops.crash.rollOut("v2", { crash: "Error" });

    const guard = await endOf(cluster, "crash", 2);

    expect(guard.status?.phase).toBe("restored");
    const [patch] = await templateWrites(cluster, "crash");
    const seconds = ((patch?.at ?? Number.NaN) - (await restartSeenAt(cluster, "crash", 2))) / 1000;
    process.stdout.write(`crash loop: ${seconds.toFixed(2)} s from the pod's second restart to our patch\n`);
    expect(seconds).toBeLessThan(10);
    const { spec } = await shops.crash.deployment();
    expect(JSON.stringify(spec.template)).toContain("shop:v1");
  });

  test("that a person has paused is left to that person", async () => {
    const { cluster } = world;
    await shops.paused.rollOut("v2", { crash: "Error" });
    await shops.paused.pause();

    const guard = await guardOf(cluster, "paused", 2, (one) => reasonsOf(one, "withheld").length > 0, { what: "withheld" });

    expect(reasonsOf(guard, "withheld")).toContain("paused-by-other");
    const { spec } = await shops.paused.deployment();
    expect(spec.paused).toBe(true);
    expect(JSON.stringify(spec.template)).toContain("shop:v2");
    expect(await workloadWrites(cluster, "paused")).toEqual([]);
  });

  test("gives way to a newer template: the brake goes, the newer one is rolled out and guarded", async () => {
    const { cluster } = world;
    const { newer } = shops;
    await using _traffic = await traffic("newer", 100);
    await newer.rollOut("v2", { "error-rate": "0.2" });
    await guardOf(cluster, "newer", 2, (guard) => guard.status?.braked === true, { what: "braked" });

    await newer.rollOut("v3");

    const second = await endOf(cluster, "newer", 2);
    expect(second.status?.phase).toBe("superseded");
    const third = await endOf(cluster, "newer", 3);
    expect(third.status?.phase).toBe("passed");
    const { spec } = await newer.complete();
    expect(spec.paused).toBeUndefined();
    expect(JSON.stringify(spec.template)).toContain("shop:v3");
    expect(await templateWrites(cluster, "newer")).toEqual([]);
    expect((await guardsIn(cluster, "newer")).map((guard) => guard.status?.revision)).toEqual(expect.arrayContaining([2, 3]));
  });
});

/** The oracle: the same two templates on a workload that nobody guards, undone by kubectl. */
async function undoByHand(twin: Shop): Promise<void> {
  await twin.rollOut("v2", { "error-rate": "0.2" });
  await waitUntil("the twin's second revision", async () => (await twin.replicaSets()).length === 2);
  await must(world.cluster, ["rollout", "undo", "deployment/shop", "-n", twin.namespace]);
  await twin.complete();
}

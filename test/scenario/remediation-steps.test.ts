import { describe, expect, test } from "vitest";
import type { World } from "../support/world.ts";
import { crashing } from "./quick.ts";
import { isOver, openRemedyWorld, post, remedyPolicy, story } from "./remediation-world.ts";

const scale = "do: [{ scale: { by: 2, restoreAfter: 10s } }, notify]";

const replicas = (world: World) => world.deployment("web").spec.replicas;

function autoscale(world: World, spec: { readonly minReplicas?: number; readonly maxReplicas: number }): void {
  world.sandbox.cluster.apply({
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "web", namespace: "shop" },
    spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" }, metrics: [cpu], ...spec },
  });
}

const cpu = { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } };

function minReplicas(world: World): unknown {
  const [hpa] = world.sandbox.cluster.store.list({ group: "autoscaling", resource: "horizontalpodautoscalers" }, "shop");
  return (hpa?.["spec"] as { readonly minReplicas?: number } | undefined)?.minReplicas;
}

/** The alert fires until it is told to be over. */
async function fire(world: World) {
  await world.run(3);
  const startsAt = world.now();
  expect(await post(world, { startsAt })).toMatchObject({ status: 202, outcomes: ["opened"] });
  return { startsAt, over: () => post(world, { startsAt, endsAt: world.now() }) };
}

describe("slow responses", () => {
  test("get more pods, which are given back some time after the alert is over", async () => {
    await using world = await openRemedyWorld(remedyPolicy(scale));
    const alert = await fire(world);
    await world.until("six pods are ready", () => world.replicaSets("web")[0]?.status.readyReplicas === 6, 15);
    await alert.over();
    await world.until("it is over for now", () => story(world).includes("noted"), 15);
    await world.run(5);
    expect(replicas(world), "not given back at once").toBe(6);
    await world.until("the guard ends", () => isOver(world), 20);
    expect(replicas(world)).toBe(4);
    expect(story(world)).toEqual(["opened", "intended scale", "scale applied", "noted", "intended scale", "scale applied", "restored"]);
    expect(world.told("web")).toMatch(/there are 4 pods, 6 are wanted/);
    expect(world.told("web")).toMatch(/what was scaled was given back after [\d a-z]+: from 6 to 4/);
  });

  test("raise what an HPA keeps at least, and put it back", async () => {
    await using world = await openRemedyWorld(remedyPolicy(scale));
    autoscale(world, { minReplicas: 2, maxReplicas: 8 });
    const alert = await fire(world);
    await world.until("the HPA keeps six", () => minReplicas(world) === 6, 10);
    await world.until("six pods are ready", () => world.replicaSets("web")[0]?.status.readyReplicas === 6, 20);
    await alert.over();
    await world.until("the guard ends", () => isOver(world), 40);
    expect(minReplicas(world)).toBe(2);
    expect(world.told("web")).toContain("HorizontalPodAutoscaler web is to keep at least 6 instead of 2");
  });

  test("get nothing where the HPA is at its maximum: it is said, and the next step is up", async () => {
    await using world = await openRemedyWorld(remedyPolicy(scale));
    autoscale(world, { minReplicas: 4, maxReplicas: 4 });
    await fire(world);
    await world.until("the guard ends", () => isOver(world), 40);
    expect(story(world)).toEqual(["opened", "withheld scale", "escalated", "noted", "unresolved"]);
    expect([replicas(world), minReplicas(world)]).toEqual([4, 4]);
    expect(world.told("web")).toContain("HorizontalPodAutoscaler web allows at most 4");
    expect(world.messages("finished").at(-1)?.severity).toBe("critical");
  });

  test("whoever changes the count meanwhile wins: it is not put back over theirs", async () => {
    await using world = await openRemedyWorld(remedyPolicy(scale));
    const alert = await fire(world);
    await world.until("it was scaled", () => replicas(world) === 6, 10);
    world.edit("web", (found) => ({ ...found, spec: { ...found.spec, replicas: 9 } }));
    await alert.over();
    await world.until("the guard ends", () => isOver(world), 60);
    expect(replicas(world)).toBe(9);
    expect(story(world).slice(-2)).toEqual(["scale refused", "restored"]);
  });

  test("of two kinds, each with its own remediation, are given back one after the other, whichever is over first", async () => {
    const queue = remedyPolicy(scale, { name: "queue", on: "alert: { names: [Queue] }" });
    const governor = { remedies: { cooldown: "0s" } };
    await using world = await openRemedyWorld(`${remedyPolicy(scale)}---\n${queue}`, { settings: { governor } });
    const alert = await fire(world);
    await world.until("six pods are ready", () => world.replicaSets("web")[0]?.status.readyReplicas === 6, 15);
    const other = { startsAt: world.now(), name: "Queue", fingerprint: "0a" };
    await post(world, other);
    await world.until("eight pods are ready", () => world.replicaSets("web")[0]?.status.readyReplicas === 8, 15);
    await alert.over();
    await world.run(15);
    expect(replicas(world)).toBe(8);
    await post(world, { ...other, endsAt: world.now() });
    await world.until("both guards end", () => world.daemon().pipeline.remediations().open.length === 0, 60);
    expect(replicas(world)).toBe(4);
  });

  test("that more pods do not help go on to the next step, and the pods stay until it is over", async () => {
    await using world = await openRemedyWorld(remedyPolicy("do: [{ scale: { by: 2, restoreAfter: 5s } }, { restart: {} }]"));
    const alert = await fire(world);
    await world.until("people are paged", () => world.messages("held").some(({ severity }) => severity === "critical"), 120);
    expect(story(world).filter((line) => line !== "noted")).toEqual([
      "opened",
      "intended scale",
      "scale applied",
      "escalated",
      "intended restart",
      "restart applied",
      "escalated",
      "held",
    ]);
    expect(replicas(world)).toBe(6);
    expect(isOver(world)).toBe(false);
    await alert.over();
    await world.until("the guard ends", () => isOver(world), 30);
    expect(replicas(world)).toBe(4);
  });

  test("that come back before the pods were given back keep them, and go on to the next step", async () => {
    await using world = await openRemedyWorld(remedyPolicy(scale));
    const alert = await fire(world);
    await world.until("it was scaled", () => replicas(world) === 6, 10);
    await world.run(10);
    await alert.over();
    await world.until("it is over for now", () => story(world).includes("noted"), 10);
    const again = world.now();
    expect(await post(world, { startsAt: again })).toMatchObject({ outcomes: ["recorded"] });
    await world.until("the next step", () => story(world).filter((line) => line === "noted").length === 3, 40);
    expect(replicas(world)).toBe(6);
    await post(world, { startsAt: again, endsAt: world.now() });
    await world.until("the guard ends", () => isOver(world), 40);
    expect(replicas(world)).toBe(4);
    expect(world.remediations("web")).toHaveLength(1);
  });
});

describe("a memory leak", () => {
  const worst = `do: [{ restart: { pods: 2, worst: 'container_memory_working_set_bytes{namespace="{{namespace}}",pod=~"{{pods}}",container="app"}' } }]`;

  test("has the worst pods restarted, one after the other, and nothing else", async () => {
    await using world = await openRemedyWorld(remedyPolicy(worst, { within: "60s" }), { cadvisor: true }, [
      { behaviour: { leakMibPerMinute: 20 } },
    ]);
    const before = podNames(world);
    const alert = await fire(world);
    await world.until("two were restarted", () => story(world).filter((line) => line === "restart applied").length === 2, 60);
    await world.until("their replacements are ready", () => world.replicaSets("web")[0]?.status.availableReplicas === 4, 20);
    await world.run(10);
    await alert.over();
    await world.until("the guard ends", () => isOver(world), 20);
    expect(podNames(world).filter((name) => before.includes(name))).toHaveLength(2);
    expect(story(world).filter((line) => line === "intended restart")).toHaveLength(2);
    expect(world.told("web")).toMatch(
      /pod web-\S+ is the worst of those that are there: [\d.e+]+ by the policy's query \(1 of 2 to restart\)/,
    );
  });

  test("of which nobody can say which pods are the worst has none restarted", async () => {
    await using world = await openRemedyWorld(remedyPolicy(worst), { cadvisor: true });
    world.sandbox.prometheus.fault = "unavailable";
    const alert = await fire(world);
    await world.run(30);
    expect(story(world)).toEqual(["opened", "held"]);
    await alert.over();
    await world.until("the guard ends", () => isOver(world), 10);
    expect(story(world)).toEqual(["opened", "held", "restored"]);
  });

  test("restarts nothing against a PodDisruptionBudget that allows nothing", async () => {
    await using world = await openRemedyWorld(remedyPolicy("do: [{ restart: {} }, notify]"));
    world.sandbox.cluster.apply({
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "web", namespace: "shop" },
      spec: { maxUnavailable: 0, selector: { matchLabels: { app: "web" } } },
    });
    const before = podNames(world);
    await fire(world);
    await world.until("the guard ends", () => isOver(world), 60);
    expect(story(world)).toEqual(["opened", "intended restart", "restart refused", "escalated", "noted", "unresolved"]);
    expect(podNames(world)).toEqual(before);
    expect(world.told("web")).toContain("a PodDisruptionBudget does not let pod web-");
  });
});

function podNames(world: World): readonly string[] {
  return world.sandbox.cluster.store
    .list({ group: "", resource: "pods" }, "shop")
    .filter(({ metadata }) => metadata.labels?.["app"] === "web")
    .map(({ metadata }) => metadata.name)
    .toSorted();
}

describe("errors soon after a rollout", () => {
  const rollback = "do: [{ rollback: { within: 5m } }]";

  test("have it taken back to what was complete before, and that opens no guard of a rollout", async () => {
    const observed = `apiVersion: rearguard.dev/v1alpha1
kind: Policy
metadata: { name: shop }
spec: { match: {}, mode: observe, window: 40s, signals: { pods: { pods: { restarts: 2, stuckFor: 20s } } } }
`;
    await using world = await openRemedyWorld(`${remedyPolicy(rollback, { within: "120s" })}---\n${observed}`);
    world.release("web");
    await world.until("it is complete", () => world.entries("web").some(({ kind }) => kind === "completed"), 60);
    const alert = await fire(world);
    await world.until("the old template is back", () => world.image("web") === "shop/web:1.0.0", 10);
    await world.until(
      "its pods run",
      () => world.replicaSets("web").some(({ status }) => status.availableReplicas === 4 && status.replicas === 4),
      90,
    );
    await alert.over();
    await world.until("the guard ends", () => isOver(world), 60);
    expect(story(world)).toEqual(["opened", "intended rollback", "rollback applied", "restored"]);
    expect(world.records("web"), "of the release alone").toHaveLength(1);
    expect(world.messages("rolled-back")).toHaveLength(1);
  });

  test("lead to no rollback of a revision that is old", async () => {
    await using world = await openRemedyWorld(remedyPolicy("do: [{ rollback: { within: 1m } }]"));
    await fire(world);
    await world.until("the guard ends", () => isOver(world), 60);
    expect(story(world)).toEqual(["opened", "withheld rollback", "escalated", "unresolved"]);
    expect(world.told("web")).toMatch(/the running revision is [\d a-z]+ old; only one younger than 1 min is blamed/);
  });

  test("are left to the guard of a rollout that is open and may act", async () => {
    const enforced = `apiVersion: rearguard.dev/v1alpha1
kind: Policy
metadata: { name: shop }
spec: { match: {}, mode: enforce, window: 40s, signals: { pods: { pods: { restarts: 2, stuckFor: 20s } } } }
`;
    await using world = await openRemedyWorld(`${remedyPolicy(rollback)}---\n${enforced}`);
    world.release("web");
    await world.until("it is complete", () => world.entries("web").some(({ kind }) => kind === "completed"), 60);
    const alert = await fire(world);
    await world.run(30);
    expect(story(world)).toEqual(["opened", "held"]);
    expect(world.told("web")).toContain("judges a rollout of this workload and decides first");
    await alert.over();
    await world.until("the guard ends", () => isOver(world), 10);
    expect(world.image("web")).not.toBe("shop/web:1.0.0");
  });
});

test("a Job that fails leads to the next one, which has an end and a log of its own", async () => {
  const job = (script: string) => `{ job: { pod: { containers: [{ name: app, image: fix, command: [sh, -c, "${script}"] }] } } }`;
  await using world = await openRemedyWorld(remedyPolicy(`do: [${job("echo no luck; exit 3")}, ${job("sleep 3; echo all is well")}]`));
  await fire(world);
  const ends = () =>
    (world.remediations("web")[0]?.entries ?? [])
      .flatMap((entry) => ("because" in entry ? entry.because : []))
      .flatMap((reason) => {
        return reason.code === "job-ended" ? [[reason.outcome, reason.log.trim()]] : [];
      });
  await world.until("both have ended", () => ends().length >= 2, 120);
  expect(ends()).toEqual([
    ["failed", "no luck"],
    ["passed", "all is well"],
  ]);
});

test("pods that do not start are diagnosed, although a rollout is stuck, and nothing is changed", async () => {
  await using world = await openRemedyWorld(remedyPolicy("do: [diagnose]"));
  world.release("web", { ...crashing, lastWords: "cannot open /etc/shop/config.yaml" });
  await world.run(15);
  const alert = await fire(world);
  await world.until("it is told", () => story(world).includes("noted"), 30);
  expect(world.told("web")).toMatch(/pods? crash(es)? in container app/);
  await alert.over();
  await world.until("the guard ends", () => isOver(world), 10);
  expect(story(world)).toEqual(["opened", "noted", "restored"]);
  expect(world.effects("web")).toEqual([]);
});

test("a freeze uses no step up: the one that is up waits, which is told once, and is done when it is over", async () => {
  const frozen = { annotations: { "rearguard.dev/freeze": "true" } };
  await using world = await openRemedyWorld(remedyPolicy("do: [{ restart: {} }, notify]"), {}, [frozen]);
  await world.run(3);
  await post(world, { startsAt: world.now() });
  await world.run(60);
  expect(world.effects("web")).toEqual([]);
  expect(story(world)).toEqual(["opened", "held"]);
  expect(world.told("web")).toContain("the workload is frozen by the annotation rearguard.dev/freeze: true");
  world.edit("web", (deployment) => ({ ...deployment, metadata: { ...deployment.metadata, annotations: {} } }));
  await world.until("a pod is restarted", () => story(world).includes("restart applied"), 20);
});

import { describe, expect, test } from "vitest";
import { isOver, openRemedyWorld, post, remedyPolicy, story } from "./remediation-world.ts";

const scale = "do: [{ scale: { by: 2, restoreAfter: 5s } }]";

test("an alert that no guard asked for opens a guard of its own, which tells people, and is out of trouble when the alert is over", async () => {
  await using world = await openRemedyWorld(remedyPolicy("do: [notify]"));
  await world.run(3);
  const startsAt = world.now();
  const answer = await post(world, { startsAt });
  expect(answer).toMatchObject({ status: 202, outcomes: ["opened"] });
  expect(world.remediations("web"), "written before it was answered").toHaveLength(1);
  expect(await post(world, { startsAt }), "of another peer").toMatchObject({ status: 202, outcomes: ["known"] });
  await world.run(5);
  expect(await post(world, { startsAt, endsAt: world.now() })).toMatchObject({ outcomes: ["recorded"] });
  await world.until("it ends", () => isOver(world), 10);
  expect(story(world)).toEqual(["opened", "noted", "restored"]);
  expect(world.told("web")).toContain('alert Slow {severity="page"} fires since 12:00:06 UTC');
  expect(await post(world, { startsAt, endsAt: world.now() }), "late").toMatchObject({ outcomes: ["no-guard"] });
  expect(world.effects("web")).toEqual([]);
});

describe("alerts", () => {
  test("of one workload and policy that come at once, and many more while the guard is open, are one guard", async () => {
    await using world = await openRemedyWorld(remedyPolicy("do: [notify]"));
    await world.run(3);
    const startsAt = world.now();
    const storm = Array.from({ length: 20 }, (_, at) => ({ startsAt, fingerprint: `f${at}`, labels: { pod: `web-${at}` } }));
    const answers = await Promise.all([post(world, ...storm.slice(0, 10)), post(world, ...storm.slice(10))]);
    expect(answers.flatMap(({ outcomes }) => outcomes ?? []).toSorted()).toEqual(
      ["opened", ...Array.from({ length: 19 }, () => "recorded")].toSorted(),
    );
    await world.run(5);
    expect(world.remediations("web").map(({ alerts }) => alerts.length)).toEqual([20]);
    expect(story(world)).toEqual(["opened", "noted"]);
    await post(world, ...storm.map((alert) => ({ ...alert, endsAt: world.now() })));
    await world.until("it ends", () => isOver(world), 10);
    expect(world.told("web")).toContain("(it fired 20 times)");
  });

  test("of which one still fires do not end it", async () => {
    await using world = await openRemedyWorld(remedyPolicy("do: [notify]"));
    await world.run(3);
    const startsAt = world.now();
    await post(world, { startsAt, fingerprint: "a" }, { startsAt, fingerprint: "b" });
    await post(world, { startsAt, fingerprint: "a", endsAt: world.now() });
    await world.run(10);
    expect(isOver(world)).toBe(false);
  });

  test.each([
    ["another name", { name: "Fast" }, "no-guard"],
    ["a workload that is not there", { labels: { deployment: "ghost" } }, "no-guard"],
    ["another namespace", { labels: { namespace: "bank" } }, "no-guard"],
    ["no workload", { labels: { deployment: "", namespace: "shop" } }, "no-workload"],
  ])("with %s open nothing, and the answer says so", async (_, other, outcome) => {
    await using world = await openRemedyWorld(remedyPolicy("do: [notify]"));
    await world.run(3);
    expect(await post(world, { startsAt: world.now(), ...other })).toMatchObject({ status: 202, outcomes: [outcome] });
    await world.run(2);
    expect(world.remediations("web")).toEqual([]);
  });

  test("that name a pod alone find its workload by the name of its ReplicaSet", async () => {
    await using world = await openRemedyWorld(remedyPolicy("do: [notify]"));
    await world.run(3);
    const [set] = world.replicaSets("web");
    const pod = `${set?.metadata.name}-x7k2p`;
    expect(await post(world, { startsAt: world.now(), labels: { deployment: "", pod } })).toMatchObject({ outcomes: ["opened"] });
    expect(world.remediations("web")).toHaveLength(1);
  });

  test("that are over before they fired for long enough lead to nothing", async () => {
    const on = "alert: { names: [Slow], for: 10s }";
    await using world = await openRemedyWorld(remedyPolicy(scale, { on }));
    await world.run(3);
    const startsAt = world.now();
    await post(world, { startsAt });
    await world.run(5);
    await post(world, { startsAt, endsAt: world.now() });
    await world.until("it ends", () => isOver(world), 10);
    expect(story(world)).toEqual(["opened", "restored"]);
    expect(world.effects("web")).toEqual([]);
  });

  test("that fire again after their guard has ended open another one, which the cool-down holds back", async () => {
    await using world = await openRemedyWorld(remedyPolicy("do: [{ scale: { by: 1, restoreAfter: 0s } }]"));
    await world.run(3);
    const first = world.now();
    await post(world, { startsAt: first });
    await world.run(15);
    await post(world, { startsAt: first, endsAt: world.now() });
    await world.until("the first one ends", () => isOver(world), 30);
    const second = world.now();
    expect(await post(world, { startsAt: second })).toMatchObject({ outcomes: ["opened"] });
    await world.run(5);
    expect(world.remediations("web")).toHaveLength(2);
    expect(story(world).slice(0, 3)).toEqual(["opened", "withheld scale", "escalated"]);
    expect(world.told("web")).toContain('held back by the safety rule "cooldown"');
  });
});

describe("conditions", () => {
  const busy = (above: number) =>
    `${scale}\nwhen: { busy: { promql: { query: 'sum(http_requests_total{namespace="{{namespace}}",pod=~"{{pods}}"})', above: ${above} } } }`;

  test("that hold let it act, and the message has their numbers", async () => {
    await using world = await openRemedyWorld(remedyPolicy(busy(1)));
    await world.run(3);
    await post(world, { startsAt: world.now() });
    await world.until("it is scaled", () => story(world).includes("scale applied"), 15);
  });

  test("that do not hold keep it from anything, and say so once", async () => {
    await using world = await openRemedyWorld(remedyPolicy(busy(1e12)));
    await world.run(3);
    const startsAt = world.now();
    await post(world, { startsAt });
    await world.run(20);
    expect(world.told("web")).toMatch(/busy: it does not hold: it is not above 1000000000000 \([\d.]+\)/);
    await post(world, { startsAt, endsAt: world.now() });
    await world.until("it ends", () => isOver(world), 10);
    expect(story(world)).toEqual(["opened", "held", "restored"]);
    expect(world.effects("web")).toEqual([]);
  });

  test.each(["unavailable", "empty", "html"] as const)("that nobody can say (%s) keep it from anything", async (fault) => {
    await using world = await openRemedyWorld(remedyPolicy(busy(1)));
    await world.run(3);
    world.sandbox.prometheus.fault = fault;
    await post(world, { startsAt: world.now() });
    await world.run(30);
    expect(story(world)).toEqual(["opened", "held"]);
    expect(world.told("web")).toContain("busy: nobody knows whether it holds");
    expect(world.effects("web")).toEqual([]);
  });
});

test("mode observe tells what would be done, step by step, and does none of it", async () => {
  await using world = await openRemedyWorld(remedyPolicy("do: [{ scale: { by: 2 } }, { restart: {} }]", { mode: "observe", within: "5s" }));
  await world.run(3);
  await post(world, { startsAt: world.now() });
  await world.until("it ends", () => isOver(world), 30);
  expect(story(world)).toEqual(["opened", "withheld scale", "escalated", "withheld restart", "escalated", "inconclusive"]);
  expect(world.told("web")).toMatch(/there are 4 pods, 6 are wanted/);
  expect(world.told("web"), "what was not done cannot have failed to help").not.toContain("has not helped");
  expect(world.effects("web")).toEqual([]);
  expect(world.messages().filter(({ severity }) => severity === "critical")).toEqual([]);
});

describe("an order", () => {
  const manual = { on: "manual: {}" };

  test("restarts a pod, and is done when its replacement is ready", async () => {
    await using world = await openRemedyWorld(remedyPolicy("do: [{ restart: {} }]", manual));
    await world.run(3);
    const { pipeline } = world.daemon();
    const trigger = { kind: "manual", by: "ada", reason: "looks stuck" } as const;
    expect(await pipeline.remediate(trigger, "slow")).toMatchObject({ done: true, guards: [{ outcome: "opened" }] });
    await world.until("it ends", () => isOver(world), 30);
    expect(story(world)).toEqual(["opened", "intended restart", "restart applied", "restored"]);
    expect(await pipeline.remediate(trigger, "slow"), "the same order").toMatchObject({ done: true, guards: [{ outcome: "exists" }] });
    expect(await pipeline.remediate(trigger, "fast")).toMatchObject({ done: false });
    expect(world.told("web")).toContain("ordered by ada");
  });

  test("to scale gives back after its time and is over, without a word of trouble that came back", async () => {
    await using world = await openRemedyWorld(remedyPolicy("do: [{ scale: { by: 2, restoreAfter: 5s } }]", manual));
    await world.run(3);
    await world.daemon().pipeline.remediate({ kind: "manual", by: "ada", reason: "the fair begins" }, "slow");
    await world.until("it ends", () => isOver(world), 60);
    expect(story(world)).toEqual(["opened", "intended scale", "scale applied", "noted", "intended scale", "scale applied", "restored"]);
    expect(world.deployment("web").spec.replicas).toBe(4);
    expect(world.told("web")).toMatch(/what was scaled was given back after [\d a-z]+: from 6 to 4/);
    expect(world.told("web"), "four are as many as there should be").not.toContain("4 of 6 pods");
  });

  test("is the same under the same id alone, and of two at once one opens", async () => {
    await using world = await openRemedyWorld(remedyPolicy("do: [{ restart: {} }]", manual));
    await world.run(3);
    const { pipeline } = world.daemon();
    const order = async (id: string) => {
      const ordered = await pipeline.remediate({ kind: "manual", by: "ada", reason: "looks stuck", id }, "slow");
      return ordered.done ? ordered.guards.map(({ outcome }) => outcome) : [ordered.because];
    };
    expect(await Promise.all([order("o1"), order("o2"), order("o1")])).toEqual([["opened"], ["busy"], ["exists"]]);
    expect(await order("o1"), "while it is open").toEqual(["exists"]);
    await world.until("it ends", () => isOver(world), 30);
    expect(await order("o1"), "after it has ended").toEqual(["exists"]);
    expect(await order("o3"), "for the same reason another day").toEqual(["opened"]);
  });

  test("to end a guard gives back at once what was scaled", async () => {
    await using world = await openRemedyWorld(remedyPolicy("do: [{ scale: { by: 2 } }]"));
    await world.run(3);
    await post(world, { startsAt: world.now() });
    await world.until("it is scaled", () => world.deployment("web").spec.replicas === 6, 10);
    const guard = world.remediations("web")[0]?.name ?? "";
    const order = { id: "o1", kind: "abort", by: "ada", reason: "I look at it" } as const;
    expect(await world.daemon().pipeline.order(guard, order)).toMatchObject({ taken: true });
    await world.until("it ends", () => isOver(world), 10);
    expect(world.deployment("web").spec.replicas).toBe(4);
    expect(story(world).at(-1)).toBe("aborted");
  });
});

describe("a schedule", () => {
  const on = 'schedule: { cron: "0 6 * * *" }';
  const due = { kind: "schedule", cron: "0 6 * * *", timeZone: "UTC", due: 1_700_000_000_000 } as const;
  const when = (above: number) =>
    `when: { old: { promql: { query: 'sum(http_requests_total{namespace="{{namespace}}"})', above: ${above} } } }`;

  test("that finds nothing ends well and tells nobody", async () => {
    await using world = await openRemedyWorld(remedyPolicy(`do: [notify]\n${when(1e12)}`, { on }));
    await world.run(3);
    await world.daemon().pipeline.remediate(due, "slow");
    await world.until("it ends", () => isOver(world), 15);
    expect(story(world)).toEqual(["opened", "passed"]);
    expect(world.messages()).toEqual([]);
  });

  test("that finds something tells it, and leaves it to people without a page", async () => {
    await using world = await openRemedyWorld(remedyPolicy(`do: [notify]\n${when(1)}`, { on }));
    await world.run(3);
    await world.daemon().pipeline.remediate(due, "slow");
    await world.until("it ends", () => isOver(world), 40);
    expect(story(world)).toEqual(["opened", "noted", "unresolved"]);
    expect(world.messages().map(({ severity }) => severity)).toEqual(["warning", "warning"]);
  });

  test("whose source is down for all its time ends without a verdict", async () => {
    await using world = await openRemedyWorld(remedyPolicy(`do: [notify]\n${when(1)}`, { on }));
    await world.run(3);
    world.sandbox.prometheus.fault = "unavailable";
    await world.daemon().pipeline.remediate(due, "slow");
    await world.until("it ends", () => isOver(world), 40);
    expect(story(world)).toEqual(["opened", "held", "inconclusive"]);
  });
});

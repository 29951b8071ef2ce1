import { describe, expect, test } from "vitest";
import type { EntryBody } from "../../src/entry.ts";
import type { World, WorldOptions } from "../support/world.ts";
import { ended, expectLeftAlone, expectTakenBack, rollbacks, told } from "./incidents.ts";
import { bad, openQuick, quickPolicy } from "./quick.ts";
import { remedyPolicy } from "./remediation-world.ts";

const listen = { tokens: [{ name: "alice", role: "operate", tokenFile: "grafana-token" }] };

function openShop(options: Partial<WorldOptions> = {}) {
  return openQuick([{ progressDeadlineS: 300 }], { ...options, settings: { listen, ...options.settings } });
}

type Method = "GET" | "POST" | "DELETE";

/** What alice asks of the API. */
async function ask(world: World, method: Method, path: string, body?: object) {
  const answer = await fetch(`${world.url()}/api/v1${path}`, {
    method,
    headers: { authorization: "Bearer glsa_world_token", ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Readonly<Record<string, unknown>> };
}

function order(world: World, kind: "abort" | "undo" | "cancel", over: object = {}) {
  const body = { kind, reason: "the supplier has a fault", ...over };
  return ask(world, "POST", `/guards/${world.record("web").name}/commands`, body);
}

/** A release that is ten seconds old. */
async function released(world: World, behaviour = {}) {
  world.release("web", behaviour);
  await world.until("the guard opens", () => world.records("web").length > 0, 10);
  await world.run(10);
}

const of = <Kind extends EntryBody["kind"]>(world: World, kind: Kind) =>
  world.entries("web").filter((entry): entry is Extract<typeof entry, { kind: Kind }> => entry.kind === kind);

const ledgerWith = (text: string) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "rearguard-ledger", namespace: "rearguard" },
  data: { "ledger.json": text },
});

describe("a pause of all action", () => {
  test("withholds a rollback and says who paused it and why; when it is taken away the rollback is done", async () => {
    await using world = await openShop();
    expect(await ask(world, "POST", "/pause", { reason: "storage is being moved" })).toMatchObject({
      status: 202,
      body: { paused: true, by: "alice", reason: "storage is being moved" },
    });
    world.release("web", bad);
    await world.until("it is withheld", () => of(world, "withheld").some(({ action }) => action === "rollback"), 60);
    await world.run(10);
    expect([rollbacks(world), world.effects("web")]).toEqual([0, []]);
    expect(told(world)).toMatch(/all action was paused by alice [^:]+ ago: storage is being moved/);
    expect(await ask(world, "GET", "/pause")).toMatchObject({ status: 200, body: { paused: true, by: "alice" } });

    expect(await ask(world, "DELETE", "/pause")).toMatchObject({ status: 202, body: { paused: false } });
    await world.until("the guard ends", () => ended(world), 100);
    expectTakenBack(world);
  });

  test("that is there stays with its who and why when another is asked for", async () => {
    await using world = await openShop();
    await ask(world, "POST", "/pause", { reason: "first" });
    await world.run(1);

    expect((await ask(world, "POST", "/pause", { reason: "second" })).body).toMatchObject({ reason: "first" });
  });

  test("outlives a process that was killed right after its 202, and binds the next one from its first step on", async () => {
    await using world = await openShop();
    world.release("web", bad);
    await world.until("the guard opens", () => world.records("web").length > 0, 10);
    await ask(world, "POST", "/pause", { reason: "storage is being moved" });
    world.kill();
    await world.startDaemon({ identity: "rearguard-1" });
    const before = world.effects("web").length;
    await world.run(40);
    expect([rollbacks(world), world.effects("web").length - before]).toEqual([0, 0]);
    await ask(world, "DELETE", "/pause");
    await world.until("the guard ends", () => ended(world), 100);
    expectTakenBack(world);
  });

  test("that another replica wrote into the ledger is obeyed within seconds", async () => {
    await using world = await openShop();
    world.release("web", bad);
    await world.until("the guard opens", () => world.records("web").length > 0, 10);
    const pause = { by: "bob", reason: "from the other replica", at: world.now() };
    world.sandbox.cluster.apply(ledgerWith(JSON.stringify({ version: 1, schedules: {}, pause })));
    await world.until("it is withheld", () => of(world, "withheld").length > 0, 60);
    await world.run(10);
    expect(world.effects("web")).toEqual([]);
    expect(told(world)).toMatch(/paused by bob/);
  });

  test("while the ledger was never readable nothing is done; once it is, all goes on", async () => {
    await using world = await openShop({ daemon: false });
    world.sandbox.cluster.apply(ledgerWith("by hand"));
    await world.startDaemon();
    await world.run(3);
    expect((await ask(world, "GET", "/pause")).status).toBe(503);
    world.release("web", bad);
    await world.until("it is withheld", () => of(world, "withheld").some(({ action }) => action === "rollback"), 60);
    expect(told(world)).toMatch(
      /whether a person has paused all action is not known: the ConfigMap rearguard\/rearguard-ledger cannot be read/,
    );
    expect(world.effects("web")).toEqual([]);
    expect(await ask(world, "POST", "/pause", { reason: "x" }), "what cannot be read is not replaced").toMatchObject({ status: 503 });

    world.sandbox.cluster.apply(ledgerWith(JSON.stringify({ version: 1, schedules: {} })));
    await world.until("the guard ends", () => ended(world), 100);
    expectTakenBack(world);
  });

  test("stays in force while the ledger cannot be read any more", async () => {
    await using world = await openShop();
    await ask(world, "POST", "/pause", { reason: "storage is being moved" });
    await world.run(1);
    world.sandbox.cluster.apply(ledgerWith("{"));
    world.release("web", bad);
    await world.until("it is withheld", () => of(world, "withheld").length > 0, 60);
    expect([world.effects("web"), told(world)]).toEqual([[], expect.stringMatching(/paused by alice/)]);
  });
});

describe("an abort", () => {
  test("ends the guard, and what happens to the revision is a person's business from then on", async () => {
    await using world = await openShop();
    await released(world);
    expect(await order(world, "abort", { id: "ticket-7" })).toMatchObject({
      status: 202,
      body: { command: { id: "ticket-7", kind: "abort", by: "alice", reason: "the supplier has a fault" }, again: false },
    });
    await world.run(3);
    expect(world.phase("web")).toBe("aborted");
    expect(told(world)).toMatch(/ordered by alice: the supplier has a fault/);
    expectLeftAlone(world);
    expect(await order(world, "abort", { id: "ticket-7" }), "the same order").toMatchObject({ status: 202, body: { again: true } });
    expect(await order(world, "undo"), "too late").toMatchObject({
      status: 409,
      body: { error: expect.stringMatching(/: it has ended$/) },
    });
  });

  test("takes the brake off first", async () => {
    await using world = await openShop({ policy: quickPolicy.replace("signals:", "onBreach: { default: [brake, notify] }\n  signals:") });
    world.release("web", bad);
    await world.until("it is braked", () => world.deployment("web").spec.paused === true, 60);
    await world.run(3);
    await order(world, "abort");
    await world.until("the guard ends", () => ended(world), 20);
    await world.run(3);
    expect(world.phase("web")).toBe("aborted");
    expectLeftAlone(world);
    expect(of(world, "intended").at(-1)).toMatchObject({ action: { kind: "release" }, because: [{ code: "ordered", by: "alice" }] });
  });

  test("waits with its end while all action is paused, so that the brake is not left behind", async () => {
    await using world = await openShop({ policy: quickPolicy.replace("signals:", "onBreach: { default: [brake, notify] }\n  signals:") });
    world.release("web", bad);
    await world.until("it is braked", () => world.deployment("web").spec.paused === true, 60);
    await world.run(3);
    await ask(world, "POST", "/pause", { reason: "storage is being moved" });
    await order(world, "abort");
    await world.run(10);
    expect([ended(world), world.deployment("web").spec.paused]).toEqual([false, true]);
    await ask(world, "DELETE", "/pause");
    await world.until("the guard ends", () => ended(world), 20);
    expectLeftAlone(world);
    expect(world.phase("web")).toBe("aborted");
  });
});

describe("an undo", () => {
  test.each(["enforce", "observe"])("takes a revision back that looks healthy, in mode %s, and is verified by its pods", async (mode) => {
    await using world = await openShop({ policy: quickPolicy.replace("mode: enforce", `mode: ${mode}`) });
    await released(world);
    expect((await order(world, "undo")).status).toBe(202);
    await world.until("the guard ends", () => ended(world), 60);
    await world.run(10);
    expectTakenBack(world);
    expect(told(world)).toMatch(/was taken back to revision 1[^]*ordered by alice: the supplier has a fault/);
    const codes = [
      { code: "pods-ready", ready: 4, of: 4 },
      { code: "endpoints-ready", pods: 4 },
      { code: "history", was: 1, is: 3 },
    ];
    expect(of(world, "finished")[0]?.because).toMatchObject(codes);
  });

  test("is not held up by a rollback of the same workload a moment ago", async () => {
    await using world = await openShop();
    world.release("web", bad);
    await world.until("the first guard ends", () => ended(world), 200);
    world.release("web", {}, "shop/web:9.0.0");
    await world.until("the second guard opens", () => world.records("web").length === 2, 20);
    await world.run(5);
    await order(world, "undo");
    await world.until("the second guard ends", () => ended(world), 60);
    expect([world.phase("web"), world.image("web")]).toEqual(["restored", "shop/web:1.0.0"]);
  });

  test("is withheld while all action is paused, and not done later unasked", async () => {
    await using world = await openShop();
    await released(world);
    await ask(world, "POST", "/pause", { reason: "storage is being moved" });
    await order(world, "undo");
    await world.until("it is answered", () => of(world, "withheld").length > 0, 10);
    await ask(world, "DELETE", "/pause");
    await world.until("the guard ends", () => ended(world), 200);
    expectLeftAlone(world);
    expect(world.phase("web"), "an order says nothing of the revision").toBe("passed");
    expect(of(world, "withheld")).toHaveLength(1);
  });

  test("of what Helm owns is refused with the reason", async () => {
    await using world = await openShop();
    world.edit("web", (web) => ({
      ...web,
      metadata: {
        ...web.metadata,
        labels: { ...web.metadata.labels, "app.kubernetes.io/managed-by": "Helm" },
        annotations: { ...web.metadata.annotations, "meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "shop" },
      },
    }));
    await released(world);
    await order(world, "undo");
    await world.until("it is answered", () => of(world, "withheld").length > 0, 10);
    expect(of(world, "withheld")[0]?.because).toMatchObject([{ code: "ordered" }, { code: "owned" }]);
    expect(rollbacks(world)).toBe(0);
  });
});

describe("an order survives a process that is killed", () => {
  test.each([
    ["before it is written: nothing was answered, and nothing is done", "before", 1, 0],
    ["after it is written, before its answer: it is obeyed once", "after", 1, 1],
    ["before the intent is written: it is obeyed once", "before", 2, 1],
    ["after the intent is written: it is obeyed once", "after", 2, 1],
  ] as const)("%s", async (_what, when, nth, expected) => {
    await using world = await openShop();
    await released(world);
    await world.run(2);
    let writes = 0;
    const killed = new Promise<void>((resolve) => {
      world.onWrite = (write) => {
        if (write.when !== when || write.method !== "PUT" || !write.path.endsWith("/status")) return;
        writes += 1;
        if (writes !== nth) return;
        world.onWrite = () => {};
        world.kill();
        resolve();
      };
    });
    let answered = false;
    const answer = order(world, "undo", { id: "ticket-9" }).then(
      () => (answered = true),
      () => undefined,
    );
    if (nth === 2) await Promise.race([answer, killed]);
    await killed;
    await world.startDaemon({ identity: "rearguard-1" });
    expect(answered).toBe(nth === 2);
    await world.until("the guard ends", () => ended(world), 200);
    expect(rollbacks(world)).toBe(expected);
    if (expected === 1) expectTakenBack(world);
    else expectLeftAlone(world);
    expect(of(world, "commanded")).toHaveLength(expected);
  });
});

test("a replica that does not lead sends who orders to the one that does, and loses nothing", async () => {
  await using world = await openShop();
  await released(world);
  const name = world.record("web").name;
  world.kill();
  await world.startDaemon({ identity: "rearguard-1" });
  // The dead one's lease has not run out yet.
  const body = { kind: "abort", reason: "x", id: "ticket-1" };
  const answer = await ask(world, "POST", `/guards/${name}/commands`, body);
  expect(answer).toMatchObject({
    status: 503,
    body: { error: "another Rearguard leads", hint: expect.stringMatching(/send the same to rearguard-0/) },
  });
  await world.run(20);
  expect(await ask(world, "POST", `/guards/${name}/commands`, body)).toMatchObject({ status: 202, body: { again: false } });
  await world.run(2);
  expect(world.phase("web")).toBe("aborted");
});

describe("a guard of a remediation", () => {
  test("is opened by a person for one workload, acts, and is ended by a person, who gets back what was scaled", async () => {
    const policy = remedyPolicy("do: [ { scale: { by: 2 } } ]", { within: "60s", on: "manual: {}" });
    await using world = await openShop({ policy });
    const body = { remediation: "slow", workload: { namespace: "shop", kind: "Deployment", name: "web" }, reason: "it is slow since noon" };
    const opened = await ask(world, "POST", "/guards", body);
    expect(opened).toMatchObject({ status: 202, body: { guards: [{ outcome: "opened" }] } });
    await world.until("it scales", () => world.deployment("web").spec.replicas === 6, 20);
    const [{ guard = "" } = {}] = opened.body["guards"] as readonly { readonly guard?: string }[];

    expect(await ask(world, "POST", `/guards/${guard}/commands`, { kind: "undo", reason: "x" })).toMatchObject({ status: 409 });
    expect(await ask(world, "POST", `/guards/${guard}/commands`, { kind: "abort", reason: "it is well again" })).toMatchObject({
      status: 202,
    });
    await world.until("it is given back", () => world.deployment("web").spec.replicas === 4, 20);
    await world.run(3);
    expect(world.remediations("web").at(-1)?.entries.at(-1)).toMatchObject({ kind: "finished", phase: "aborted" });
  });

  test("is not opened for what it does not match, or by a name that nobody has", async () => {
    await using world = await openShop({ policy: remedyPolicy("do: [notify]") });
    const workload = { namespace: "shop", kind: "Deployment", name: "web" };
    const open = (over: object) => ask(world, "POST", "/guards", { remediation: "slow", workload, reason: "x", ...over });
    expect(await open({ remediation: "fast" })).toMatchObject({ status: 404, body: { error: "there is no remediation fast in force" } });
    expect(await open({ workload: { ...workload, name: "cart" } })).toMatchObject({ status: 404 });
    expect(await open({ workload: { ...workload, kind: "DaemonSet" } })).toMatchObject({ status: 404 });
    expect(world.remediations("web")).toEqual([]);
  });
});

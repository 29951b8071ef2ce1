import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { pods } from "../../src/sandbox/kubernetes/resource-type.ts";
import type { World } from "../support/world.ts";
import { shop } from "../support/world-shop.ts";
import { ended, expectLeftAlone, expectTakenBack, rollbacks, told } from "./incidents.ts";
import { openQuick } from "./quick.ts";

/** A health endpoint in front of the whole service, as an ingress is: it answers what it is told to, or not at all. */
async function openHealth() {
  const health = { status: (): number | undefined => 200, calls: 0 };
  const server = createServer((_request, response) => {
    health.calls += 1;
    const status = health.status();
    if (status !== undefined) response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ status: "up" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(health, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

const policyOf = (url: string, rest = "") => `apiVersion: rearguard.dev/v1alpha1
kind: Policy
metadata: { name: shop }
spec:
  match: { namespaces: [shop] }
  mode: enforce
  window: 40s
  noData: { after: 20s }
  sourceError: { after: 20s }
  signals:
    health: { probe: { url: "${url}", every: 3s, expect: { within: 1s } } }
${rest}`;

/** New pods are ready, so some of the answers are theirs. */
const newServes = (world: World) => () => {
  const record = world.records("web").at(-1);
  return record?.pods.some(({ podTemplateHash, ready }) => podTemplateHash === record.rollout.new.podTemplateHash && ready) === true;
};

test("a release whose health endpoint stays good passes", async () => {
  await using health = await openHealth();
  await using world = await openQuick([{}], { policy: policyOf(health.url) });
  world.release("web");
  await world.until("the guard ends", () => ended(world), 200);
  expect(world.phase("web")).toBe("passed");
  expectLeftAlone(world);
  const seconds = ((world.entries("web").at(-1)?.at ?? 0) - world.record("web").openedAt) / 1000;
  // On a busy machine an answer may come too late for the next call.
  expect(health.calls, "once in three seconds").toBeGreaterThan(seconds / 6);
  expect(health.calls).toBeLessThanOrEqual(Math.ceil(seconds / 3) + 1);
});

test("a release whose health endpoint turns to 503 is taken back, and the message says what was answered and by whom", async () => {
  await using health = await openHealth();
  await using world = await openQuick([{ progressDeadlineS: 300 }], { policy: policyOf(health.url) });
  world.release("web");
  await world.until("new pods take requests", newServes(world), 60);
  health.status = () => 503;
  const seconds = await world.until("the rollback", () => rollbacks(world) > 0, 60);
  expect(seconds, "three calls, three seconds apart").toBeLessThanOrEqual(20);
  health.status = () => 200;
  await world.until("the guard ends", () => ended(world), 120);
  expectTakenBack(world);
  expect(told(world)).toMatch(
    /health failed in 3 of its last 5 calls, one every 3 s: GET http:\S+\/health answered 503 instead of 2xx, .* after a good one; old and new pods answer together; a plain rule, without a bound on wrong rollbacks/,
  );
  expect(told(world)).toMatch(/health answered well twice in a row, .* after the rollback/);
});

test("an endpoint that was bad before the release never leads to a rollback: it is told, and nothing passes", async () => {
  await using health = await openHealth();
  health.status = () => 503;
  await using world = await openQuick([{}], { policy: policyOf(health.url) });
  world.release("web");
  await world.until("the guard ends", () => ended(world), 200);
  expect(world.phase("web")).toBe("inconclusive");
  expectLeftAlone(world);
  expect(told(world)).toMatch(
    /health: the source has no data for .* \(no call was good since the guard opened, so the new revision is not to blame: GET/,
  );
});

test("an endpoint that cannot be reached from here never leads to a rollback", async () => {
  await using health = await openHealth();
  await using world = await openQuick([{}], { policy: policyOf("http://web.shop.invalid/health") });
  world.release("web");
  await world.until("the guard ends", () => ended(world), 200);
  expect(world.phase("web")).toBe("inconclusive");
  expectLeftAlone(world);
  expect(told(world)).toMatch(/health: the source does not answer properly for .*could not be called: its name/);
  expect(health.calls).toBe(0);
});

test("a workload that a person scales to 0 is left alone, although nobody answers any more, and also when it is scaled up again", async () => {
  await using health = await openHealth();
  await using world = await openQuick([{}], { policy: policyOf(health.url) });
  world.release("web");
  await world.until("the rollout is complete", () => world.entries("web").some(({ kind }) => kind === "completed"), 60);
  const scale = (replicas: number) => world.edit("web", (found) => ({ ...found, spec: { ...found.spec, replicas } }));
  scale(0);
  health.status = () => 503;
  await world.run(15);
  scale(4);
  await world.run(4);
  health.status = () => 200;
  await world.until("the guard ends", () => ended(world), 200);
  expectLeftAlone(world);
});

test("a good release whose only pod is evicted and takes long to start again is left alone meanwhile", async () => {
  await using health = await openHealth();
  await using world = await openQuick([{ progressDeadlineS: 300, replicas: 1 }], { policy: policyOf(health.url) });
  health.status = () => (world.replicaSets("web").some(({ status }) => (status.readyReplicas ?? 0) > 0) ? 200 : 503);
  world.release("web", { readyAfterS: 15 });
  await world.until("the rollout is complete", () => world.entries("web").some(({ kind }) => kind === "completed"), 120);
  await world.run(8);
  const { store } = world.sandbox.cluster;
  for (const { metadata } of store.list(pods, shop)) store.remove(pods, shop, metadata.name);
  await world.run(25);
  expect(health.calls, "it was called, and failed, while no pod was ready").toBeGreaterThan(3);
  await world.until("the guard ends", () => ended(world), 200);
  expectLeftAlone(world);
});

test("a policy that only notifies on it leaves the release alone, however bad it is", async () => {
  await using health = await openHealth();
  await using world = await openQuick([{}], { policy: policyOf(health.url, "  onBreach: { health: [notify] }\n") });
  world.release("web");
  await world.until("new pods take requests", newServes(world), 60);
  health.status = () => 503;
  await world.until("the guard ends", () => ended(world), 200);
  expectLeftAlone(world);
  expect(told(world)).toMatch(/health failed in 3 of its last 5 calls/);
});

test("a probe that hangs holds up nothing: the release is judged by its errors meanwhile", async () => {
  await using health = await openHealth();
  health.status = () => undefined;
  const errors = "    errors: { http: { preset: prom-client, errors: { limit: 1% } } }\n";
  const policy = policyOf(health.url, errors).replace("within: 1s", "within: 60s").replace("  noData", "  sustain: 2s\n  noData");
  await using world = await openQuick([{ progressDeadlineS: 300 }], { policy });
  world.release("web", { errorRate: 0.4 });
  await world.until("the rollback", () => rollbacks(world) > 0, 60);
  expect(health.calls, "one call, and no other beside it").toBe(1);
});

test.each([1, 2, 3, 4, 5])("killed and started again after %d seconds of trouble, it judges alike, not sooner", async (after) => {
  await using health = await openHealth();
  await using world = await openQuick([{ progressDeadlineS: 300 }], { policy: policyOf(health.url) });
  world.release("web");
  await world.until("new pods take requests", newServes(world), 60);
  health.status = () => 503;
  await world.run(after);
  const known = world.record("web").probes?.["health"]?.failures.length ?? 0;
  expect(known).toBeGreaterThanOrEqual(Math.floor(after / 3));
  await world.restartDaemon({ kill: true });
  const seconds = await world.until("the rollback", () => rollbacks(world) > 0, 120);
  expect(after + seconds, "three calls after the first that failed").toBeGreaterThanOrEqual(6);
  health.status = () => 200;
  await world.until("the guard ends", () => ended(world), 200);
  expectTakenBack(world);
});

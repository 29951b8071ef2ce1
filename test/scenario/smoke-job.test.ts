import { expect, test } from "vitest";
import { explain } from "../../src/cli/explain.ts";
import { jobs } from "../../src/sandbox/kubernetes/resource-type.ts";
import type { World } from "../support/world.ts";
import { shop } from "../support/world-shop.ts";
import { ended, expectLeftAlone, expectTakenBack, rollbacks, told } from "./incidents.ts";
import { openQuick } from "./quick.ts";

const policyOf = (script: string, more = "", mode = "enforce") => `apiVersion: rearguard.dev/v1alpha1
kind: Policy
metadata: { name: shop }
spec:
  match: { namespaces: [shop] }
  mode: ${mode}
  window: 60s
  sourceError: { after: 20s }
  signals:
    smoke:
      job:
        timeout: 20s
${more}        pod:
          containers:
            - { name: test, image: "{{image}}", command: [sh, -c, "${script}"] }
`;

const made = (world: World) => world.sandbox.cluster.store.list(jobs, shop);
const creations = (world: World) =>
  world.sandbox.cluster.requests.filter(({ method, path }) => method === "POST" && path.endsWith("/jobs")).length;

test("a release whose smoke test passes passes, with one Job of the new image and the revision in its environment", async () => {
  await using world = await openQuick([{}], { policy: policyOf("sleep 2; echo all is well") });
  world.release("web");
  await world.until("the guard ends", () => ended(world), 200);
  expect(world.phase("web")).toBe("passed");
  expectLeftAlone(world);
  expect(creations(world)).toBe(1);
  const [job] = made(world);
  expect(job).toMatchObject({
    metadata: { annotations: { "rearguard.dev/smoke-test": `${world.record("web").name}/smoke` } },
    spec: {
      template: {
        spec: { containers: [{ image: world.image("web"), env: expect.arrayContaining([{ name: "REARGUARD_REVISION", value: "2" }]) }] },
      },
    },
  });
  const completed = world.entries("web").find(({ kind }) => kind === "completed")?.at ?? Infinity;
  expect(Date.parse(job?.metadata.creationTimestamp ?? "") - completed, "soon after the rollout is complete").toBeLessThanOrEqual(10_000);
});

test("a release whose smoke test fails is taken back, with the last line of its log in the message and the rest in the record", async () => {
  await using world = await openQuick([{}], { policy: policyOf("echo asking /cart; echo expected 200, got 500; exit 3") });
  world.release("web");
  await world.until("the guard ends", () => ended(world), 300);
  expectTakenBack(world);
  expect(told(world)).toMatch(
    /the smoke test smoke failed: container test of pod smoke-\S+ ended with exit code 3; its last line: expected 200, got 500; a plain rule, without a bound/,
  );
  expect(told(world)).toContain("the smoke test smoke is not run again after a rollback");
  const lines: string[] = [];
  await explain({ name: world.record("web").name, url: world.url(), tokenFile: undefined }, (line) => lines.push(line));
  expect(lines.join("\n")).toContain("smoke: the end of what the smoke test wrote\n    asking /cart\n    expected 200, got 500\n");
  expect(world.record("web").jobs?.["smoke"]?.finding).toMatchObject({ outcome: "failed", log: "asking /cart\nexpected 200, got 500\n" });
});

test("as soon as the first new pod is ready, where the policy says so", async () => {
  await using world = await openQuick([{}], { policy: policyOf("exit 1", "        when: first-ready\n") });
  world.release("web");
  await world.until("the rollback", () => rollbacks(world) > 0, 60);
  expect(
    world.entries("web").some(({ kind }) => kind === "completed"),
    "the rollout was not complete",
  ).toBe(false);
});

test("a Job that the account may not create is told, and neither passes nor fails the release", async () => {
  const denied = (verb: string, resource: string) => verb === "create" && resource === "jobs";
  await using world = await openQuick([{}], { policy: policyOf("exit 1"), kubernetes: { denied } });
  world.release("web");
  await world.until("the guard ends", () => ended(world), 300);
  expect(world.phase("web")).toBe("inconclusive");
  expectLeftAlone(world);
  expect(told(world)).toMatch(/smoke: the source does not answer properly for .*the Job smoke-\S+ could not be created: .* 403/);
});

test.each([
  ["does not end in its time", "sleep 60", false, /the Job smoke-\S+ did not end within 20 s/],
  ["finds no image", "exit 1", true, /the Job smoke-\S+ did not end within 20 s; its pod waited: (ErrImagePull|ImagePullBackOff): /],
])("a Job that %s neither passes nor fails the release", async (_what, script, withoutImage, words) => {
  await using world = await openQuick([{}], { policy: policyOf(script) });
  if (withoutImage) world.sandbox.cluster.effects.push((pod) => (pod.labels["job-name"] === undefined ? {} : { imagePullFails: true }));
  world.release("web");
  await world.until("the guard ends", () => ended(world), 300);
  expect(world.phase("web")).toBe("inconclusive");
  expectLeftAlone(world);
  expect(told(world)).toMatch(words);
});

test("in mode observe no Job is created, and the guard says so as it opens", async () => {
  await using world = await openQuick([{}], { policy: policyOf("exit 1", "", "observe") });
  world.release("web");
  await world.until("the guard ends", () => ended(world), 300);
  expect(creations(world)).toBe(0);
  expect(world.phase("web")).toBe("inconclusive");
  expect(told(world)).toMatch(/smoke: policy mode observe creates no Job, so it cannot be judged/);
});

test("under the kill switch no Job is created", async () => {
  await using world = await openQuick([{}], { policy: policyOf("exit 1"), settings: { governor: { killSwitch: true } } });
  world.release("web");
  await world.until("the guard ends", () => ended(world), 300);
  expect(creations(world)).toBe(0);
  expect(world.phase("web")).toBe("inconclusive");
});

test("a Job of the same name that is not ours is left alone", async () => {
  await using world = await openQuick([{}], { policy: policyOf("exit 1") });
  world.release("web");
  await world.until("the guard opens", () => world.records("web").length > 0, 10);
  const name = `smoke-${world.record("web").name}`;
  const spec = { template: { spec: { restartPolicy: "Never", containers: [{ name: "theirs", image: "x" }] } } };
  world.sandbox.cluster.apply({ apiVersion: "batch/v1", kind: "Job", metadata: { namespace: shop, name }, spec });
  await world.until("the guard ends", () => ended(world), 300);
  expect(world.phase("web")).toBe("inconclusive");
  expect(told(world)).toContain(`another Job is called ${name}; it is left alone`);
  expect(made(world)).toHaveLength(1);
});

test.each(["before", "after"] as const)(
  "killed at every write of the smoke test in turn, %s it is answered: there is one Job, and the release is taken back once",
  async (when) => {
    let deaths = 0;
    for (let nth = 1; ; nth += 1) {
      await using world = await openQuick([{ replicas: 1 }], { policy: policyOf("sleep 3; exit 1") });
      let seen = 0;
      let killed = false;
      world.onWrite = (write) => {
        const record = world.records("web").at(-1);
        const isOfTest =
          record?.entries.some(({ kind }) => kind === "completed") === true && !write.dryRun && !write.path.includes("/leases/");
        if (killed || write.when !== when || !isOfTest || ++seen !== nth) return;
        killed = true;
        world.kill();
      };
      world.release("web");
      for (let passed = 0; passed < 400 && !ended(world); passed += 1) {
        await world.run(1);
        if (killed && seen === nth) {
          seen += 1;
          await world.startDaemon({ identity: "rearguard-0" });
        }
      }
      expectTakenBack(world);
      expect(world.sandbox.cluster.store.list(jobs, shop)).toHaveLength(1);
      if (!killed) break;
      deaths += 1;
      // Each of them is the world's whole story again: the test is over once the rollback is under way.
      if (deaths >= 8) break;
    }
    expect(deaths).toBeGreaterThanOrEqual(5);
  },
);

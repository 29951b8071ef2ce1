import { expect, test } from "vitest";
import type { Entry } from "../../src/entry.ts";
import type { World } from "../support/world.ts";
import { ended, expectTakenBack, told } from "./incidents.ts";
import { crashing, openQuick, quickPolicy } from "./quick.ts";

const broken = { ...crashing, lastWords: "cannot connect to shop-db: password=hunter2-is-secret" };

function diagnoses(world: World): readonly Entry[] {
  return world.entries("web").filter((entry) => entry.kind === "noted" && entry.because.some(({ code }) => code === "diagnosis"));
}

test("a release whose pods crash is taken back, and people learn why they crashed, with the end of the log and no secret", async () => {
  await using world = await openQuick();
  world.release("web", broken);
  await world.until("the guard ends", () => ended(world), 300);
  expectTakenBack(world);
  expect(diagnoses(world)).toHaveLength(1);
  expect(told(world)).toMatch(
    /1 of 1 pod crashes in container app \(exit code 1\) \(web-\S+\); its last lines:\ncannot connect to shop-db: password=\[redacted\]\nsee its whole log: kubectl logs web-\S+ -n shop -c app --previous\./,
  );
  expect(JSON.stringify(world.records("web"))).not.toContain("hunter2");
  const kinds = world.entries("web").map(({ kind, at }) => ({ kind, at }));
  const noted = diagnoses(world)[0]?.at ?? Infinity;
  expect(noted - (kinds.find(({ kind }) => kind === "intended")?.at ?? 0), "beside the rollback").toBeLessThanOrEqual(1_000);
});

test("an image that the registry does not have is told in the registry's words", async () => {
  await using world = await openQuick();
  world.release("web", { imagePull: "fail" }, "shop/web:2.0.0");
  await world.until("the guard ends", () => ended(world), 300);
  expectTakenBack(world);
  expect(told(world)).toMatch(
    /1 of 1 pod cannot pull image shop\/web:2\.0\.0 \(container app\) .*not found; see whether the image is there/,
  );
});

test("where the policy only observes, why pods do not start is told all the same, once, and not again by the next process", async () => {
  await using world = await openQuick([{}], { policy: quickPolicy.replace("mode: enforce", "mode: observe") });
  world.release("web", broken);
  await world.until("the diagnosis", () => diagnoses(world).length > 0, 120);
  await world.restartDaemon({ kill: true });
  await world.run(20);
  expect(diagnoses(world)).toHaveLength(1);
});

test("what the account may not look at is said, and the rest is told", async () => {
  const denied = (_: string, resource: string) => resource === "events" || resource === "pods/log";
  await using world = await openQuick([{}], { kubernetes: { denied } });
  world.release("web", broken);
  await world.until("the guard ends", () => ended(world), 300);
  expectTakenBack(world);
  expect(told(world)).toContain("could not look at Events: the account needs the right to list events (deploy/rbac/diagnose.yaml).");
  expect(told(world)).toMatch(/1 of 1 pod crashes in container app \(exit code 1\) \(web-\S+\); see its whole log/);
});

test("a release that is taken back for its errors is not looked at: its pods start", async () => {
  await using world = await openQuick();
  world.release("web", { errorRate: 0.4 });
  await world.until("the guard ends", () => ended(world), 300);
  expect(diagnoses(world)).toEqual([]);
  expect(world.sandbox.cluster.requests.some(({ method, path }) => method === "GET" && path.endsWith("/events"))).toBe(false);
});

import { expect, test } from "vitest";
import { explain } from "../../src/cli/explain.ts";
import type { Entry } from "../../src/entry.ts";
import { services } from "../../src/sandbox/kubernetes/resource-type.ts";
import type { World } from "../support/world.ts";
import { shop } from "../support/world-shop.ts";
import { ended, expectTakenBack, told } from "./incidents.ts";
import { bad, crashing, openQuick } from "./quick.ts";

function finished(world: World): Extract<Entry, { kind: "finished" }> {
  const entry = world.entries("web").find(({ kind }) => kind === "finished");
  if (entry?.kind !== "finished") throw new Error("the guard has not ended");
  return entry;
}

/** The Service of web with another selector, beside those its pods have. */
function select(world: World, selector: Readonly<Record<string, string>>): void {
  const service = world.sandbox.cluster.store.get(services, shop, "web");
  if (service === undefined) throw new Error("there is no Service web");
  world.sandbox.cluster.apply({ ...service, spec: { ...(service["spec"] as object), selector } });
}

test("a rollback ends restored when the Service reaches the restored pods, with the numbers and what the bad revision cost", async () => {
  await using world = await openQuick();
  world.release("web", bad);
  await world.until("the guard ends", () => ended(world), 300);
  expectTakenBack(world);
  const { because, report, badServed } = finished(world);
  expect(because).toContainEqual({ code: "endpoints-ready", services: [{ name: "web", ready: 4, fits: true }], pods: 4 });
  expect(because).toContainEqual(expect.objectContaining({ code: "history", was: 1, is: 3, between: [] }));
  expect(report).toMatchObject({ served: { signal: "errors", condemned: { revision: 2 }, old: { revision: 1 } } });
  const { condemned, old } = report?.served ?? { condemned: undefined, old: undefined };
  expect(condemned?.before.bad).toBeGreaterThan(0);
  expect((condemned?.before.bad ?? 0) + (condemned?.after.bad ?? 0), "all that its fold counted").toBe(badServed);
  expect(old?.after.total).toBeGreaterThan(100);
  const { startedAt, badSince = 0, rolledBackAt = 0, verifiedAt = 0, badUntil = 0 } = report ?? { startedAt: 0 };
  expect([startedAt <= badSince + 1_000, badSince < rolledBackAt, badUntil <= verifiedAt, rolledBackAt < verifiedAt]).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(told(world)).toMatch(
    /Bad from \S+ UTC to \S+ UTC .*bad requests until its end were \d+ in all, by errors: revision 2 \d+ of \d+ before the rollback/,
  );
  const lines: string[] = [];
  await explain({ name: world.record("web").name, url: world.url(), tokenFile: undefined }, (line) => lines.push(line));
  expect(lines.join("\n")).toMatch(/ {4}Bad from .*verified after .*, counted from when the first bad block began\./);
});

test("a restart between rollback and end reports what the whole guard saw", async () => {
  await using world = await openQuick();
  world.release("web", bad);
  await world.until("the rollback", () => world.phase("web") === "verifying", 120);
  await world.restartDaemon({ kill: true });
  await world.until("the guard ends", () => ended(world), 300);
  expectTakenBack(world);
  const { report, badServed } = finished(world);
  expect(report?.served?.condemned.before.bad).toBeGreaterThan(0);
  expect((report?.served?.condemned.before.bad ?? 0) + (report?.served?.condemned.after.bad ?? 0)).toBe(badServed);
});

test("a Service that reaches no restored pod ends unresolved and pages, with what to compare", async () => {
  await using world = await openQuick();
  world.release("web", bad);
  await world.until("the guard opens", () => world.records("web").length > 0, 30);
  select(world, { app: "web", "pod-template-hash": world.record("web").rollout.new.podTemplateHash });
  await world.until("the guard ends", () => ended(world), 300);
  expect(world.phase("web")).toBe("unresolved");
  expect(told(world)).toContain(
    "Service web has no ready endpoint among the 4 ready pods that were restored: its selector fits only the revision that was taken back.",
  );
  expect(told(world)).toMatch(/tried: (braked at \S+ UTC, )?rolled back to revision 1 at \S+ UTC/);
  expect(told(world)).toContain("kubectl describe service web -n shop");
  expect(world.messages("finished")[0]?.severity).toBe("critical");
});

test("where the account may not look at Services, the guard says so and goes on as before", async () => {
  const denied = (_: string, resource: string) => resource === "services" || resource === "endpointslices";
  await using world = await openQuick([{}], { kubernetes: { denied } });
  world.release("web", bad);
  await world.until("the guard ends", () => ended(world), 300);
  expectTakenBack(world);
  expect(told(world)).toContain(
    "whether its Services reach it was not looked at: the account needs the right to list services and endpointslices",
  );
});

test("pods that crashed served nobody: the report has only its times", async () => {
  await using world = await openQuick();
  world.release("web", crashing);
  await world.until("the guard ends", () => ended(world), 300);
  expectTakenBack(world);
  expect(finished(world).report?.rolledBackAt).toBeGreaterThan(0);
  expect(told(world)).toMatch(/over\. Rolled back after \d+ s, verified after \d+ s, counted from the start of the rollout\./);
});

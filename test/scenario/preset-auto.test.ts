import { expect, test } from "vitest";
import { during, ended, expectLeftAlone, expectTakenBack, incidentPolicy, newPods, openIncident, told } from "./incidents.ts";
import { bad, openQuick, quickPolicy } from "./quick.ts";

const policy = quickPolicy.replace("preset: prom-client, ", "");

function choices(world: Awaited<ReturnType<typeof openQuick>>) {
  return world.entries("web").filter(({ kind, ...rest }) => kind === "noted" && JSON.stringify(rest).includes('"code":"preset"'));
}

test("a policy that names no preset finds it in what the old pods expose, says so once, and takes a bad release back", async () => {
  await using world = await openQuick([{}], { policy });
  world.release("web", bad);
  await world.until("the preset is chosen", () => choices(world).length > 0, 20);
  await world.restartDaemon({ kill: true });
  await world.until("the guard ends", () => ended(world), 200);
  expectTakenBack(world);
  expect(told(world)).toContain("errors is judged by preset prom-client: found http_requests_total of 4 pods with label status");
  expect(choices(world)).toHaveLength(1);
});

test("while Prometheus does not answer no preset is chosen, and it is told; afterwards it is", async () => {
  await using world = await openQuick([{}], { policy, settings: { prometheus: { timeout: "150ms" } } });
  world.sandbox.prometheus.fault = "unavailable";
  world.release("web");
  await world.until("the outage is told", () => world.messages("held").length > 0, 60);
  expect(told(world)).toMatch(/errors: the source does not answer properly/);
  expect(choices(world)).toHaveLength(0);
  world.sandbox.prometheus.fault = undefined;
  await world.until("the preset is chosen", () => choices(world).length === 1, 20);
  await world.until("the guard ends", () => ended(world), 120);
  expectLeftAlone(world);
});

test("pods that expose nothing known are no-data that says what was looked for", async () => {
  await using world = await openQuick([{ rps: 0 }], { policy });
  world.release("web");
  await world.until("the silence is told", () => world.messages("held").length > 0, 60);
  expect(told(world)).toMatch(
    /errors: the source has no data for .*preset auto finds none of the presets' metrics of pods web-[a-z0-9]+-\*, web-[a-z0-9]+-\* in namespace shop/,
  );
  await world.until("the guard ends", () => ended(world), 200);
  expect(world.phase("web")).toBe("inconclusive");
  expectLeftAlone(world);
});

test("other workloads are asked by the presets that they expose, when no old pod is left to compare with", async () => {
  const services = ["web", "cart", "mail", "auth"].map((name) => (name === "web" ? { name } : { name, rps: 10, replicas: 2 }));
  await using world = await openIncident({}, { services, policy: incidentPolicy.replaceAll("preset: prom-client, ", "") });
  world.release("web", newPods);
  during(world, 240, 540, (pod) => ({ errorRate: pod.labels["app"] === "web" ? 0.12 : 0.08 }));
  await world.until("people know or it is over", () => world.messages("held").length > 0 || ended(world), 1800);
  expect(told(world)).toMatch(/3 of 3 other workloads, none of them rolling out, went over their own limits .*shop\/auth [\d.]+ %/);
  expectLeftAlone(world);
});

import { expect, test } from "vitest";
import type { World } from "../support/world.ts";
import { openRemedyWorld, remedyPolicy } from "./remediation-world.ts";

/** The world begins at 12:00:00 UTC. */
const policyAt = (cron: string, timeZone = "UTC", spec = "do: [notify]") =>
  remedyPolicy(spec, { name: "nightly", on: `schedule: { cron: "${cron}", timeZone: ${timeZone} }` });

const dues = (world: World, service = "web") =>
  world
    .remediations(service)
    .map(({ trigger }) => (trigger.kind === "schedule" ? new Date(trigger.due).toISOString().slice(11, 19) : trigger.kind));

async function counted(world: World): Promise<readonly string[]> {
  const page = await (await fetch(`${world.url()}/metrics`)).text();
  return page.split("\n").flatMap((line) => /^rearguard_schedules_total\{.*outcome="(\S+)"\} (\d+)/.exec(line)?.slice(1).join(" ") ?? []);
}

test("a schedule opens a guard of each workload that matches, at its time in its time zone, and once", async () => {
  await using world = await openRemedyWorld(policyAt("2 13 * * *", "Europe/Berlin"), {}, [{}, { name: "cart" }]);
  await world.run(110);
  expect(world.remediations("web")).toEqual([]);
  await world.run(60);
  expect([dues(world), dues(world, "cart")]).toEqual([["12:02:00"], ["12:02:00"]]);
  expect(await counted(world)).toEqual(["begun 1"]);
});

test("a run that a kill cut off right after it was written into the ledger goes on after the restart, and nothing opens twice", async () => {
  await using world = await openRemedyWorld(policyAt("2 12 * * *"), {}, [{}, { name: "cart" }]);
  let killed = false;
  world.onWrite = ({ path, when }) => {
    if (killed || !path.includes("/configmaps") || when !== "after") return;
    killed = true;
    world.kill();
  };
  await world.run(125);
  expect([killed, dues(world), dues(world, "cart")], "killed between the ledger and the guards").toEqual([true, [], []]);
  await world.startDaemon();
  await world.run(30);
  expect([dues(world), dues(world, "cart")]).toEqual([["12:02:00"], ["12:02:00"]]);
  await world.restartDaemon();
  await world.run(30);
  expect([dues(world), dues(world, "cart")]).toEqual([["12:02:00"], ["12:02:00"]]);
});

test("runs that were due while no daemon ran are told as missed, once, and not made up for", async () => {
  const lines: string[] = [];
  await using world = await openRemedyWorld(policyAt("*/5 * * * *"), { logged: (line) => void lines.push(line) });
  await world.run(10);
  world.kill();
  await world.run(20 * 60);
  await world.startDaemon();
  await world.run(10);
  const missed = lines
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
    .filter(({ msg }) => msg === "runs of a schedule were missed");
  expect(missed).toMatchObject([{ policy: "nightly", why: "down", count: 3 }]);
  expect(dues(world), "the newest is late by seconds, and runs").toEqual(["12:20:00"]);
  await world.restartDaemon();
  await world.run(10);
  expect(await counted(world)).toEqual([]);
});

test("a run that is still under way keeps the next one from its workload, which is told as missed", async () => {
  const spec = `when: { busy: { promql: { query: 'sum(http_requests_total{namespace="{{namespace}}"})', above: 0 } } }\ndo: [notify]`;
  const policy = remedyPolicy(spec, { name: "nightly", within: "100s", on: 'schedule: { cron: "* * * * *" }' });
  await using world = await openRemedyWorld(policy);
  await world.run(135);
  expect(dues(world)).toEqual(["12:01:00"]);
  expect(await counted(world)).toEqual(["begun 1", "overlap 1"]);
  await world.run(110);
  expect(dues(world).slice(1).length, "and runs again once it is over").toBeGreaterThan(0);
});

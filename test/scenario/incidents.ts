import { expect } from "vitest";
import type { Message } from "../../src/entry.ts";
import type { Ms } from "../../src/model.ts";
import { type World, type WorldOptions, openWorld } from "../support/world.ts";
import type { ShopService } from "../support/world-shop.ts";
import { policyOf, shopOf } from "./incidents/shop.ts";

export { during, newPods } from "./incidents/shop.ts";

export const incidentPolicy = policyOf();

/** The shop of every incident. */
export function openIncident(service: Partial<ShopService> = {}, options: Partial<WorldOptions> = {}): Promise<World> {
  return openWorld(shopOf(service, options));
}

/** When new pods became ready, the first one first. */
export function newPodsReady(world: World, service = "web"): readonly Ms[] {
  const { pods, rollout } = world.record(service);
  const ready = pods.filter((pod) => pod.podTemplateHash === rollout.new.podTemplateHash).map((pod) => pod.readySince ?? Infinity);
  return ready.toSorted((one, other) => one - other);
}

/** Seconds from the readiness of the first new pod, or the nth, to the patch that put the old template back. */
export function secondsToRollback(world: World, { service = "web", nth = 1 } = {}): number {
  const rollback = world.entries(service).find((entry) => entry.kind === "receipt" && entry.receipt.kind === "rollback");
  return ((rollback?.at ?? Infinity) - (newPodsReady(world, service)[nth - 1] ?? NaN)) / 1000;
}

/** The world after a rollback that worked: old template, no pause, only old pods, a guard that says so, and people who know. */
export function expectTakenBack(world: World, service = "web"): void {
  expect(world.image(service)).toBe(`shop/${service}:1.0.0`);
  expect(world.deployment(service).spec.paused).not.toBe(true);
  const { replicas } = world.deployment(service).spec;
  expect(
    world
      .replicaSets(service)
      .map((set) => set.status.readyReplicas ?? 0)
      .toSorted((a, b) => a - b),
  ).toEqual([0, replicas]);
  expect(world.records(service)).toHaveLength(1);
  expect(world.phase(service)).toBe("restored");
  expect(newsOf(world, service).filter(({ kind }) => kind === "rolled-back")).toHaveLength(1);
  expect(newsOf(world, service).filter(({ kind }) => kind === "finished")).toHaveLength(1);
}

/** What people know of a service: a message that came twice (after a crash) is known by its id. */
function newsOf(world: World, service: string): readonly Message[] {
  const mine = world.messages().filter(({ workload }) => workload.name === service);
  return [...new Map(mine.map((message) => [message.id, message])).values()];
}

/** The world after a rollout that was left alone: its own template everywhere, never a rollback. */
export function expectLeftAlone(world: World, service = "web"): void {
  expect(world.image(service)).not.toBe(`shop/${service}:1.0.0`);
  expect(world.deployment(service).spec.paused).not.toBe(true);
  expect(rollbacks(world, service)).toBe(0);
}

export function rollbacks(world: World, service = "web"): number {
  return world.entries(service).filter((entry) => entry.kind === "intended" && entry.action.kind === "rollback").length;
}

/** All that was told of a service, as one text. */
export const told = (world: World, service = "web") => world.told(service);

export const ended = (world: World, service = "web") => world.hasEnded(service);

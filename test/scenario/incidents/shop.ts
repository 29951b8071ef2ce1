import type { Effect } from "../../../src/sandbox/world.ts";
import type { World, WorldOptions } from "../../support/world.ts";
import type { Behaviour, ShopService } from "../../support/world-shop.ts";
import { shopPolicy } from "../../support/world-files.ts";

/** The plain limits that a team would write first; `window` as the incident needs it. */
export function policyOf({
  window = "10m",
  p95 = "200ms",
  more = "",
}: { readonly window?: string; readonly p95?: string; readonly more?: string } = {}): string {
  return shopPolicy(`
  window: ${window}
  signals:
    errors:  { http: { preset: prom-client, errors: { limit: 0.5% } } }
    latency: { http: { preset: prom-client, slower: { p95: ${p95} } } }
    pods:    { pods: { restarts: 2 } }
${more}`);
}

/** 0.1 % errors, p50 45 ms, p95 120 ms. */
export const usual: Behaviour = { errorRate: 0.001, p50Ms: 45, p95Ms: 120, readyAfterS: 2 };
/** A pod of a rollout is ready after 20 s. */
export const newPods: Behaviour = { ...usual, readyAfterS: 20 };

/** Eight pods, two replaced in each step of 40 s, 40 requests/s. */
export function shopOf(service: Partial<ShopService> = {}, options: Partial<WorldOptions> = {}): WorldOptions {
  return {
    policy: policyOf(),
    services: [{ name: "web", behaviour: usual, ...service }],
    ...options,
    // No incident is about the lease: renewing it every two seconds would be most of the requests.
    settings: { leader: { leaseDuration: "90s", renewDeadline: "60s", retryPeriod: "20s" }, ...options.settings },
  };
}

/** In force from `fromS` to `toS` seconds after now. */
export function during(world: World, fromS: number, toS: number, effect: Effect): void {
  const began = world.now();
  world.sandbox.cluster.effects.push((pod, now) => (now >= began + fromS * 1000 && now < began + toS * 1000 ? effect(pod, now) : {}));
}

/** Every one of `these` with every one of `those`. */
export function cross<A, B>(these: readonly A[], those: readonly B[]): readonly (readonly [A, B])[] {
  return these.flatMap((one) => those.map((other) => [one, other] as const));
}

import { openWorld, type World, type WorldOptions } from "../support/world.ts";
import type { Behaviour, ShopService } from "../support/world-shop.ts";
import { shopPolicy } from "../support/world-files.ts";

/** One signal and the pods; everything in seconds where production has tens of seconds, in the same proportions. */
export const quickPolicy = shopPolicy(`
  window: 40s
  sustain: 2s
  noData: { after: 20s }
  sourceError: { after: 20s }
  signals:
    errors: { http: { preset: prom-client, errors: { limit: 1% } } }
    pods:   { pods: { restarts: 2, stuckFor: 20s } }
`);

/** Scrapes and blocks of a second, four pods, one replaced every seven seconds. */
export function openQuick(services: readonly Partial<ShopService>[] = [{}], options: Partial<WorldOptions> = {}): Promise<World> {
  return openWorld({
    policy: quickPolicy,
    scrapeS: 1,
    historyS: 120,
    ...options,
    settings: { judging: { settle: "100ms", baseline: "60s", warmUpLatency: "0s" }, verify: { within: "60s" }, ...options.settings },
    services: services.map((service) => ({ name: "web", replicas: 4, podsPerStep: 1, heldS: 5, progressDeadlineS: 60, ...service })),
  });
}

export const bad: Behaviour = { errorRate: 0.4 };
export const crashing: Behaviour = { crashAfterS: 1, readyAfterS: "never" };

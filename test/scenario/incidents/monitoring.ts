import type { PrometheusFault } from "../../../src/sandbox/prometheus/api.ts";
import type { World } from "../../support/world.ts";
import type { Case, Incident } from "./incident.ts";
import { newPods, shopOf } from "./shop.ts";

/** What Prometheus does from a second of the rollout on; `stale`: it answers, and scrapes nothing new. */
interface Change {
  readonly atS: number;
  readonly fault: PrometheusFault | "stale" | undefined;
}

function silent(name: string, changes: readonly Change[]): Case {
  return {
    name,
    // Whoever asks one that hangs waits for this in real time.
    options: shopOf({}, { settings: { prometheus: { timeout: "150ms" } } }),
    begin(world) {
      world.release("web", newPods);
      for (const { atS, fault } of changes) world.at(atS, () => setFault(world, fault));
    },
    expected: {
      action: "none",
      phase: "passed",
      untilS: 1700,
      emits: /errors: (?:the source (?:does not answer properly|has no data)|too few requests to judge) for/,
    },
  };
}

function setFault({ sandbox: { prometheus } }: World, fault: Change["fault"]): void {
  prometheus.scraping = fault !== "stale";
  prometheus.fault = fault === "stale" ? undefined : fault;
}

const modes = { "a time-out": "hang", "a 503": "unavailable", "an empty answer": "empty", NaN: "nan", "no new scrapes": "stale" } as const;

export const prometheusSilent: Incident = {
  id: "D09",
  title: "Prometheus stops answering 90 s into a good rollout",
  cases: [
    silent("time-outs, then empty answers, then NaN", [
      { atS: 90, fault: "hang" },
      { atS: 450, fault: "empty" },
      { atS: 600, fault: "nan" },
      { atS: 660, fault: undefined },
    ]),
    ...Object.entries(modes).map(([says, fault]) =>
      silent(`${says} until 660 s`, [
        { atS: 90, fault },
        { atS: 660, fault: undefined },
      ]),
    ),
  ],
};

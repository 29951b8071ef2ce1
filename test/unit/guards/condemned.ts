// Builder for tests of a rollback that is due: a guard whose new pods fail every second request.
import { type GuardRun, judge, openRun } from "../../../src/guards/run.ts";
import type { EntryBody } from "../../../src/entry.ts";
import type { ProcessReading, Rollout } from "../../../src/model.ts";
import { BLOCK, fresh, MINUTE, old, pod, policyOf, recordOf, rollout, START } from "./a-guard.ts";

const pace = { blockMs: BLOCK, scrapeMs: BLOCK, warmUpLatencyMs: 0 };
export const onlyErrors = policyOf("signals: { errors: { http: { preset: aspnet, errors: { limit: 1% } } } }");
const pods = [
  pod("web-new", fresh, { readySince: START }),
  pod("web-old", old, { created: START - MINUTE, readySince: START - MINUTE, gone: START + 10 * MINUTE }),
];

function reading(name: string, total: number, bad: number): ProcessReading {
  return { namespace: "shop", pod: name, process: "10.0.0.1:8080 web", total, bad, badAtMost: bad };
}

/** Before its first block. */
export function uncondemned(
  policy = onlyErrors,
  of: Rollout = rollout,
  bodies: readonly (EntryBody & { readonly at?: number })[] = [],
): GuardRun {
  return openRun(recordOf(bodies, { pods, policy, rollout: of }), pace);
}

/** After six blocks, with this many requests to the old pod in each, which all go well. */
export function condemned(toOld: number, ...opened: Parameters<typeof uncondemned>): GuardRun {
  let run = uncondemned(...opened);
  for (let nth = 1; nth <= 6; nth++) {
    const readings = [reading("web-new", nth * 100, nth * 50), ...(toOld > 0 ? [reading("web-old", nth * toOld, 0)] : [])];
    run = judge(run, "errors", { kind: "counters", at: START + nth * BLOCK, readings });
  }
  return run;
}

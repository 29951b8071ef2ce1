// Kontrast: 184 software changes, one plain value a minute each. Neither counters nor pods: only a plain rule can judge it.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import type { Ms } from "../../src/model.ts";
import type { Policy } from "../../src/policies/policy.ts";
import { cutCase, GUARD } from "./cut.ts";
import type { LabelledRun } from "./labelled-set.ts";
import type { Gauge, ReplayCase } from "./replay-case.ts";
import { tierLines } from "./report.ts";
import { policyOf } from "./policies.ts";

const pieceSchema = z.object({ from: z.number(), step: z.number(), v: z.array(z.number().nullable()) });
const changeSchema = z.object({ case: z.string(), t0: z.number(), bad: z.boolean(), recent: pieceSchema, day_ago: pieceSchema });

type Change = z.output<typeof changeSchema>;
type Piece = z.output<typeof pieceSchema>;

const SECOND: Ms = 1000;
const SCRAPE: Ms = 15_000;

export async function kontrastRuns(folder: string): Promise<readonly LabelledRun[]> {
  const lines = gunzipSync(await readFile(join(folder, "changes.jsonl.gz"))).toString("utf8");
  const changes = lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => changeSchema.parse(JSON.parse(line)));
  const cases = () => changes.map((change) => ({ given: caseOf(change), policy: plainPolicy(change) }));
  const title = "kontrast, a plain rule without a bound";
  return [{ title, file: "kontrast", lines: tierLines(["bad change", "good change"]), counts: true, cases }];
}

function caseOf(change: Change): ReplayCase {
  const { case: name, t0: seconds, bad, recent } = change;
  const t0 = seconds * SECOND;
  const cut = cutCase({
    set: "kontrast",
    name,
    service: "changed",
    bad,
    tier: bad ? "bad change" : "good change",
    t0,
    until: t0 + GUARD,
    values: [],
  });
  const rollouts = cut.rollouts.map((rollout) => ({ ...rollout, about: told(change, t0 + GUARD) }));
  return { ...cut, rollouts, gauge: gaugeOf(recent) };
}

/** How far the values under guard came to the rules. */
function told(change: Change, until: Ms): string {
  const { recent, t0 } = change;
  const { low, high, below, above } = limitsOf(change);
  const after = recent.v.filter(
    (_, index) => recent.from + index * recent.step > t0 && (recent.from + index * recent.step) * SECOND < until,
  );
  const known = after.filter((value) => value !== null);
  const beyond = known.filter((value) => value < below || value > above).length;
  const [least, most] = [Math.min(...known), Math.max(...known)];
  return `before ${short(low)} to ${short(high)}, rules below ${short(below)} and above ${short(above)}; under guard ${short(least)} to ${short(most)}, ${beyond} of ${known.length} values beyond`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** Each value stands until the next one comes; where none was written there is no scrape. */
function gaugeOf({ from, step, v }: Piece): Gauge {
  const scrapes = v.flatMap((value, index) => {
    if (value === null) return [];
    const begin = (from + index * step) * SECOND;
    return Array.from({ length: (step * SECOND) / SCRAPE }, (_, scrape) => ({ at: begin + scrape * SCRAPE, value }));
  });
  return { at: scrapes.map(({ at }) => at), values: scrapes.map(({ value }) => value) };
}

/**
 * What an engineer would set after a look at the graph of today and yesterday: beyond all that was there, and half of its range more, for
 * five minutes. Only values from before the change go into it. 2 to 4: below 1 or above 5.
 */
function plainPolicy(change: Change): Policy {
  const { below, above } = limitsOf(change);
  return policyOf([
    `high: { promql: { query: 'kpi{service="{{name}}"}', above: ${above}, for: 5m } }`,
    `low: { promql: { query: 'kpi{service="{{name}}"}', below: ${below}, for: 5m } }`,
  ]);
}

function limitsOf({ t0, recent, day_ago: yesterday }: Change) {
  const before = [recent, yesterday].flatMap(({ from, step, v }) => v.filter((_, index) => from + (index + 1) * step <= t0));
  const known = before.filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const margin = (high - low) / 2;
  return { low, high, below: low - margin, above: high + margin };
}

// PetShop: injected latency and failures, and long healthy periods; five-minute figures of whole services.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import type { Ms } from "../../src/model.ts";
import { before, type Cut, cutCase, EVERY, GUARD, type ServiceValue } from "./cut.ts";
import type { LabelledCase, LabelledRun } from "./labelled-set.ts";
import { servicePolicy } from "./policies.ts";
import { tierLines } from "./report.ts";

const figures = z.object({ t: z.array(z.number()), series: z.record(z.string(), z.array(z.number().nullable())) });
const issueSchema = figures.extend({
  case: z.string(),
  t0: z.number(),
  target: z.object({ metric: z.string() }),
  root_cause: z.object({ node: z.string() }),
});
const issuesSchema = z.array(issueSchema);

type Figures = z.output<typeof figures>;

const SECOND: Ms = 1000;
const MINUTE: Ms = 60_000;
const PERIOD: Ms = 5 * MINUTE;
/** The first healthy rollout comes so long after the series begins: the judge wants half an hour of history. */
const FIRST: Ms = 60 * MINUTE;

export async function petshopRuns(folder: string): Promise<readonly LabelledRun[]> {
  const issues = issuesSchema.parse(await readJson(join(folder, "issues.json.gz")));
  const normal = await Promise.all(
    ["high_traffic", "low_traffic"].map(async (traffic) => ({
      traffic,
      figures: figures.parse(await readJson(join(folder, `normal_${traffic}.json.gz`))),
    })),
  );
  function* cases(): Iterable<LabelledCase> {
    for (const issue of issues) yield labelledCase(issueCut(issue));
    for (const { traffic, figures: healthy } of normal) for (const cut of healthyCuts(traffic, healthy)) yield labelledCase(cut);
  }
  return [{ title: "petshop", file: "petshop", lines: tierLines(["availability", "latency", "normal"]), counts: true, cases }];
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(gunzipSync(await readFile(path)).toString("utf8"));
}

function labelledCase(cut: Cut): LabelledCase {
  return { given: cutCase(cut), policy: servicePolicy(before(cut.t0, cut.values)) };
}

/** The fault was put into one service by a parameter of that service: its rollout is the bad one, whatever its callers saw. */
function issueCut(issue: z.output<typeof issueSchema>): Cut {
  const t0 = issue.t0 * SECOND;
  const values = valuesOf(issue, issue.root_cause.node);
  const until = Math.min(t0 + GUARD, values.at(-1)?.to ?? t0);
  return {
    set: "petshop",
    name: issue.case,
    service: serviceOf(issue.root_cause.node),
    bad: true,
    tier: issue.target.metric,
    t0,
    until,
    values,
  };
}

/** The guards of neighbouring services start five minutes apart, so that each start names one case. */
function healthyCuts(traffic: string, healthy: Figures): readonly Cut[] {
  const begin = (healthy.t[0] ?? 0) * SECOND;
  const end = (healthy.t.at(-1) ?? 0) * SECOND + PERIOD;
  return nodesOf(healthy).flatMap((node, index): readonly Cut[] => {
    const values = valuesOf(healthy, node);
    const cuts: Cut[] = [];
    for (let t0 = begin + FIRST + index * PERIOD; t0 + GUARD <= end; t0 += EVERY) {
      const name = `normal:${traffic}:${t0 / SECOND}`;
      cuts.push({ set: "petshop", name, service: serviceOf(node), bad: false, tier: "normal", t0, until: t0 + GUARD, values });
    }
    return cuts;
  });
}

function nodesOf({ series }: Figures): readonly string[] {
  return [...new Set(Object.keys(series).map((key) => key.slice(0, key.indexOf("|"))))];
}

/** A node is written `PetSearch_AWS::ECS::Fargate`. */
function serviceOf(node: string): string {
  return (node.split("_")[0] ?? node).toLowerCase();
}

/** A figure's time is the beginning of its five minutes, as CloudWatch gives it. */
function valuesOf({ t, series }: Figures, node: string): readonly ServiceValue[] {
  const valueAt = (figure: string, index: number) => series[`${node}|${figure}`]?.[index] ?? null;
  return t.flatMap((seconds, index): readonly ServiceValue[] => {
    const requests = valueAt("requests|Sum", index);
    if (requests === null) return [];
    const available = valueAt("availability|Average", index);
    const shares = { 0.5: "p50", 0.9: "p90", 0.95: "p95", 0.99: "p99" };
    const known = Object.entries(shares).map(([share, name]) => [share, valueAt(`latency|${name}`, index)] as const);
    const quantiles = Object.fromEntries(known.flatMap(([share, value]) => (value === null ? [] : [[share, value]])));
    const from = seconds * SECOND;
    return [{ from, to: from + PERIOD, requests, success: available === null ? null : available / 100, quantiles }];
  });
}

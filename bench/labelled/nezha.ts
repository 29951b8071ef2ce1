// Nezha: faults in running pods of Online Boutique and Train Ticket; requests and latency of each pod, every minute.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import type { Ms } from "../../src/model.ts";
import { before, type Cut, cutCase, EVERY, GUARD, type ServiceValue } from "./cut.ts";
import type { LabelledCase, LabelledRun } from "./labelled-set.ts";
import { servicePolicy } from "./policies.ts";
import { tierLines } from "./report.ts";

const faultsSchema = z.array(z.object({ t0: z.number(), pod: z.string(), service: z.string(), fault: z.string() }));

type Fault = z.output<typeof faultsSchema>[number];

interface Row {
  readonly at: Ms;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly perSecond: number | null;
  readonly success: number | null;
}

const SECOND: Ms = 1000;
const MINUTE: Ms = 60_000;
/** What comes sooner after a fault may still be its work. */
const AFTER_FAULT: Ms = 20 * MINUTE;
/** The whole application as its users see it: what its front-end answered. */
const FRONT = "FRONT";

/** What a set holds. `name` as decisions name it. */
interface Data {
  readonly name: string;
  readonly faults: readonly Fault[];
  readonly rows: ReadonlyMap<string, readonly Row[]>;
}

export async function nezhaRuns(name: string, folder: string): Promise<readonly LabelledRun[]> {
  const faults = faultsSchema.parse(JSON.parse(await readFile(join(folder, "faults.json"), "utf8")));
  const rows = rowsByPod(gunzipSync(await readFile(join(folder, "metrics_1m.csv.gz"))).toString("utf8"));
  const data = { name, faults: faults.toSorted((one, other) => one.t0 - other.t0), rows };
  const kinds = [...new Set(faults.map(({ fault }) => fault))].toSorted();
  function* cases(): Iterable<LabelledCase> {
    for (const cut of [...faults.map((fault) => faultCut(data, fault)), ...healthyCuts(data)])
      yield { given: cutCase(cut), policy: servicePolicy(before(cut.t0, cut.values)) };
  }
  return [{ title: name, file: name, lines: tierLines([...kinds, "normal"]), counts: true, cases }];
}

function rowsByPod(csv: string): ReadonlyMap<string, readonly Row[]> {
  const [head = "", ...lines] = csv.trim().split("\n");
  const columns = head.split(",");
  const rows = lines.map((line) => {
    const cells = line.split(",");
    const text = (column: string) => cells[columns.indexOf(column)] ?? "";
    const number = (column: string) => (text(column) === "" ? null : Number(text(column)));
    const at = Number(text("t")) * SECOND;
    return { pod: text("pod"), at, p90: number("p90_s"), p99: number("p99_s"), perSecond: number("ops"), success: number("success_pct") };
  });
  return Map.groupBy(rows, ({ pod }) => pod);
}

function faultCut(data: Data, fault: Fault): Cut {
  const t0 = fault.t0 * SECOND;
  const { pod, service, fault: tier } = fault;
  const values = withoutFaults(data, pod, t0, valuesOf(data, pod, service));
  return { set: data.name, name: String(fault.t0), service, bad: true, tier, t0, until: endOf(data, fault), values };
}

/** A guard's end, or the next fault of any pod: what is decided after that is not this fault's doing. */
function endOf({ faults }: Data, { t0 }: Fault): Ms {
  const next = faults.find((other) => other.t0 > t0)?.t0 ?? Infinity;
  return Math.min(t0 * SECOND + GUARD, next * SECOND);
}

/** Earlier faults of this pod were other bad revisions of its service: the old revision served nothing then. */
function withoutFaults(data: Data, pod: string, t0: Ms, values: readonly ServiceValue[]): readonly ServiceValue[] {
  const earlier = data.faults.filter((fault) => fault.pod === pod && fault.t0 * SECOND < t0);
  const spans = earlier.map((fault) => ({ from: fault.t0 * SECOND, to: Math.min(endOf(data, fault), fault.t0 * SECOND + AFTER_FAULT) }));
  return values.filter(({ from, to }) => !spans.some((span) => to > span.from && from < Math.min(span.to, t0)));
}

/** One after the other wherever no fault is under way in the whole application, for each service that has a fault elsewhere in the data. */
function healthyCuts(data: Data): readonly Cut[] {
  const pods = new Map(data.faults.map(({ pod, service }) => [pod, service]));
  return [...pods].flatMap(([pod, service]) => {
    const values = valuesOf(data, pod, service);
    const end = values.at(-1)?.to ?? 0;
    const cuts: Cut[] = [];
    let t0 = (values[0]?.from ?? 0) + GUARD;
    while (t0 + GUARD <= end) {
      const until = t0 + GUARD;
      const near = data.faults.findLast((fault) => fault.t0 * SECOND > t0 - AFTER_FAULT && fault.t0 * SECOND < until);
      if (near !== undefined) {
        t0 = near.t0 * SECOND + AFTER_FAULT;
        continue;
      }
      const name = `normal:${pod}:${t0 / SECOND}`;
      const clean = withoutFaults(data, pod, t0, values);
      // Where nobody calls the service nothing can go wrong: such a window would only flatter.
      if (isUsed(values, t0, until)) cuts.push({ set: data.name, name, service, bad: false, tier: "normal", t0, until, values: clean });
      t0 += EVERY;
    }
    return cuts;
  });
}

function isUsed(values: readonly ServiceValue[], from: Ms, to: Ms): boolean {
  return values.some((value) => value.from >= from && value.to <= to && value.requests > 0);
}

/** A row tells of the minute that ends with it. Of the front-end alone the data says how many answers were good. */
function valuesOf({ rows }: Data, pod: string, service: string): readonly ServiceValue[] {
  const answers = new Map(service === "frontend" ? rows.get(FRONT)?.map(({ at, success }) => [Math.round(at / MINUTE), success]) : []);
  return (rows.get(pod) ?? []).flatMap(({ at, p90, p99, perSecond }, index, all): readonly ServiceValue[] => {
    if (perSecond === null) return [];
    const last = all[index - 1]?.at ?? 0;
    const from = at - last < 1.5 * MINUTE ? last : at - MINUTE;
    const success = answers.get(Math.round(at / MINUTE)) ?? null;
    const quantiles = p90 === null || p99 === null ? {} : { 0.9: p90, 0.99: p99 };
    return [{ from, to: at, requests: (perSecond * (at - from)) / SECOND, success: success === null ? null : success / 100, quantiles }];
  });
}

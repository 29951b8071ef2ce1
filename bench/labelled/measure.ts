// What Prometheus would answer about latencies, or to a query of the user's own.
import { classicReading } from "../../src/judging/buckets.ts";
import type { Measurement, Ms, ProcessReading } from "../../src/model.ts";
import type { Ask, CounterAsk } from "../../src/signals/ask.ts";
import { type LiveWorkload, namespace } from "./cluster.ts";
import { lastScrape } from "./counters.ts";
import type { Gauge, ReplayCase } from "./replay-case.ts";

const MINUTE: Ms = 60_000;

/** Histograms of the pods that are asked for at the end of a block, read as the daemon reads them. */
export function slowerAt(
  { latencies }: ReplayCase,
  { prefixes }: Ask,
  { block, thresholdMs }: Extract<CounterAsk, { kind: "slower" }>,
  workloads: ReadonlyMap<string, LiveWorkload>,
  at: Ms,
): Measurement {
  const pods = [...workloads.values()].flatMap((live) => [...live.pods.values()]);
  const readings: ProcessReading[] = [];
  for (const { name: pod, gone = Infinity } of pods) {
    const histogram = latencies?.get(pod);
    if (histogram === undefined || !prefixes.some((prefix) => pod.startsWith(`${prefix}-`))) continue;
    const index = lastScrape(histogram, at - block, Math.min(at, gone));
    if (index === undefined) continue;
    const total = histogram.total[index] ?? 0;
    const finite = histogram.bounds.map((le, bound) => ({ le, count: total - (histogram.slower[index]?.[bound] ?? 0) }));
    const counts = classicReading([...finite, { le: Infinity, count: total }], (thresholdMs ?? Infinity) / 1000);
    if ("problem" in counts) return { kind: "error", at, because: counts.problem };
    const { bad, badAtMost } = counts;
    readings.push({ namespace, pod, process: "replayed", total, bad, badAtMost });
  }
  return { kind: "counters", at, readings };
}

/** The last value, while it is younger than a minute: afterwards its series is gone, as after a scrape that did not bring it. */
export function gaugeAt(gauge: Gauge | undefined, at: Ms): Measurement {
  const index = gauge === undefined ? undefined : lastScrape(gauge, at - MINUTE, at);
  const value = index === undefined ? undefined : gauge?.values[index];
  if (value === undefined) return { kind: "no-data", at, because: "the query answers with no series" };
  return { kind: "values", at, values: [{ labels: {}, value }] };
}

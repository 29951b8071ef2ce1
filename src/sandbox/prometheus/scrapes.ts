import type { ExposedSample } from "../exposition.ts";
import { fractionOf } from "../random.ts";

export type SeriesLabels = Readonly<Record<string, string>>;

/** One stored time series. `times` ascend; `gaps` are the instants at which it went stale. */
export interface StoredSeries {
  readonly labels: SeriesLabels;
  readonly times: number[];
  readonly values: number[];
  readonly gaps: number[];
}

/** A pod as the scraper knows it. */
export interface ScrapeTarget {
  /** Tells targets apart; a new process in the same pod is the same target. */
  readonly id: string;
  /** Labels of the target: namespace, pod, instance, job. */
  readonly labels: SeriesLabels;
  /** Whether a process listens; a scrape of one that does not is `up 0`. */
  readonly up: boolean;
  readonly expose: () => readonly ExposedSample[];
}

export interface ScrapeOptions {
  readonly intervalMs: number;
  /** Samples older than this are forgotten. */
  readonly retentionMs: number;
  /** Start of the world, in ms since the epoch. */
  readonly now: number;
}

export interface Scrapes {
  /** Scrapes every target whose turn came in the time since the last step. */
  step(targets: readonly ScrapeTarget[], now: number): void;
  /** All series of a metric. */
  seriesOf(metric: string): readonly StoredSeries[];
  /** All series there are. */
  all(): readonly StoredSeries[];
  /** False stops new scrapes, as a Prometheus does that lost its network. */
  scraping: boolean;
}

/** Prometheus' scraping and storage: every target at an offset of its own, staleness when a series or a target disappears. */
export function createScrapes({ intervalMs, retentionMs, now: start }: ScrapeOptions): Scrapes {
  const byMetric = new Map<string, Set<StoredSeries>>();
  const live = new Map<string, Map<string, StoredSeries>>();
  const offsets = new Map<string, number>();
  let known: readonly ScrapeTarget[] = [];
  let last = start;
  let swept = start;

  function seriesFor(target: ScrapeTarget, sample: ExposedSample, seen: Map<string, StoredSeries>): StoredSeries {
    const key = `${sample.name} ${Object.values(sample.labels).join(" ")}`;
    const known = seen.get(key);
    const series: StoredSeries = known ?? { labels: labelsOf(target, sample), times: [], values: [], gaps: [] };
    seen.set(key, series);
    // Also a known one: it may have been forgotten while nothing was scraped.
    const all = byMetric.get(sample.name) ?? new Set();
    byMetric.set(sample.name, all.add(series));
    return series;
  }

  function scrape(target: ScrapeTarget, now: number): void {
    const seen = live.get(target.id) ?? new Map<string, StoredSeries>();
    live.set(target.id, seen);
    const samples: readonly ExposedSample[] = [{ name: "up", labels: {}, value: target.up ? 1 : 0 }, ...(target.up ? target.expose() : [])];
    for (const sample of samples) {
      const series = seriesFor(target, sample, seen);
      series.times.push(now);
      series.values.push(sample.value);
    }
    for (const series of seen.values()) if (series.times.at(-1) !== now) endAt(series, now);
  }

  function retire(targets: readonly ScrapeTarget[], now: number): void {
    const here = new Set(targets.map(({ id }) => id));
    for (const [id, seen] of live) {
      if (here.has(id)) continue;
      for (const series of seen.values()) endAt(series, now);
      live.delete(id);
      offsets.delete(id);
    }
  }

  const scrapes: Scrapes = {
    scraping: true,
    step(targets, now) {
      if (targets !== known) retire(targets, now);
      known = targets;
      for (const target of targets) {
        const offset = offsets.get(target.id) ?? fractionOf(target.id) * intervalMs;
        offsets.set(target.id, offset);
        const turn = (at: number) => Math.floor((at - offset) / intervalMs);
        if (scrapes.scraping && turn(now) > turn(last)) scrape(target, now);
      }
      last = now;
      if (now - swept < retentionMs / 10) return;
      swept = now;
      forget(byMetric, now - retentionMs);
    },
    seriesOf: (metric) => [...(byMetric.get(metric) ?? [])],
    all: () => [...byMetric.values()].flatMap((series) => [...series]),
  };
  return scrapes;
}

/** A target's own labels win, and what the sample calls so is renamed, as without `honor_labels`. */
function labelsOf(target: ScrapeTarget, { name, labels }: ExposedSample): SeriesLabels {
  const own = Object.entries(labels).map(([key, value]) => [key in target.labels ? `exported_${key}` : key, value] as const);
  return { __name__: name, ...Object.fromEntries(own), ...target.labels };
}

/** A series that goes away ends at once instead of lingering for five minutes. */
function endAt(series: StoredSeries, now: number): void {
  const lastSample = series.times.at(-1) ?? -Infinity;
  if ((series.gaps.at(-1) ?? -Infinity) < lastSample) series.gaps.push(now);
}

function forget(byMetric: Map<string, Set<StoredSeries>>, before: number): void {
  for (const [metric, all] of byMetric) {
    for (const series of all) {
      const firstKept = series.times.findIndex((time) => time >= before);
      const dropped = firstKept < 0 ? series.times.length : firstKept;
      series.times.splice(0, dropped);
      series.values.splice(0, dropped);
      while ((series.gaps[0] ?? Infinity) < before) series.gaps.shift();
      if (series.times.length === 0 && series.gaps.length === 0) all.delete(series);
    }
    if (all.size === 0) byMetric.delete(metric);
  }
}

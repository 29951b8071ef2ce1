import { describe, expect, test } from "vitest";
import { createScrapes } from "../../../../src/sandbox/prometheus/scrapes.ts";
import type { ScrapeTarget, Scrapes } from "../../../../src/sandbox/prometheus/scrapes.ts";
import { instantQuery } from "../../../../src/sandbox/prometheus/query.ts";

function target(id: string, value: number, up = true): ScrapeTarget {
  return { id, labels: { pod: id }, up, expose: () => [{ name: "m", labels: { status: "200" }, value }] };
}

function step(scrapes: Scrapes, targets: readonly ScrapeTarget[], from: number, to: number): void {
  for (let now = from + 100; now <= to; now += 100) scrapes.step(targets, now);
}

function value(scrapes: Scrapes, promql: string, at: number): unknown {
  return instantQuery(scrapes, promql, at).result.map((sample) => (sample as { value: [number, string] }).value[1]);
}

const options = { intervalMs: 1000, retentionMs: 60_000, now: 0 };

describe("scrapes", () => {
  test("every target is scraped once an interval, each at a time of its own", () => {
    const scrapes = createScrapes(options);
    const targets = ["a", "b", "c", "d"].map((id) => target(id, 1));
    step(scrapes, targets, 0, 10_000);
    const times = scrapes.seriesOf("m").map((series) => series.times);
    for (const each of times) {
      expect(each.length).toBeGreaterThanOrEqual(10);
      expect(each.slice(1).every((time, index) => time - (each[index] ?? 0) === 1000)).toBe(true);
    }
    expect(new Set(times.map(([first = 0]) => first % 1000)).size).toBeGreaterThan(1);
  });

  test("labels of the sample and of the target are on the series", () => {
    const scrapes = createScrapes(options);
    step(scrapes, [target("a", 1)], 0, 1000);
    expect(scrapes.seriesOf("m")[0]?.labels).toEqual({ __name__: "m", status: "200", pod: "a" });
  });

  test("a target that does not listen is up 0, and its series are gone at once", () => {
    const scrapes = createScrapes(options);
    step(scrapes, [target("a", 5)], 0, 2000);
    expect(value(scrapes, "m", 2000)).toEqual(["5"]);
    step(scrapes, [target("a", 5, false)], 2000, 4000);
    expect(value(scrapes, "up", 4000)).toEqual(["0"]);
    expect(value(scrapes, "m", 4000)).toEqual([]);
    expect(value(scrapes, "last_over_time(m[4s])", 4000)).toEqual(["5"]);
    step(scrapes, [target("a", 1)], 4000, 6000);
    expect(value(scrapes, "m", 6000)).toEqual(["1"]);
  });

  test("a target that is gone leaves nothing but history", () => {
    const scrapes = createScrapes(options);
    step(scrapes, [target("a", 5)], 0, 2000);
    step(scrapes, [], 2000, 2100);
    expect(value(scrapes, "up", 2100)).toEqual([]);
    expect(value(scrapes, "up", 2000)).toEqual(["1"]);
  });

  test("while nothing is scraped the old samples linger", () => {
    const scrapes = createScrapes(options);
    step(scrapes, [target("a", 5)], 0, 2000);
    scrapes.scraping = false;
    step(scrapes, [target("a", 9)], 2000, 10_000);
    expect(value(scrapes, "m", 10_000)).toEqual(["5"]);
    expect(value(scrapes, "last_over_time(m[1s])", 10_000)).toEqual([]);
    scrapes.scraping = true;
    step(scrapes, [target("a", 9)], 10_000, 11_100);
    expect(value(scrapes, "m", 11_100)).toEqual(["9"]);
  });

  test("samples beyond the retention are forgotten, and a long pause loses no later ones", () => {
    const scrapes = createScrapes(options);
    step(scrapes, [target("a", 1)], 0, 120_000);
    const [series] = scrapes.seriesOf("m");
    expect(series?.times.length).toBeLessThan(70);
    scrapes.scraping = false;
    step(scrapes, [target("a", 1)], 120_000, 300_000);
    expect(scrapes.all()).toEqual([]);
    scrapes.scraping = true;
    step(scrapes, [target("a", 2)], 300_000, 302_000);
    expect(value(scrapes, "m", 302_000)).toEqual(["2"]);
  });
});

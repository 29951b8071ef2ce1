import type { Scrapes, StoredSeries } from "../../../../src/sandbox/prometheus/scrapes.ts";

export type Stored = Pick<Scrapes, "seriesOf" | "all">;

/** Series of a table: labels (with __name__), and samples as [seconds, value]; null is the instant at which it went stale. */
export function stored(
  ...rows: readonly (readonly [Readonly<Record<string, string>>, readonly (readonly [number, number | null])[]])[]
): Stored {
  const series = rows.map(([labels, samples]): StoredSeries => {
    const real = samples.filter((sample): sample is readonly [number, number] => sample[1] !== null);
    return {
      labels,
      times: real.map(([seconds]) => seconds * 1000),
      values: real.map(([, value]) => value),
      gaps: samples.filter(([, value]) => value === null).map(([seconds]) => seconds * 1000),
    };
  });
  return { seriesOf: (metric) => series.filter(({ labels }) => labels["__name__"] === metric), all: () => series };
}

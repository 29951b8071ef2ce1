// What a process under traffic shows at /metrics: prom-client 15 with a status label.

/** One sample of a scrape, before the scraper adds its own labels. */
export interface ExposedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Counters of one process: they begin at 0 with it and end with it. */
export interface ProcessCounters {
  readonly startedAt: number;
  record(status: number, seconds: number): void;
  /** `now` in ms since the epoch, for the counters that time moves. `memoryBytes` of a process that leaks. */
  expose(now: number, memoryBytes?: number): readonly ExposedSample[];
}

interface StatusRow {
  readonly status: string;
  requests: number;
  seconds: number;
  /** Not cumulative; one more than there are bounds. */
  readonly buckets: number[];
}

/** prom-client's default bounds, in seconds. */
export const bucketBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const bounds = [...bucketBounds.map(leText), "+Inf"];

export function createCounters(startedAt: number): ProcessCounters {
  const rows = new Map<number, StatusRow>();
  return {
    startedAt,
    record(status, seconds) {
      // A label set is born with its first request, as in prom-client: before the first 500 there is no such series.
      const row = rows.get(status) ?? { status: String(status), requests: 0, seconds: 0, buckets: bounds.map(() => 0) };
      rows.set(status, row);
      row.requests += 1;
      row.seconds += seconds;
      const found = bucketBounds.findIndex((bound) => seconds <= bound);
      const index = found < 0 ? bucketBounds.length : found;
      row.buckets[index] = (row.buckets[index] ?? 0) + 1;
    },
    expose(now, memoryBytes = 60e6 + 20e6 * (1 - Math.exp((startedAt - now) / 300_000))) {
      const uptime = (now - startedAt) / 1000;
      let requests = 0;
      const samples: ExposedSample[] = [];
      for (const row of rows.values()) {
        requests += row.requests;
        samples.push(...exposeRow(row));
      }
      samples.push(
        { name: "process_start_time_seconds", labels: {}, value: startedAt / 1000 },
        { name: "process_cpu_seconds_total", labels: {}, value: 0.4 + 0.002 * uptime + 0.001 * requests },
        { name: "process_resident_memory_bytes", labels: {}, value: memoryBytes },
      );
      return samples;
    },
  };
}

function exposeRow(row: StatusRow): readonly ExposedSample[] {
  const labels = { method: "GET", status: row.status };
  let cumulative = 0;
  const buckets = row.buckets.map((count, index): ExposedSample => {
    cumulative += count;
    return { name: "http_request_duration_seconds_bucket", labels: { ...labels, le: bounds[index] ?? "+Inf" }, value: cumulative };
  });
  return [
    { name: "http_requests_total", labels, value: row.requests },
    ...buckets,
    { name: "http_request_duration_seconds_sum", labels, value: row.seconds },
    { name: "http_request_duration_seconds_count", labels, value: row.requests },
  ];
}

/** Prometheus 3 stores `le="1"` as `le="1.0"`. */
function leText(bound: number): string {
  return Number.isInteger(bound) ? bound.toFixed(1) : String(bound);
}

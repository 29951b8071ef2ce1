import type { ExposedSample } from "../../src/sandbox/exposition.ts";

export function requests(ok: number, failed?: number): readonly ExposedSample[] {
  const counter = (status: string, value: number) => ({ name: "http_requests_total", labels: { method: "GET", status }, value });
  return [counter("200", ok), ...(failed === undefined ? [] : [counter("500", failed)])];
}

/** Cumulative counts by bound, bounds as prom-client writes them. */
export function buckets(counts: Readonly<Record<string, number>>): readonly ExposedSample[] {
  return Object.entries(counts).map(([le, value]) => ({ name: "http_request_duration_seconds_bucket", labels: { le }, value }));
}

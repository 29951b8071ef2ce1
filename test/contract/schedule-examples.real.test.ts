// The queries of docs/schedules.md, against a real Prometheus: the sandbox knows no time() and no arithmetic.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createPrometheus } from "../../src/clients/prometheus/prometheus.ts";
import type { PrometheusApi } from "../../src/clients/prometheus/api.ts";
import { parsePolicies } from "../../src/policies/parse.ts";
import { fillTemplate } from "../../src/policies/template.ts";
import { type PrometheusUnderTest, pods, startPrometheus } from "./prometheus-under-test.ts";

const stack = new AsyncDisposableStack();
let server: PrometheusUnderTest;
let prometheus: PrometheusApi;

beforeAll(async () => {
  server = stack.use(await startPrometheus());
  prometheus = stack.adopt(createPrometheus({ url: server.url, timeoutMs: 5_000 }), (api) => api.close());
});
afterAll(() => stack.disposeAsync());

const hour = 3600;
const backup = (agoS: number) => ({
  name: "backup_last_success_timestamp_seconds",
  labels: {},
  value: Math.floor(Date.now() / 1000) - agoS,
});
const volume = (used: number) => [
  { name: "kubelet_volume_stats_used_bytes", labels: { persistentvolumeclaim: "data" }, value: used },
  { name: "kubelet_volume_stats_capacity_bytes", labels: { persistentvolumeclaim: "data" }, value: 100 },
];

async function holds(name: string, at: number): Promise<boolean> {
  const text = await readFile(join(import.meta.dirname, "../../docs/schedules.md"), "utf8");
  const blocks = [...text.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, block = ""]) => block);
  const remediation = blocks
    .flatMap((block) => parsePolicies(block, "docs/schedules.md").remediations)
    .find((one) => one.remediation.metadata.name === name);
  const [condition] = Object.values(remediation?.remediation.spec.when ?? {});
  const promql = condition?.promql;
  if (promql === undefined) throw new Error(`docs/schedules.md has no query in ${name}`);
  const { series } = await prometheus.query(fillTemplate(promql.query, { namespace: "prod", name: "db", pods: [] }), at);
  expect(series).toHaveLength(1);
  return (series[0]?.value ?? NaN) > (promql.above ?? Infinity);
}

test.each<[string, string, () => readonly { readonly name: string; readonly labels: object; readonly value: number }[], boolean]>([
  ["a backup of an hour ago is young enough", "backup-age", () => [backup(hour)], false],
  ["a backup of yesterday is too old", "backup-age", () => [backup(25 * hour)], true],
  ["a backup that nobody reports is too old", "backup-age", () => [], true],
  ["a volume with room is not told of", "capacity", () => volume(79), false],
  ["a volume that is nearly full is", "capacity", () => volume(81), true],
])("%s", async (_what, name, samples, expected) => {
  await server.silence();
  const at = await server.scrape({ [pods[0] ?? ""]: samples() as Parameters<PrometheusUnderTest["scrape"]>[0][string] });
  expect(await holds(name, at)).toBe(expected);
});

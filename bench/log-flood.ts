// node bench/main.ts flood: what 10,000 error lines a second cost, on a real Elasticsearch.
import { createElasticsearch } from "../src/clients/elasticsearch/elasticsearch.ts";
import { patternOf } from "../src/judging/patterns/mask.ts";
import type { Measurement, Ms } from "../src/model.ts";
import { logFieldsOf } from "../src/policies/log-formats.ts";
import type { LogsAsk } from "../src/signals/ask.ts";
import { mostLines } from "../src/signals/read-lines.ts";
import { createLogSampler } from "../src/signals/sample-logs.ts";
import { startElasticsearch } from "../test/servers/elasticsearch.ts";
import { logIndex } from "../test/servers/log-index.ts";

const perSecond = 10_000;
const seconds = 30;
const pods = 20;
const block: Ms = 15_000;
const start = Date.parse("2026-11-23T12:00:00Z");
const keyword = { type: "keyword" };
const mapping = {
  kubernetes: { properties: { namespace: keyword, pod: { properties: { name: keyword } } } },
  log: { properties: { level: keyword } },
};

/** Half a block's length is what sampling may take of it, or one that is late makes the next one late. */
const targets = { blockMs: block / 2, heapMb: 100, lineUs: 50 };

/** Returns whether time, memory and what is read of a block stay within their targets. */
export async function run(_args: readonly string[]): Promise<boolean> {
  await using server = await startElasticsearch("9.5.0", { report: (line) => console.log(`  ${line}`) });
  await fill(server.url);
  const elasticsearch = createElasticsearch({ url: server.url, timeoutMs: 30_000 });
  const sample = createLogSampler({ elasticsearch, log: { info: () => {}, warn: () => {} } });
  let met = printMask();
  for (const guards of [1, 20]) {
    const asks = Array.from({ length: guards }, (_, order) => askOf(order));
    // The first time warms the server's caches.
    await sample(asks, [start + block]);
    const counting = performance.now();
    await sample(asks.map(withoutLines), [start + 2 * block]);
    const countMs = performance.now() - counting;
    const heapBefore = process.memoryUsage().heapUsed;
    let most = heapBefore;
    const watching = setInterval(() => (most = Math.max(most, process.memoryUsage().heapUsed)), 10);
    const began = performance.now();
    const answers = await sample(asks, [start + 2 * block]);
    const tookMs = performance.now() - began;
    clearInterval(watching);
    const [first] = answers.get("guard-0") ?? [];
    const heapMb = (Math.max(most, process.memoryUsage().heapUsed) - heapBefore) / 1024 / 1024;
    console.log(
      `  ${String(guards).padStart(2)} guards, one block: ${Math.round(tookMs)} ms (target < ${targets.blockMs}), ${Math.round(countMs)} of them to count; heap +${heapMb.toFixed(1)} MB at most, garbage included (target < ${targets.heapMb})`,
    );
    console.log(`     ${toldOf(first)}`);
    console.log(`     read for ${readOf(answers)} of ${guards} guards; the others wait for the next block`);
    met &&= tookMs < targets.blockMs && heapMb < targets.heapMb && isCapped(first);
  }
  await elasticsearch.close();
  return met;
}

async function fill(url: string): Promise<void> {
  const index = logIndex(url, "logs-flood");
  await index.create(mapping);
  const batch = 10_000;
  for (let done = 0; done < perSecond * seconds; done += batch) {
    await index.add(Array.from({ length: batch }, (_, order) => lineOf(done + order)));
  }
  console.log(`  ${perSecond * seconds} error lines of ${pods} pods in ${seconds} s`);
}

function lineOf(order: number): object {
  const trace = (order * 2_654_435_761).toString(16).padStart(16, "0");
  return {
    "@timestamp": new Date(start + 1 + Math.floor((order * 1000) / perSecond)).toISOString(),
    message: `OrderServiceImpl#${order % 300} TraceID: ${trace} order ${order} of customer ${order % 977} failed: connect ECONNREFUSED 10.0.${order % 256}.7:5432`,
    "log.level": "error",
    kubernetes: { namespace: "shop", pod: { name: `web-5d8f9cb6c4-bbbb${"bcdfghjklmnpqrstvwxz"[order % pods] ?? ""}` } },
  };
}

function askOf(order: number): LogsAsk {
  const read = { fresh: "web-5d8f9cb6c4", freshAfter: start + block, old: { owners: ["web-6c9f7b5d44"], workload: "web", after: start } };
  const query = { kind: "logs", block: 15_000, index: "logs-flood", fields: logFieldsOf("filebeat", "error"), from: start, read } as const;
  return { id: `guard-${order}`, namespace: "shop", prefixes: ["web-5d8f9cb6c4"], query };
}

function withoutLines(ask: LogsAsk): LogsAsk {
  const { read: _, ...query } = ask.query;
  return { ...ask, query };
}

function readOf(answers: ReadonlyMap<string, readonly Measurement[]>): number {
  return [...answers.values()].filter(([one]) => one?.kind === "lines" && one.read !== undefined && "lines" in one.read.fresh).length;
}

function printMask(): boolean {
  const texts = Array.from({ length: 10_000 }, (_, order) => (lineOf(order) as { message: string }).message);
  for (const text of texts) patternOf(text);
  const began = process.cpuUsage();
  for (const text of texts) patternOf(text);
  const us = process.cpuUsage(began).user / texts.length;
  console.log(
    `  one line masked: ${us.toFixed(1)} us (target < ${targets.lineUs}), so at most ${Math.round((us * mostLines) / 1000)} ms for each side of a block`,
  );
  return us < targets.lineUs;
}

function isCapped(measurement: Measurement | undefined): boolean {
  const fresh = measurement?.kind === "lines" ? measurement.read?.fresh : undefined;
  return fresh !== undefined && "lines" in fresh && fresh.lines < 2 * mostLines && !fresh.whole;
}

function toldOf(measurement: Measurement | undefined): string {
  if (measurement?.kind !== "lines") return JSON.stringify(measurement);
  const counted = measurement.pods.reduce((sum, { lines }) => sum + lines, 0);
  const fresh = measurement.read?.fresh;
  if (fresh === undefined || "because" in fresh) return `${counted} lines counted; not read: ${fresh?.because ?? "not asked"}`;
  return `${counted} lines counted, ${fresh.lines} read, ${fresh.patterns.length} pattern: ${fresh.patterns[0]?.pattern ?? ""}`;
}

import type { Ms } from "../model.ts";
import type { CounterAsk, CountersAsk } from "./ask.ts";
import { escapeRegex, podPattern } from "./pod-prefix.ts";

/** One kind of counter to read: all requests, the bad ones, the buckets of a classic histogram, or a native one whole. */
export interface CounterClass {
  readonly name: "total" | "bad" | "buckets" | "histograms";
  readonly metric: string;
  readonly matchers: readonly string[];
  readonly podLabel: string;
}

/** Some asks whose answers come from the same query. */
export interface Chunk {
  readonly asks: readonly CountersAsk[];
}

const mostPrefixes = 200;
const mostBytes = 6 * 1024;

/** What has to be read for an ask. Asks with equal classes and blocks share their queries. */
export function classesOf(query: CounterAsk): readonly CounterClass[] {
  if (query.kind === "ratio") {
    const { podLabel } = query;
    return [
      { name: "total", ...query.total, podLabel },
      { name: "bad", ...query.bad, podLabel },
    ];
  }
  const { preset } = query;
  const { podLabel } = preset;
  if (query.kind === "slower") return [{ name: "buckets", metric: preset.buckets, matchers: preset.excluded, podLabel }];
  // Without the status label no request could ever be bad, and a wrong preset would look like a healthy service.
  const total = [...preset.excluded, `${preset.statusLabel}!=""`];
  return [
    { name: "total", metric: preset.requests, matchers: total, podLabel },
    { name: "bad", metric: preset.requests, matchers: [...preset.excluded, preset.badMatcher], podLabel },
  ];
}

/** What is read for an ask that has no classic buckets: the same histogram as a native one. Null where there is no other way. */
export function nativeClassOf(query: CounterAsk): CounterClass | null {
  if (query.kind !== "slower") return null;
  const { buckets, excluded, podLabel } = query.preset;
  const metric = buckets.replace(/_bucket$/, "");
  return metric === buckets ? null : { name: "histograms", metric, matchers: excluded, podLabel };
}

/** Label by which the answers to an ask name their pods. */
export function podLabelOf(query: CounterAsk): string {
  return query.kind === "ratio" ? query.podLabel : query.preset.podLabel;
}

/** Splits asks into chunks of about 200 pod prefixes or 6 KB of text; an ask is never cut in two. */
export function chunksOf(asks: readonly CountersAsk[]): readonly Chunk[] {
  const chunks: Chunk[] = [];
  let open: CountersAsk[] = [];
  let prefixes = new Set<string>();
  let bytes = 0;
  for (const ask of asks) {
    const added = new Map<string, number>();
    for (const prefix of ask.prefixes) {
      const key = `${ask.namespace}/${prefix}`;
      if (!prefixes.has(key)) added.set(key, 2 * key.length);
    }
    const addedBytes = [...added.values()].reduce((sum, length) => sum + length, 0);
    if (open.length > 0 && (prefixes.size + added.size > mostPrefixes || bytes + addedBytes > mostBytes)) {
      chunks.push({ asks: open });
      open = [];
      prefixes = new Set();
      bytes = 0;
    }
    open.push(ask);
    for (const [key] of added) prefixes.add(key);
    bytes += addedBytes;
  }
  if (open.length > 0) chunks.push({ asks: open });
  return chunks;
}

/**
 * PromQL of one class for all asks of a chunk (judging.md 1.1): the counter of each process as its last scrape in the block left it.
 *
 * Prometheus 3 reads `[b]` as (t-b, t], Prometheus 2 as [t-b, t]. A sample exactly at t-b may so be seen at t-b and at t, which does no
 * harm: it is a cumulative value, and its second sight adds 0.
 */
export function counterQuery(counter: CounterClass, asks: readonly CountersAsk[], block: Ms): string {
  const namespaces = unique(asks.map(({ namespace }) => escapeRegex(namespace)));
  const pods = unique(asks.flatMap(({ prefixes }) => prefixes.map(podPattern)));
  const matchers = [`namespace=~${quoted(namespaces.join("|"))}`, `${counter.podLabel}=~${quoted(pods.join("|"))}`, ...counter.matchers];
  const by = ["namespace", counter.podLabel, "instance", "job", ...(counter.name === "buckets" ? ["le"] : [])];
  return `sum by (${by.join(", ")}) (last_over_time(${counter.metric}{${matchers.join(", ")}}[${durationText(block)}]))`;
}

/** A duration in the form that every Prometheus reads. */
export function durationText(ms: Ms): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

function quoted(text: string): string {
  return `"${text.replaceAll(/[\\"]/g, "\\$&")}"`;
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].toSorted();
}

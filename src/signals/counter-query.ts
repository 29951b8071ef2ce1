import type { Ms } from "../model.ts";
import type { CounterAsk, CountersAsk } from "./ask.ts";
import { escapeRegex, podPattern } from "./pod-prefix.ts";

/** One kind of counter to read: all requests, the bad ones, the buckets of a classic histogram, or a native one whole. */
export interface CounterClass {
  readonly name: "total" | "bad" | "buckets" | "histograms";
  readonly metric: string;
  readonly matchers: readonly string[];
  readonly podLabel: string;
  /** Counted by callers: labels of the workload they called. Absent: counted by the asks' own pods. */
  readonly called?: CalledLabels;
}

export interface CalledLabels {
  readonly workload: string;
  /** Absent where the other label holds the namespace. */
  readonly namespace?: string;
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
  const called = calledLabels(query);
  if (query.kind === "slower") {
    return [{ name: "buckets", metric: preset.buckets, matchers: preset.excluded, podLabel, ...(called === undefined ? {} : { called }) }];
  }
  const matchers = query.callersOf === undefined ? preset.excluded : (preset.callers?.matchers ?? []);
  const whose = { metric: preset.requests, podLabel, ...(called === undefined ? {} : { called }) };
  // Without the status label no request could ever be bad, and a wrong preset would look like a healthy service.
  return [
    { name: "total", ...whose, matchers: [...matchers, `${preset.statusLabel}!=""`] },
    { name: "bad", ...whose, matchers: [...matchers, preset.badMatcher] },
  ];
}

/** What is read for an ask that has no classic buckets: the same histogram as a native one. Null where there is no other way. */
export function nativeClassOf(query: CounterAsk): CounterClass | null {
  if (query.kind !== "slower" || query.service !== undefined) return null;
  const { buckets, excluded, podLabel } = query.preset;
  const metric = buckets.replace(/_bucket$/, "");
  return metric === buckets ? null : { name: "histograms", metric, matchers: excluded, podLabel };
}

/** Label by which the answers to an ask name their pods. */
export function podLabelOf(query: CounterAsk): string {
  return query.kind === "ratio" ? query.podLabel : query.preset.podLabel;
}

/** Labels by which the series of an ask for callers, or for a whole Service, are told apart. */
export function calledLabels(query: CounterAsk): CalledLabels | undefined {
  if (query.kind !== "ratio" && query.service !== undefined && query.preset.service !== undefined) {
    const { serviceLabel, namespaceLabel } = query.preset.service;
    return { workload: serviceLabel, ...(namespaceLabel === undefined ? {} : { namespace: namespaceLabel }) };
  }
  const callers = query.kind === "errors" && query.callersOf !== undefined ? query.preset.callers : undefined;
  if (query.kind !== "errors" || query.callersOf === undefined || callers === undefined) return undefined;
  return { workload: callers.workloadLabel[query.callersOf.kind], namespace: callers.namespaceLabel };
}

/** Regular expression of the name under which a whole Service is counted; undefined for an ask about pods or callers. */
export function servicePattern({ namespace, query }: CountersAsk): string | undefined {
  if (query.kind === "ratio" || query.service === undefined || query.preset.service === undefined) return undefined;
  return query.preset.service.value
    .replaceAll("{{namespace}}", escapeRegex(namespace))
    .replaceAll("{{service}}", escapeRegex(query.service));
}

/** What the series of an ask are found by: prefixes of its pods, the name of the workload that is called, or of its Service. */
export function soughtBy(ask: CountersAsk): readonly string[] {
  const { prefixes, query } = ask;
  const service = servicePattern(ask);
  if (service !== undefined) return [service];
  return query.kind === "errors" && query.callersOf !== undefined ? [query.callersOf.name] : prefixes;
}

/** Splits asks into chunks of about 200 pod prefixes or 6 KB of text; an ask is never cut in two. */
export function chunksOf(asks: readonly CountersAsk[]): readonly Chunk[] {
  const chunks: Chunk[] = [];
  let open: CountersAsk[] = [];
  let prefixes = new Set<string>();
  let bytes = 0;
  for (const ask of asks) {
    const added = new Map<string, number>();
    for (const prefix of soughtBy(ask)) {
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
 * PromQL of one class for all asks of a chunk (docs/judging.md: the formula): the counter of each process as its last scrape in the block left it.
 *
 * Prometheus 3 reads `[b]` as (t-b, t], Prometheus 2 as [t-b, t]. A sample exactly at t-b may so be seen at t-b and at t, which does no
 * harm: it is a cumulative value, and its second sight adds 0.
 */
export function counterQuery(counter: CounterClass, asks: readonly CountersAsk[], block: Ms): string {
  const namespaces = unique(asks.map(({ namespace }) => escapeRegex(namespace)));
  const { called, podLabel } = counter;
  const patternOf = (ask: CountersAsk, name: string) =>
    servicePattern(ask) ?? (called === undefined ? podPattern(name) : escapeRegex(name));
  const names = unique(asks.flatMap((ask) => soughtBy(ask).map((name) => patternOf(ask, name))));
  const [namespace, name] = called === undefined ? ["namespace", podLabel] : [called.namespace, called.workload];
  const within = namespace === undefined ? [] : [`${namespace}=~${quoted(namespaces.join("|"))}`];
  const matchers = [...within, `${name}=~${quoted(names.join("|"))}`, ...counter.matchers];
  const told = [
    ...(called === undefined ? [] : [called.namespace ?? [], called.workload].flat()),
    ...(counter.name === "buckets" ? ["le"] : []),
  ];
  const by = [...new Set(["namespace", podLabel, "instance", "job", ...told])];
  return `sum by (${by.join(", ")}) (last_over_time(${counter.metric}{${matchers.join(", ")}}[${durationText(block)}]))`;
}

/** A duration in the form that every Prometheus reads. */
export function durationText(ms: Ms): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

export function quoted(text: string): string {
  return `"${text.replaceAll(/[\\"]/g, "\\$&")}"`;
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].toSorted();
}

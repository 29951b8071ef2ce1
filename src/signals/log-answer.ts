import type { SearchAnswer } from "../clients/elasticsearch/api.ts";
import { RearguardError } from "../errors.ts";
import type { Measurement, Ms, PodLines } from "../model.ts";
import type { LogsAsk } from "./ask.ts";
import { type LogOwner, mostPods } from "./log-search.ts";

type Found = Extract<SearchAnswer, { kind: "found" }>;

/** Documents by order of the instant, as a keyed `date_range` answers. */
interface AtInstants {
  readonly buckets: Readonly<Record<string, { readonly doc_count: number }>>;
}

interface OwnerBucket {
  readonly heard: { readonly at: AtInstants };
  readonly bad: {
    readonly pods: {
      readonly sum_other_doc_count: number;
      readonly buckets: readonly { readonly key: string; readonly at: AtInstants }[];
    };
  };
}

/** What was found of one owner's pods: running sums, one for each instant. */
export interface OwnerLines {
  readonly owner: LogOwner;
  /** Lines with any level. */
  readonly heard: readonly number[];
  readonly pods: ReadonlyMap<string, readonly number[]>;
}

/** @throws RearguardError ELASTICSEARCH_PARTIAL where pods were left out of the answer, which would look like pods without errors. */
export function linesFound(answer: Found, owners: readonly LogOwner[], instants: readonly Ms[]): readonly OwnerLines[] {
  const { buckets } = answer.aggregations["owners"] as { readonly buckets: Readonly<Record<string, OwnerBucket>> };
  return owners.map((owner, order) => {
    const bucket = buckets[String(order)];
    if (bucket === undefined) return { owner, heard: instants.map(() => 0), pods: new Map() };
    const { pods } = bucket.bad;
    if (pods.sum_other_doc_count > 0) {
      const sentence = `more than ${mostPods} pods of ${owner.name} logged: Elasticsearch left some of them out.`;
      throw new RearguardError("ELASTICSEARCH_PARTIAL", sentence);
    }
    return {
      owner,
      heard: runningSums(bucket.heard.at, instants.length),
      pods: new Map(pods.buckets.map(({ key, at }) => [key, runningSums(at, instants.length)])),
    };
  });
}

/** What the whole index says beside the lines of the guards. */
export interface Around {
  /** Whether any document came in the block that ends at each instant: logs that stand still say nothing of any pod. */
  readonly arrived: readonly boolean[];
  /** Error lines that name no pod, by namespace. */
  readonly podless: ReadonlyMap<string, number>;
}

export function aroundOf(answer: SearchAnswer, instants: readonly Ms[]): Around {
  if (answer.kind === "nothing") return { arrived: instants.map(() => false), podless: new Map() };
  const arrived = answer.aggregations["arrived"] as AtInstants;
  const { buckets } = answer.aggregations["podless"] as { readonly buckets: Readonly<Record<string, { readonly doc_count: number }>> };
  return {
    arrived: instants.map((_, order) => (arrived.buckets[String(order)]?.doc_count ?? 0) > 0),
    podless: new Map(Object.entries(buckets).map(([namespace, { doc_count }]) => [namespace, doc_count])),
  };
}

/**
 * One measurement for each instant of an ask of whose pods at least one line was seen. Sums run on over instants at which the logs stood
 * still: what came late is judged beside the whole time that it is of.
 */
export function linesOfAsk(
  ask: LogsAsk,
  found: readonly OwnerLines[],
  instants: readonly Ms[],
  { arrived, podless }: Around,
): readonly Measurement[] {
  const lost = podless.get(ask.namespace) ?? 0;
  const own = found.filter(({ owner }) => owner.ask === ask);
  return instants.map((at, order): Measurement => {
    if (arrived[order] !== true) return { kind: "no-data", at, because: standstill(ask, at) };
    if (own.every((one) => one.heard[order] === 0)) return { kind: "no-data", at, because: `no line of pods ${podsOf(ask)} was seen yet` };
    const pods = own.flatMap((one) => [...one.pods].map(([pod, sums]): PodLines => ({ pod, lines: sums[order] ?? 0 })));
    const heard = own.filter((one) => (one.heard[order] ?? 0) > 0).map(({ owner }) => owner.name);
    return { kind: "lines", at, pods, heard, ...(lost === 0 ? {} : { podless: lost }) };
  });
}

/** The first thing that is missing, named by its field. */
export function nothingBecause(ask: LogsAsk, answer: Found, until: Ms): string {
  const { index, fields, from } = ask.query;
  const count = (name: string) => (answer.aggregations[name] as { readonly doc_count: number }).doc_count;
  const span = `between ${new Date(from).toISOString()} and ${new Date(until).toISOString()}`;
  if (answer.total === 0) return `${index} has no document with a ${fields.time} ${span}`;
  const told = (name: string) => `${count(name)} of ${answer.total}`;
  if (count("pod") === 0) return `no document of ${index} has the field ${fields.pod}, which should hold the pod's name`;
  if (count("namespace") === 0) return `no document of ${index} has the field ${fields.namespace}, which should hold the namespace`;
  if (count("level") === 0) return `no document of ${index} has the field ${fields.levels.join(" or ")}, which should hold the level`;
  const pods = podsOf(ask);
  if (count("own") > 0) return `lines of pods ${pods} in ${index} have no field ${fields.levels.join(" or ")}, which should hold the level`;
  const named = `fields ${fields.pod}, in ${told("pod")} documents, and ${fields.namespace}, in ${told("namespace")}`;
  return `${index} has no line of pods ${pods} in namespace ${ask.namespace} ${span} (${named})`;
}

function standstill({ query: { index, block } }: LogsAsk, at: Ms): string {
  const span = `of the ${block / 1000} s before ${new Date(at).toISOString()}`;
  return `${index} has no document ${span}: its logs stand still, or come later than elasticsearch.lag, which says nothing of any pod`;
}

function podsOf({ prefixes }: LogsAsk): string {
  return prefixes.map((prefix) => `${prefix}-*`).join(", ");
}

function runningSums({ buckets }: AtInstants, length: number): readonly number[] {
  const sums: number[] = [];
  let sum = 0;
  for (let order = 0; order < length; order += 1) sums.push((sum += buckets[String(order)]?.doc_count ?? 0));
  return sums;
}

import { fieldOf, type Flat, type Mapping } from "./mapping.ts";
import { compile, instantOf } from "./query.ts";
import { SearchRefused } from "./refusal.ts";

type Body = Readonly<Record<string, unknown>>;

/** An index's part in a search. */
export interface Shard {
  readonly index: string;
  readonly mapping: Mapping;
  readonly documents: readonly Flat[];
}

/** Answers the aggregations that Rearguard sends over the documents of each index; any other is refused. */
export function aggregate(aggs: unknown, shards: readonly Shard[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries((aggs ?? {}) as Body).map(([name, body]) => [name, one(body as Body, shards)]));
}

function one({ aggs, ...rest }: Body, shards: readonly Shard[]): object {
  const [[kind, told] = ["", {}]] = Object.entries(rest);
  const bucket = (matching: readonly Shard[]) => ({
    doc_count: matching.reduce((sum, { documents }) => sum + documents.length, 0),
    ...aggregate(aggs, matching),
  });
  switch (kind) {
    case "filter":
      return bucket(shards.map((shard) => kept(shard, compile(told, shard.mapping))));
    case "filters": {
      const { filters } = told as { readonly filters: Body };
      const buckets = Object.entries(filters).map(([key, query]) => [
        key,
        bucket(shards.map((shard) => kept(shard, compile(query, shard.mapping)))),
      ]);
      return { buckets: Object.fromEntries(buckets) };
    }
    case "max":
      return maxOf(told as Body, shards);
    case "terms":
      return termsOf(told as Body, shards, bucket);
    case "date_range":
      return dateRangesOf(told as Body, shards, bucket);
    default:
      throw new SearchRefused("parsing_exception", `Unknown aggregation type [${kind}]`);
  }
}

type Bucket = (matching: readonly Shard[]) => { readonly doc_count: number };

function termsOf({ field: name, size = 10 }: Body, shards: readonly Shard[], bucket: Bucket): object {
  const keys = new Set<string>();
  for (const { index, mapping, documents } of shards) {
    const field = fieldOf(mapping, String(name));
    if (field?.type === "text") throw new SearchRefused("illegal_argument_exception", fielddata(String(name), index));
    if (field !== undefined) for (const document of documents) for (const value of document.get(field.path) ?? []) keys.add(String(value));
  }
  const holds = (shard: Shard, key: string) => {
    const path = fieldOf(shard.mapping, String(name))?.path ?? "";
    return kept(shard, (document) => (document.get(path) ?? []).some((value) => String(value) === key));
  };
  const buckets = [...keys].map((key) => ({ key, ...bucket(shards.map((shard) => holds(shard, key))) }));
  const ranked = buckets.toSorted((a, b) => b.doc_count - a.doc_count || (a.key < b.key ? -1 : 1));
  const left = ranked.slice(Number(size)).reduce((sum, { doc_count }) => sum + doc_count, 0);
  return { doc_count_error_upper_bound: 0, sum_other_doc_count: left, buckets: ranked.slice(0, Number(size)) };
}

function maxOf({ field: name }: Body, shards: readonly Shard[]): object {
  const values = shards.flatMap(({ mapping, documents }) => {
    const path = fieldOf(mapping, String(name))?.path ?? "";
    return documents.flatMap((document) => (document.get(path) ?? []).map(instantOf));
  });
  return { value: values.length === 0 ? null : values.reduce((most, value) => Math.max(most, value), -Infinity) };
}

function dateRangesOf({ field: name, ranges }: Body, shards: readonly Shard[], bucket: Bucket): object {
  const buckets = (ranges as readonly { key: string; from?: number; to?: number }[]).map(({ key, from = -Infinity, to = Infinity }) => {
    const within = shards.map((shard) => {
      const path = fieldOf(shard.mapping, String(name))?.path ?? "";
      return kept(shard, (document) => (document.get(path) ?? []).map(instantOf).some((at) => at >= from && at < to));
    });
    return [key, bucket(within)] as const;
  });
  return { buckets: Object.fromEntries(buckets) };
}

function kept(shard: Shard, matches: (document: Flat) => boolean): Shard {
  return { ...shard, documents: shard.documents.filter(matches) };
}

function fielddata(field: string, index: string): string {
  return (
    `Fielddata is disabled on [${field}] in [${index}]. Text fields are not optimised for operations that require per-document field data ` +
    "like aggregations and sorting, so these operations are disabled by default. Please use a keyword field instead."
  );
}

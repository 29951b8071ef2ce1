import { Client } from "@elastic/elasticsearch";
import type { ClientOptions, estypes } from "@elastic/elasticsearch";
import type { Ms } from "../../model.ts";
import type { ElasticsearchApi, SearchRequest } from "./api.ts";
import { toAnswer } from "./answer.ts";
import { failureOf, missingIndex } from "./failure.ts";

export interface ElasticsearchOptions {
  readonly url: string;
  /** Exactly one or none. */
  readonly auth?: { readonly apiKey: string } | { readonly bearer: string } | { readonly username: string; readonly password: string };
  /** PEM of a certificate authority to trust instead of the system's. */
  readonly ca?: string;
  /** Major version of the server: the client speaks 9 unless told, and a server of 8 refuses that. */
  readonly compatibility?: 8 | 9;
  /** From the first byte sent to the last byte read. */
  readonly timeoutMs: Ms;
  /** Largest answer read, in bytes. */
  readonly maxBytes?: number;
}

/**
 * The official client, told not to retry by itself (it would without a pause, and the next block asks again anyway), with a deadline for
 * the whole answer, and RearguardErrors instead of errors that carry the request.
 */
export function createElasticsearch(options: ElasticsearchOptions): ElasticsearchApi {
  const { timeoutMs, auth, ca, compatibility = 9, maxBytes = 32 * 1024 * 1024 } = options;
  const server = `Elasticsearch at ${publicUrl(options.url)}`;
  const client = new Client({
    node: options.url,
    maxRetries: 0,
    requestTimeout: timeoutMs,
    maxResponseSize: maxBytes,
    ...(auth === undefined ? {} : { auth }),
    ...(ca === undefined ? {} : { tls: { ca } }),
    ...(compatibility === 9 ? {} : { headers: compatibleWith(compatibility) }),
  } satisfies ClientOptions);

  return {
    async search(request) {
      const withinMs = Math.min(timeoutMs, request.timeoutMs ?? timeoutMs);
      const signal = AbortSignal.timeout(withinMs);
      try {
        return toAnswer(await client.search(paramsOf(request, withinMs), { signal }), request.index, server);
      } catch (thrown) {
        const missing = missingIndex(thrown);
        if (missing !== undefined) return { kind: "nothing", because: missing };
        throw failureOf(thrown, { server, index: request.index, timeoutMs: withinMs });
      }
    },
    close: () => client.close(),
  };
}

function paramsOf({ index, query, aggs, size = 0, sort, source, fields }: SearchRequest, timeoutMs: Ms): estypes.SearchRequest {
  return {
    index: index.split(","),
    // A pattern that nothing matches is an answer of its own (no shards). A name that is missing, or that may not be read, must be told:
    // it would be left out in silence.
    ignore_unavailable: false,
    allow_no_indices: true,
    track_total_hits: true,
    // A part of the shards would look like fewer documents.
    allow_partial_search_results: false,
    timeout: `${timeoutMs}ms`,
    size,
    query: query as NonNullable<estypes.SearchRequest["query"]>,
    ...(aggs === undefined ? {} : { aggs: aggs as Record<string, estypes.AggregationsAggregationContainer> }),
    ...(sort === undefined ? {} : { sort: [...sort] as estypes.SortCombinations[] }),
    ...(source === undefined ? {} : { _source: [...source] }),
    ...(fields === undefined ? {} : { _source: false, fields: [...fields] }),
  };
}

function compatibleWith(major: number): Record<string, string> {
  const type = `application/vnd.elasticsearch+json; compatible-with=${major}`;
  return { accept: type, "content-type": type };
}

/** The address without user, password and query. */
function publicUrl(text: string): string {
  const url = URL.parse(text);
  return url ? `${url.origin}${url.pathname.replace(/\/$/, "")}` : "an unreadable URL";
}

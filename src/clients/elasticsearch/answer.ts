import type { estypes } from "@elastic/elasticsearch";
import { RearguardError } from "../../errors.ts";
import type { SearchAnswer } from "./api.ts";

/**
 * The whole answer as ours.
 * @throws RearguardError ELASTICSEARCH_PARTIAL where some of it is missing, ELASTICSEARCH_NOT_ELASTICSEARCH where it is no search's answer.
 */
export function toAnswer(response: estypes.SearchResponse, index: string, server: string): SearchAnswer {
  const { _shards: shards, _clusters: clusters, hits, timed_out: timedOut, aggregations = {} } = response;
  if (typeof shards?.total !== "number" || !Array.isArray(hits?.hits)) {
    throw new RearguardError("ELASTICSEARCH_NOT_ELASTICSEARCH", `${server} answers something that is not the answer of a search.`);
  }
  if (timedOut) {
    throw new RearguardError("ELASTICSEARCH_PARTIAL", `${server} ran out of time over ${index}: what it found is not all.`);
  }
  if (shards.failed > 0) {
    const why = shards.failures?.[0]?.reason?.reason ?? "unknown cause";
    throw new RearguardError("ELASTICSEARCH_PARTIAL", `${server}: ${shards.failed} of ${shards.total} shards of ${index} failed: ${why}`);
  }
  const missing = (clusters?.skipped ?? 0) + (clusters?.partial ?? 0) + (clusters?.failed ?? 0);
  if (missing > 0) {
    throw new RearguardError(
      "ELASTICSEARCH_PARTIAL",
      `${server}: ${missing} of ${clusters?.total} clusters of ${index} gave no whole answer.`,
    );
  }
  if (shards.total === 0) return { kind: "nothing", because: `no index matches ${index}, or none that our account may read` };
  const total = typeof hits.total === "number" ? hits.total : (hits.total?.value ?? hits.hits.length);
  return {
    kind: "found",
    total,
    hits: hits.hits.map(({ _index, _id, _source, fields }) => ({
      index: _index,
      id: _id ?? "",
      source: (_source ?? {}) as Record<string, unknown>,
      fields: (fields ?? {}) as Record<string, readonly unknown[]>,
    })),
    aggregations: aggregations as Readonly<Record<string, unknown>>,
  };
}

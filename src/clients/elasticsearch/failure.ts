import { errors } from "@elastic/elasticsearch";
import { RearguardError } from "../../errors.ts";
import type { Ms } from "../../model.ts";

interface Asked {
  readonly server: string;
  readonly index: string;
  readonly timeoutMs: Ms;
}

/** Turns what the client throws, which holds the whole request, into an error of ours. */
export function failureOf(thrown: unknown, { server, index, timeoutMs }: Asked): RearguardError {
  if (thrown instanceof RearguardError) return thrown;
  if (thrown instanceof errors.ProductNotSupportedError) {
    const sentence = `${server} does not say that it is Elasticsearch (header x-elastic-product): OpenSearch or a proxy answers there.`;
    return new RearguardError("ELASTICSEARCH_NOT_ELASTICSEARCH", sentence);
  }
  if (thrown instanceof errors.TimeoutError || thrown instanceof errors.RequestAbortedError || isAbort(thrown)) {
    return isTooLarge(thrown)
      ? new RearguardError("ELASTICSEARCH_BAD_QUERY", `${server} answers more than Rearguard reads: narrow the index or the query.`)
      : new RearguardError("ELASTICSEARCH_TIMEOUT", `${server} did not answer within ${timeoutMs / 1000} s.`);
  }
  if (thrown instanceof errors.ResponseError) return refusal(thrown, server, index);
  if (thrown instanceof errors.DeserializationError) {
    return new RearguardError("ELASTICSEARCH_NOT_ELASTICSEARCH", `${server} answers something that is not JSON.`);
  }
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return new RearguardError("ELASTICSEARCH_UNREACHABLE", `${server} cannot be reached: ${why}`);
}

function refusal({ statusCode = 0, body }: errors.ResponseError, server: string, index: string): RearguardError {
  const { type, reason } = causeOf(body);
  if (type === "media_type_header_exception") {
    const sentence = `${server} is of version 8 and refuses a client of version 9: set elasticsearch.compatibility to 8.`;
    return new RearguardError("ELASTICSEARCH_VERSION", sentence);
  }
  if (statusCode === 401 || statusCode === 403) {
    return new RearguardError(
      "ELASTICSEARCH_REFUSED",
      `${server} refuses our credentials or their right to read ${index} (HTTP ${statusCode}): ${reason}`,
    );
  }
  if (statusCode === 429 || statusCode >= 500) {
    const isPartial = type === "search_phase_execution_exception";
    const code = isPartial ? "ELASTICSEARCH_PARTIAL" : "ELASTICSEARCH_UNREACHABLE";
    return new RearguardError(code, `${server} cannot answer now (HTTP ${statusCode}): ${reason}`);
  }
  const field = /(?:Fielddata is disabled on|Text fields are not optimised).*?\[([\w.@-]+)\]/.exec(reason)?.[1];
  const hint = field === undefined ? "" : ` The field ${field} is text: name ${field}.keyword instead.`;
  return new RearguardError("ELASTICSEARCH_BAD_QUERY", `${server} refuses the search of ${index} (HTTP ${statusCode}): ${reason}${hint}`);
}

/** The innermost words: the outer ones only say that all shards failed. */
function causeOf(body: unknown): { readonly type: string; readonly reason: string } {
  const error = isRecord(body) && isRecord(body["error"]) ? body["error"] : {};
  const [root] = Array.isArray(error["root_cause"]) ? error["root_cause"] : [];
  const cause = isRecord(root) ? root : error;
  const reason = typeof cause["reason"] === "string" ? cause["reason"] : "no reason given";
  return { type: typeof error["type"] === "string" ? error["type"] : "", reason: reason.replaceAll(/\s+/g, " ") };
}

function isAbort(thrown: unknown): boolean {
  return thrown instanceof Error && (thrown.name === "AbortError" || thrown.name === "TimeoutError");
}

function isTooLarge(thrown: unknown): boolean {
  return thrown instanceof Error && /content length .* is bigger than the maximum allowed/i.test(thrown.message);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

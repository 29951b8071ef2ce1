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

/** A sentence where an index that was named is not there. */
export function missingIndex(thrown: unknown): string | undefined {
  if (!(thrown instanceof errors.ResponseError) || thrown.statusCode !== 404) return undefined;
  const { type, reason } = causeOf(thrown.body);
  const name = /no such index \[(.*?)\]/.exec(reason)?.[1];
  return type === "index_not_found_exception" && name !== undefined ? `there is no index ${name}` : undefined;
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
  const told = `${server} refuses the search of ${index} (HTTP ${statusCode}): ${reason}${hintFor(reason, causingIndex(body))}`;
  return new RearguardError("ELASTICSEARCH_BAD_QUERY", told);
}

/** Which field would do, where it is the type of one that does not. `culprit`: the index that has it of that type. */
function hintFor(reason: string, culprit: string): string {
  const text = /(?:Fielddata is disabled on|Text fields are not optimised).*?\[([\w.@-]+)\](?: in \[([^\]]+)\])?/.exec(reason);
  if (text !== null) {
    const [, field, where = culprit] = text;
    return ` The field ${field} is text${where === "" ? "" : ` in ${where}`}: name ${field}.keyword instead.`;
  }
  const typed = /Can only use (?:regexp|wildcard|prefix) queries .*?\[([\w.@-]+)\] which is of type \[(\w+)\]/.exec(reason);
  if (typed === null) return "";
  const [, field, type] = typed;
  return ` The field ${field} is of type ${type}${culprit === "" ? "" : ` in ${culprit}`}: name a keyword field, or leave that index out.`;
}

function causingIndex(body: unknown): string {
  const error = isRecord(body) && isRecord(body["error"]) ? body["error"] : {};
  const [root] = Array.isArray(error["root_cause"]) ? error["root_cause"] : [];
  return isRecord(root) && typeof root["index"] === "string" ? root["index"] : "";
}

/** The innermost words: the outer ones only say that all shards failed. */
function causeOf(body: unknown): { readonly type: string; readonly reason: string } {
  const error = isRecord(body) && isRecord(body["error"]) ? body["error"] : {};
  const [root] = Array.isArray(error["root_cause"]) ? error["root_cause"] : [];
  const inner = isRecord(error["caused_by"]) ? error["caused_by"] : error;
  const cause = isRecord(root) ? root : inner;
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

import { RearguardError } from "../../errors.ts";
import type { HistogramSeries } from "./api.ts";
import { histogramSeries } from "./histogram.ts";
import { notNumbers } from "./not-numbers.ts";

/** What came over the wire, before prometheus-query looks at it. */
export interface WireResponse {
  readonly status: number;
  readonly statusText: string;
  readonly location: string | undefined;
  /** Parsed JSON, or the text when it was not JSON. */
  readonly body: unknown;
}

/** What prometheus-query would lose or trip over, taken out of the body. */
export interface Findings {
  readonly notes: readonly string[];
  readonly histograms: readonly HistogramSeries[];
}

interface Series {
  readonly [key: string]: unknown;
  readonly value?: unknown;
  readonly values?: unknown;
}

// Prometheus 2 has no `infos` and puts them among the warnings.
const infoPrefix = "PromQL info:";

/**
 * Checks a response and mends its body in place so that prometheus-query reads it rightly.
 * @param server name of the server in the sentences.
 * @throws RearguardError for every answer that is not a whole, successful one.
 */
export function mendBody(response: WireResponse, server: string): Findings {
  const { body } = response;
  if (response.status >= 300 && response.status < 400) {
    throw new RearguardError(
      "PROMETHEUS_NOT_JSON",
      `${server} answers with a redirect${response.location === undefined ? "" : ` to ${response.location}`}, which is not followed.`,
    );
  }
  if (!isRecord(body)) throw notPrometheus(response, server);
  if (body["status"] === "error") throw refusal(body, response, server);
  const data = body["data"];
  if (body["status"] !== "success" || response.status >= 300 || !isRecord(data)) throw notPrometheus(response, server);

  const warnings = strings(body["warnings"]);
  const partial = warnings.filter((text) => !text.startsWith(infoPrefix));
  if (partial.length > 0) {
    throw new RearguardError(
      "PROMETHEUS_PARTIAL",
      `${server} answers with a warning, so its answer may be partial: ${clip(partial.join("; "))}`,
    );
  }
  return {
    notes: [...strings(body["infos"]), ...warnings],
    histograms: mendResult(data, server),
  };
}

function mendResult(data: Record<string, unknown>, server: string): readonly HistogramSeries[] {
  const { resultType, result } = data;
  if (!Array.isArray(result)) throw new RearguardError("PROMETHEUS_NOT_JSON", `${server} answers a query without a result.`);
  if (resultType === "scalar") {
    mendSample(result);
    return [];
  }
  if (resultType !== "vector" && resultType !== "matrix") return [];
  const all: readonly Series[] = result;
  const plain = all.filter((series) => (resultType === "vector" ? Array.isArray(series.value) : Array.isArray(series.values)));
  for (const series of plain) {
    if (resultType === "vector") mendSample(series.value);
    else for (const sample of list(series.values)) mendSample(sample);
  }
  data["result"] = plain;
  return all.flatMap((series) => {
    const read = histogramSeries(series);
    if (read === null) throw new RearguardError("PROMETHEUS_NOT_JSON", `${server} answers a native histogram that cannot be read.`);
    return read === undefined ? [] : [read];
  });
}

/**
 * `parseFloat("+Inf")` is NaN and `parseFloat("Infinity")` is not; and `new Date(1.001 * 1000)` cuts the product to 1000 ms, which a
 * quarter of a millisecond more prevents (seen near the epoch, where hand-moved clocks begin, not at today's dates).
 */
function mendSample(sample: unknown): void {
  if (!Array.isArray(sample)) return;
  const [seconds, value]: readonly unknown[] = sample;
  if (typeof seconds === "number") sample[0] = (Math.round(seconds * 1000) + 0.25) / 1000;
  if (value === "+Inf") sample[1] = "Infinity";
  if (value === "-Inf") sample[1] = "-Infinity";
}

function refusal(body: Record<string, unknown>, response: WireResponse, server: string): RearguardError {
  const type = typeof body["errorType"] === "string" ? body["errorType"] : "";
  const words = clip(typeof body["error"] === "string" && body["error"] !== "" ? body["error"] : `HTTP ${response.status}`);
  if (type !== "bad_data" && isCost(words)) {
    return new RearguardError("PROMETHEUS_TOO_COSTLY", `${server} refuses the query for its cost: ${words}`);
  }
  // The same query that answers with it at an instant is refused over a range.
  const given = /invalid expression type "(range vector|string)"/.exec(words)?.[1];
  if (given !== undefined) return notNumbers(given, server);
  switch (type) {
    case "bad_data":
    case "execution":
    case "not_found":
    case "not_acceptable":
      return new RearguardError("PROMETHEUS_BAD_QUERY", `${server} refuses the query: ${words}`);
    case "timeout":
    case "canceled":
      return new RearguardError("PROMETHEUS_TIMEOUT", `${server} gave up on the query: ${words}`);
    default:
      return new RearguardError("PROMETHEUS_UNREACHABLE", `${server} cannot answer (HTTP ${response.status}): ${words}`);
  }
}

/** Prometheus: "would load too many samples"; Mimir, Thanos and VictoriaMetrics: "exceeded the maximum number of chunks", "series limit" … */
function isCost(words: string): boolean {
  return /too many (samples|series|timeseries|chunks)|(exceed|limit)[^;]*(samples|series|chunks|bytes)|(samples|series|chunks|bytes)[^;]*(exceed|limit)/i.test(
    words,
  );
}

function notPrometheus(response: WireResponse, server: string): RearguardError {
  const status = `HTTP ${response.status}${response.statusText ? ` ${response.statusText}` : ""}`;
  const { body } = response;
  const text = typeof body === "string" ? body.trim() : "";
  if (response.status === 401 || response.status === 403) {
    return new RearguardError("PROMETHEUS_REFUSED", `${server} refuses our credentials (${status}).`);
  }
  if (text.startsWith("<")) {
    return new RearguardError("PROMETHEUS_NOT_JSON", `${server} answers an HTML page (${status})${title(text)} instead of JSON.`);
  }
  if (response.status >= 500 || response.status === 429) {
    return new RearguardError("PROMETHEUS_UNREACHABLE", `${server} cannot answer (${status})${text ? `: ${clip(text)}` : "."}`);
  }
  const what = typeof body === "string" ? (text ? `"${clip(text, 80)}"` : "an empty body") : "JSON of another shape";
  return new RearguardError("PROMETHEUS_NOT_JSON", `${server} answers ${what} (${status}) where Prometheus would answer JSON.`);
}

function title(html: string): string {
  const found = /<title[^>]*>([^<]{1,80})/i.exec(html)?.[1]?.trim();
  return found ? ` titled "${found}"` : "";
}

/** Another server's words are quoted, never trusted to be short. */
function clip(text: string, most = 300): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > most ? `${line.slice(0, most)}…` : line;
}

function strings(value: unknown): readonly string[] {
  return list(value).filter((item) => typeof item === "string");
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { QueryRefused } from "./promql/refusal.ts";
import { answerNative } from "./native.ts";
import { durationMs } from "./promql/tokens.ts";
import { instantQuery, numberText, rangeQuery } from "./query.ts";
import type { QueryData } from "./query.ts";
import type { Scrapes } from "./scrapes.ts";

/**
 * How this Prometheus misbehaves. hang: never answers; unavailable: 503; html: a proxy's page; empty: no series; nan: every value is
 * NaN; partial: the whole answer, with a warning that it is not.
 */
export type PrometheusFault = "hang" | "unavailable" | "html" | "empty" | "nan" | "partial";

export interface PrometheusApiParts {
  readonly scrapes: Pick<Scrapes, "seriesOf" | "all">;
  /** For queries that name no time. */
  readonly now: () => number;
  /** In force at this query; undefined answers as it should. */
  readonly fault: (query: string) => PrometheusFault | undefined;
  /** Classic histograms are stored as native ones; no unless told. */
  readonly native?: boolean;
  /** Samples that a query may load; any number unless told. */
  readonly mostSamples?: number;
  /** Called with each query, for assertions. */
  readonly asked: (query: AskedQuery) => void;
}

export interface AskedQuery {
  readonly path: string;
  readonly query: string;
}

type Parameters = URLSearchParams;

/** Serves the two query routes (GET, and POST with a form) and the health routes of Prometheus 3. */
export function registerPrometheusApi(app: FastifyInstance, parts: PrometheusApiParts): void {
  app.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, body, done) => {
    done(null, new URLSearchParams(String(body)));
  });
  for (const path of ["/-/ready", "/-/healthy"]) {
    app.get(path, (_request, reply) =>
      reply.type("text/plain").send(`Prometheus Server is ${path.endsWith("ready") ? "Ready" : "Healthy"}.\n`),
    );
  }
  route(app, parts, "/api/v1/query", (parameters) => {
    const at = timeOf(parameters, "time", parts.now());
    return answered(parts, parameters, (promql) => instantQuery(parts.scrapes, promql, at, parts.mostSamples));
  });
  route(app, parts, "/api/v1/query_range", (parameters) => {
    const [from, to, step] = [timeOf(parameters, "start"), timeOf(parameters, "end"), stepOf(parameters)];
    return answered(parts, parameters, (promql) => rangeQuery(parts.scrapes, promql, from, to, step, parts.mostSamples));
  });
}

function answered({ native }: PrometheusApiParts, parameters: Parameters, answer: (promql: string) => QueryData): QueryData {
  const promql = parameters.get("query") ?? "";
  return native === true ? answerNative(promql, answer) : answer(promql);
}

function route(app: FastifyInstance, parts: PrometheusApiParts, path: string, answer: (parameters: Parameters) => QueryData): void {
  app.route({
    method: ["GET", "POST"],
    url: path,
    handler: async (request, reply) => {
      const parameters = parametersOf(request);
      const query = parameters.get("query") ?? "";
      parts.asked({ path, query });
      const fault = parts.fault(query);
      // The connection stays open until the client gives up or the server closes.
      if (fault === "hang") return reply.hijack();
      if (fault === "unavailable") return refuse(reply, 503, "unavailable", "service unavailable");
      if (fault === "html") return reply.type("text/html").send("<!doctype html><html><head><title>Sign in</title></head></html>");
      try {
        const data = answer(parameters);
        return reply.send(distorted(data, fault));
      } catch (error) {
        if (!(error instanceof QueryRefused)) throw error;
        return refuse(reply, error.errorType === "bad_data" ? 400 : 422, error.errorType, error.message);
      }
    },
  });
}

function refuse(reply: FastifyReply, status: number, errorType: string, error: string): FastifyReply {
  return reply.code(status).send({ status: "error", errorType, error });
}

function distorted(data: QueryData, fault: PrometheusFault | undefined): object {
  if (fault === "empty") return { status: "success", data: { ...data, result: data.resultType === "scalar" ? data.result : [] } };
  if (fault === "nan") return { status: "success", data: withNaN(data) };
  if (fault === "partial") return { status: "success", data, warnings: ["partial response: a store did not answer"] };
  return { status: "success", data };
}

function withNaN({ resultType, result }: QueryData): QueryData {
  const nan = numberText(NaN);
  const text = JSON.stringify(result, (key, value: unknown) => {
    if (key === "value" && Array.isArray(value)) return [value[0], nan];
    if (key === "values" && Array.isArray(value)) return value.map((pair: unknown) => (Array.isArray(pair) ? [pair[0], nan] : pair));
    return value;
  });
  return { resultType, result: resultType === "scalar" ? [result[0], nan] : JSON.parse(text) };
}

function parametersOf(request: FastifyRequest): Parameters {
  const { searchParams } = new URL(request.url, "http://sandbox");
  if (request.body instanceof URLSearchParams) for (const [name, value] of request.body) searchParams.set(name, value);
  return searchParams;
}

/** Milliseconds of seconds since the epoch, or of an RFC 3339 date. */
function timeOf(parameters: Parameters, name: string, fallback?: number): number {
  const text = parameters.get(name);
  if (!text && fallback !== undefined) return fallback;
  const seconds = text ? Number(text) : NaN;
  const ms = Number.isFinite(seconds) ? Math.round(seconds * 1000) : Date.parse(text ?? "");
  if (Number.isFinite(ms)) return ms;
  throw new QueryRefused("bad_data", `invalid parameter "${name}": cannot parse ${JSON.stringify(text ?? "")} to a valid timestamp`);
}

function stepOf(parameters: Parameters): number {
  const text = parameters.get("step") ?? "";
  const ms = text !== "" && Number.isFinite(Number(text)) ? Math.round(Number(text) * 1000) : durationMs(text);
  if (ms !== undefined) return ms;
  throw new QueryRefused("bad_data", `invalid parameter "step": cannot parse ${JSON.stringify(text)} to a valid duration`);
}

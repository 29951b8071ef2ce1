import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { PrometheusDriver } from "prometheus-query";
import type { QueryResult } from "prometheus-query";
import { RearguardError } from "../../errors.ts";
import type { Ms } from "../../model.ts";
import type { PrometheusApi } from "./api.ts";
import { isRecord, mendBody } from "./body.ts";
import type { Findings } from "./body.ts";
import { toAnswer, toRangeAnswer } from "./result.ts";

export interface PrometheusOptions {
  /** Where `/api/v1/query` lies below; a path prefix is kept. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly basic?: { readonly username: string; readonly password: string };
  /** PEM of a certificate authority to trust instead of the system's. */
  readonly ca?: string;
  /** From the first byte sent to the last byte read. */
  readonly timeoutMs: Ms;
  /** Tenant, sent as X-Scope-OrgID (Mimir, Cortex, Loki's family). */
  readonly orgId?: string;
  /** Largest answer read, in bytes. */
  readonly maxBytes?: number;
}

/** Fewer than the 20 queries that a Prometheus evaluates at once: other people ask it too. */
const maxSockets = 10;

/**
 * prometheus-query with its faults mended: a deadline for the whole answer, no redirects, no proxy, a cap on the body, infinities kept,
 * warnings and native histograms kept, and RearguardErrors instead of thrown objects that carry the request's credentials.
 */
export function createPrometheus(options: PrometheusOptions): PrometheusApi {
  const { timeoutMs, maxBytes = 64 * 1024 * 1024 } = options;
  const server = `Prometheus at ${publicUrl(options.url)}`;
  const headers = requestHeaders(options);
  const httpAgent = new HttpAgent({ keepAlive: true, maxSockets });
  const httpsAgent = new HttpsAgent({ keepAlive: true, maxSockets, ...(options.ca === undefined ? {} : { ca: options.ca }) });

  // One driver per query: its interceptors are the only way to reach this query's request and response.
  async function ask(run: (driver: PrometheusDriver) => Promise<QueryResult>): Promise<{ result: QueryResult; findings: Findings }> {
    const signal = AbortSignal.timeout(timeoutMs);
    let findings: Findings = { notes: [], histograms: [] };
    let failure: unknown;
    const driver = new PrometheusDriver({
      endpoint: options.url,
      headers,
      preferPost: true,
      timeout: timeoutMs,
      requestInterceptor: {
        onFulfilled: (request) =>
          Object.assign(request, {
            signal,
            httpAgent,
            httpsAgent,
            maxRedirects: 0,
            maxContentLength: maxBytes,
            proxy: false,
            validateStatus: () => true,
          }),
      },
      responseInterceptor: {
        onFulfilled: (response) => {
          const location: unknown = response.headers["location"];
          try {
            findings = mendBody(
              {
                status: response.status,
                statusText: response.statusText,
                location: typeof location === "string" ? location : undefined,
                body: response.data,
              },
              server,
            );
          } catch (error) {
            failure = error;
            throw error;
          }
          return response;
        },
      },
    });
    try {
      return { result: await run(driver), findings };
    } catch (thrown) {
      if (failure instanceof RearguardError) throw failure;
      throw wireFailure(thrown, signal.aborted);
    }
  }

  /** Turns what the driver throws (plain objects that hold the request with its credentials) into an error of ours. */
  function wireFailure(thrown: unknown, late: boolean): RearguardError {
    const { code, error: words }: Record<string, unknown> = isRecord(thrown) ? thrown : { error: String(thrown) };
    if (late || code === "ECONNABORTED" || code === "ETIMEDOUT") {
      return new RearguardError("PROMETHEUS_TIMEOUT", `${server} did not answer within ${timeoutMs / 1000} s.`);
    }
    if (typeof words === "string" && words.includes("maxContentLength")) {
      return new RearguardError("PROMETHEUS_TOO_COSTLY", `${server} answers more than ${maxBytes} bytes: narrow the query.`);
    }
    const why = [typeof words === "string" ? words : "", typeof code === "string" ? `(${code})` : ""]
      .filter((part) => part !== "")
      .join(" ");
    return new RearguardError("PROMETHEUS_UNREACHABLE", `${server} cannot be reached: ${why || "unknown cause"}`);
  }

  const serverTimeout = `${timeoutMs}ms`;
  return {
    async query(promql, at) {
      // A Date, not a number: the driver takes the number 0 for "now".
      const { result, findings } = await ask((driver) => driver.instantQuery(promql, new Date(at), serverTimeout));
      return toAnswer(result, findings, server);
    },
    async queryRange(promql, from, to, step) {
      const { result, findings } = await ask((driver) =>
        driver.rangeQuery(promql, new Date(from), new Date(to), step / 1000, serverTimeout),
      );
      return toRangeAnswer(result, findings, server);
    },
    close() {
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}

function requestHeaders(options: PrometheusOptions): Record<string, string> {
  const { basic, orgId } = options;
  return {
    ...options.headers,
    ...(basic ? { Authorization: `Basic ${Buffer.from(`${basic.username}:${basic.password}`).toString("base64")}` } : {}),
    ...(orgId === undefined ? {} : { "X-Scope-OrgID": orgId }),
  };
}

/** The address without user, password and query. */
function publicUrl(text: string): string {
  const url = URL.parse(text);
  return url ? `${url.origin}${url.pathname.replace(/\/$/, "")}` : "an unreadable URL";
}

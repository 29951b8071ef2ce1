import type { RequestListener } from "node:http";
import { describe, expect, test } from "vitest";
import { createPrometheus } from "../../../src/clients/prometheus/prometheus.ts";
import type { PrometheusOptions } from "../../../src/clients/prometheus/prometheus.ts";
import { RearguardError } from "../../../src/errors.ts";
import { startStub } from "./stub-server.ts";

const noon = 1_772_619_302_069;

function json(body: unknown, status = 200): RequestListener {
  return (_request, response) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function page(body: string, status: number, headers: Record<string, string> = {}): RequestListener {
  return (_request, response) => response.writeHead(status, { "content-type": "text/html", ...headers }).end(body);
}

function vector(...result: readonly unknown[]) {
  return { status: "success", data: { resultType: "vector", result } };
}

async function ask(answer: RequestListener, options: Partial<PrometheusOptions> = {}) {
  await using server = await startStub(answer);
  const prometheus = createPrometheus({ url: server.url, timeoutMs: 2000, ...options });
  try {
    return { answer: await prometheus.query("up", noon), requests: server.requests, error: undefined };
  } catch (error) {
    if (!(error instanceof RearguardError)) throw error;
    return { error, requests: server.requests, answer: undefined };
  } finally {
    prometheus.close();
  }
}

describe("what is asked", () => {
  test("a query is a POST form with the instant, a server-side timeout and our headers", async () => {
    const { requests } = await ask(json(vector()), {
      headers: { "X-Team": "shop" },
      basic: { username: "reader", password: "s3cret" },
      orgId: "tenant-1",
    });
    const [request] = requests;
    expect(request?.method).toBe("POST");
    expect(request?.path).toBe("/api/v1/query");
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({ query: "up", time: "1772619302.069", timeout: "2000ms" });
    expect(request?.headers).toMatchObject({
      authorization: `Basic ${btoa("reader:s3cret")}`,
      "x-team": "shop",
      "x-scope-orgid": "tenant-1",
    });
  });

  test("the instant 0 is asked as 0, not as now", async () => {
    await using server = await startStub(json(vector()));
    const prometheus = createPrometheus({ url: server.url, timeoutMs: 2000 });
    await prometheus.query("up", 0);
    prometheus.close();
    expect(new URLSearchParams(server.requests[0]?.body).get("time")).toBe("0");
  });

  test("a path prefix of the url is kept", async () => {
    await using server = await startStub(json(vector()));
    const prometheus = createPrometheus({ url: `${server.url}/prom/`, timeoutMs: 2000 });
    await prometheus.query("up", noon);
    prometheus.close();
    expect(server.requests[0]?.path).toBe("/prom/api/v1/query");
  });

  test("HTTP_PROXY does not turn a query aside", async () => {
    const before = process.env["HTTP_PROXY"];
    process.env["HTTP_PROXY"] = "http://127.0.0.1:9";
    try {
      expect((await ask(json(vector()))).error).toBeUndefined();
    } finally {
      if (before === undefined) delete process.env["HTTP_PROXY"];
      else process.env["HTTP_PROXY"] = before;
    }
  });
});

describe("numbers", () => {
  test("NaN and both infinities are told apart", async () => {
    const texts = ["NaN", "+Inf", "-Inf", "0.02"];
    const { answer } = await ask(json(vector(...texts.map((text) => ({ metric: {}, value: [1, text] })))));
    expect(answer?.series.map(({ value }) => value)).toEqual([NaN, Infinity, -Infinity, 0.02]);
  });

  test("an infinite scalar is a series without labels", async () => {
    const { answer } = await ask(json({ status: "success", data: { resultType: "scalar", result: [1, "+Inf"] } }));
    expect(answer?.series).toEqual([{ labels: {}, value: Infinity }]);
  });

  test.each([
    ["today", noon],
    ["near the epoch", 1001],
  ])("instants of a range keep their milliseconds: %s", async (_when, from) => {
    const points = Array.from({ length: 500 }, (_, index) => from + index);
    const values = points.map((at) => [at / 1000, "1"]);
    await using server = await startStub(
      json({ status: "success", data: { resultType: "matrix", result: [{ metric: { a: "b" }, values }] } }),
    );
    const prometheus = createPrometheus({ url: server.url, timeoutMs: 2000 });
    const { series } = await prometheus.queryRange("up", from, from + 499, 1);
    prometheus.close();
    expect(series[0]?.points.map(({ at }) => at)).toEqual(points);
  });

  test("native histograms stand beside the other series", async () => {
    const histogram = { metric: { pod: "a" }, histogram: [1, { count: "3", sum: "0.3", buckets: [[0, "0.1", "0.2", "3"]] }] };
    const { answer } = await ask(json(vector(histogram, { metric: { pod: "b" }, value: [1, "7"] })));
    const read = { count: 3, buckets: [{ left: 0.1, right: 0.2, count: 3 }] };
    expect(answer).toEqual({
      series: [{ labels: { pod: "b" }, value: 7 }],
      histograms: [{ labels: { pod: "a" }, points: [{ at: 1000, histogram: read }] }],
    });
  });

  test.each([
    ["without observations", { count: "0", sum: "0" }, { count: 0, buckets: [] }],
    [
      "with buckets without an end",
      {
        count: "3",
        buckets: [
          [0, "-Inf", "1e-05", "1"],
          [0, "0.2", "+Inf", "2"],
        ],
      },
      {
        count: 3,
        buckets: [
          { left: -Infinity, right: 1e-5, count: 1 },
          { left: 0.2, right: Infinity, count: 2 },
        ],
      },
    ],
  ])("a native histogram %s is read", async (_name, histogram, read) => {
    const { answer } = await ask(json(vector({ metric: {}, histogram: [1, histogram] })));
    expect(answer?.histograms).toEqual([{ labels: {}, points: [{ at: 1000, histogram: read }] }]);
  });

  test.each([
    ["bucket", { count: "3", buckets: [[0, "0.1", "0.2"]] }],
    ["count", { buckets: [[0, "0.1", "0.2", "3"]] }],
  ])("a native histogram with a %s missing is no answer: what it holds would be counted too low", async (_name, histogram) => {
    const { error } = await ask(json(vector({ metric: {}, histogram: [1, histogram] })));
    expect(error?.code).toBe("PROMETHEUS_NOT_JSON");
  });
});

describe("warnings", () => {
  const sample = { metric: {}, value: [1, "0.02"] };

  test("a warning makes the answer partial", async () => {
    const { error } = await ask(json({ ...vector(sample), warnings: ["store 10.0.0.3 is down"] }));
    expect(error?.code).toBe("PROMETHEUS_PARTIAL");
    expect(error?.message).toContain("store 10.0.0.3 is down");
  });

  test("an info among the warnings is a note", async () => {
    const info = 'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "http_requests"';
    const { answer } = await ask(json({ ...vector(sample), warnings: [info] }));
    expect(answer).toEqual({ series: [{ labels: {}, value: 0.02 }], histograms: [], note: info });
  });

  test("an info of its own field is a note", async () => {
    const { answer } = await ask(json({ ...vector(sample), infos: ["PromQL info: something"] }));
    expect(answer?.note).toBe("PromQL info: something");
  });
});

describe("answers that are no answer", () => {
  const refused = (errorType: string, error = "some words") => ({ status: "error", errorType, error });
  const samples = "query processing would load too many samples into memory in query execution";
  const chunks = "the query exceeded the maximum number of chunks (limit: 2000000 chunks) (err-mimir-max-chunks-per-query)";
  const unique = "the number of matching timeseries exceeds 300000; either narrow down the search or increase -search.max*";

  test.each<[string, RequestListener, string, string]>([
    ["an HTML page with 200", page("<html><title>Sign in</title></html>", 200), "PROMETHEUS_NOT_JSON", 'titled "Sign in"'],
    ["an HTML page with 502", page("<h1>Bad Gateway</h1>", 502), "PROMETHEUS_NOT_JSON", "HTTP 502 Bad Gateway"],
    ["plain text with 503", page("Service Unavailable", 503), "PROMETHEUS_UNREACHABLE", "HTTP 503"],
    ["plain text with 200", page("OK", 200), "PROMETHEUS_NOT_JSON", '"OK"'],
    ["nothing at all", page("", 200), "PROMETHEUS_NOT_JSON", "an empty body"],
    ["JSON of something else", json({ message: "hello" }), "PROMETHEUS_NOT_JSON", "another shape"],
    ["success without data", json({ status: "success" }), "PROMETHEUS_NOT_JSON", "another shape"],
    ["a redirect", page("", 302, { location: "https://login.example/" }), "PROMETHEUS_NOT_JSON", "https://login.example/"],
    ["401", page("", 401), "PROMETHEUS_REFUSED", "refuses our credentials"],
    ["400 bad_data", json(refused("bad_data"), 400), "PROMETHEUS_BAD_QUERY", "some words"],
    ["422 execution", json(refused("execution"), 422), "PROMETHEUS_BAD_QUERY", "some words"],
    ["too many samples", json(refused("execution", samples), 422), "PROMETHEUS_TOO_COSTLY", "too many samples"],
    ["too many chunks of Mimir", json(refused("execution", chunks), 422), "PROMETHEUS_TOO_COSTLY", "number of chunks"],
    ["too many series of VictoriaMetrics", json(refused("422", unique), 422), "PROMETHEUS_TOO_COSTLY", "matching timeseries"],
    [
      "too many series of Thanos",
      json(refused("execution", "exceeded series limit: 11 > 10"), 422),
      "PROMETHEUS_TOO_COSTLY",
      "series limit",
    ],
    ["503 timeout", json(refused("timeout"), 503), "PROMETHEUS_TIMEOUT", "some words"],
    ["500 internal", json(refused("internal"), 500), "PROMETHEUS_UNREACHABLE", "some words"],
    ["200 with status error", json(refused("bad_data")), "PROMETHEUS_BAD_QUERY", "some words"],
    ["a string", json({ status: "success", data: { resultType: "string", result: [1, "x"] } }), "PROMETHEUS_BAD_QUERY", "answers a string"],
    [
      "a matrix",
      json({ status: "success", data: { resultType: "matrix", result: [] } }),
      "PROMETHEUS_BAD_QUERY",
      "answers a matrix where one number per series is needed (a range of samples, as x[5m] is): put a function around it",
    ],
  ])("%s is one sentence with its code", async (_what, answer, code, words) => {
    const { error } = await ask(answer);
    expect(error?.code).toBe(code);
    expect(error?.message).toContain(words);
    expect(error?.message).not.toContain("\n");
  });

  test("an endless HTML page is not repeated in full", async () => {
    const { error } = await ask(json({ ...refused("bad_data"), error: "x".repeat(5000) }, 400));
    expect(error?.message.length).toBeLessThan(500);
  });

  test("a body above the cap is refused", async () => {
    const big = vector({ metric: { pad: "x".repeat(10_000) }, value: [1, "1"] });
    const { error } = await ask(json(big), { maxBytes: 5000 });
    expect(error?.code).toBe("PROMETHEUS_TOO_COSTLY");
    expect(error?.message).toContain("more than 5000 bytes");
  });

  test("a body that drips for ever ends at the deadline", async () => {
    const { error } = await ask(
      (_request, response) => {
        response.writeHead(200, { "content-type": "application/json" });
        const drip = setInterval(() => response.write(" "), 20);
        response.on("close", () => clearInterval(drip));
      },
      { timeoutMs: 200 },
    );
    expect(error?.code).toBe("PROMETHEUS_TIMEOUT");
    expect(error?.message).toContain("within 0.2 s");
  });

  test("a connection that is cut in the middle is unreachable", async () => {
    const { error } = await ask((_request, response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write('{"status":');
      setImmediate(() => response.destroy());
    });
    expect(error?.code).toBe("PROMETHEUS_UNREACHABLE");
  });

  test("no server is unreachable, and no credential is in the sentence or anywhere in the error", async () => {
    const prometheus = createPrometheus({
      url: "http://reader:s3cret@127.0.0.1:9",
      headers: { Authorization: "Bearer topsecrettoken" },
      timeoutMs: 2000,
    });
    const error: unknown = await prometheus.query("up", noon).catch((thrown: unknown) => thrown);
    prometheus.close();
    if (!(error instanceof RearguardError)) throw new Error("expected a RearguardError");
    expect(error.code).toBe("PROMETHEUS_UNREACHABLE");
    expect(error.message).toContain("http://127.0.0.1:9");
    expect(error.message).toContain("ECONNREFUSED");
    const everything = `${error.message}\n${error.stack}\n${JSON.stringify(error)}\n${String(error.cause)}`;
    expect(everything).not.toMatch(/s3cret|topsecret/);
  });
});

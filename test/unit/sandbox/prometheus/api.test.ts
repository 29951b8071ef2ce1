import fastify from "fastify";
import { describe, expect, test } from "vitest";
import { registerPrometheusApi } from "../../../../src/sandbox/prometheus/api.ts";
import type { PrometheusFault } from "../../../../src/sandbox/prometheus/api.ts";
import { stored } from "./stored.ts";

async function serve(fault?: PrometheusFault) {
  const app = fastify({ forceCloseConnections: true });
  const asked: string[] = [];
  const scrapes = stored([{ __name__: "up", pod: "a" }, [[10, 1]]]);
  registerPrometheusApi(app, { scrapes, now: () => 10_000, fault: () => fault, asked: ({ query }) => asked.push(query) });
  await app.ready();
  return { app, asked, [Symbol.asyncDispose]: () => app.close() };
}

const vector = (value: string) => ({ resultType: "vector", result: [{ metric: { __name__: "up", pod: "a" }, value: [10, value] }] });

describe("routes", () => {
  test("GET and POST form answer alike, in Prometheus' shape", async () => {
    await using server = await serve();
    const get = await server.app.inject("/api/v1/query?query=up&time=10");
    const post = await server.app.inject({
      method: "POST",
      url: "/api/v1/query",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      payload: "query=up&time=1970-01-01T00%3A00%3A10Z",
    });
    for (const response of [get, post]) expect(response.json()).toEqual({ status: "success", data: vector("1") });
    expect(server.asked).toEqual(["up", "up"]);
  });

  test("without a time it is now", async () => {
    await using server = await serve();
    expect((await server.app.inject("/api/v1/query?query=up")).json()).toMatchObject({ data: vector("1") });
  });

  test("a range takes a step in seconds or as a duration", async () => {
    await using server = await serve();
    for (const step of ["5", "5s"]) {
      const { data } = (await server.app.inject(`/api/v1/query_range?query=up&start=5&end=15&step=${step}`)).json();
      expect(data).toEqual({
        resultType: "matrix",
        result: [
          {
            metric: { __name__: "up", pod: "a" },
            values: [
              [10, "1"],
              [15, "1"],
            ],
          },
        ],
      });
    }
  });

  test.each([
    ["/api/v1/query?query=sum(", 400, "bad_data"],
    ["/api/v1/query?query=up&time=noon", 400, "bad_data"],
    ["/api/v1/query_range?query=up&start=0&end=1", 400, "bad_data"],
    ["/api/v1/query_range?query=up&start=0&end=12000&step=1", 400, "bad_data"],
  ])("%s is a %i %s", async (url, status, errorType) => {
    await using server = await serve();
    const response = await server.app.inject(url);
    expect(response.statusCode).toBe(status);
    expect(response.json()).toMatchObject({ status: "error", errorType });
  });

  test("it says that it is ready and healthy", async () => {
    await using server = await serve();
    expect((await server.app.inject("/-/ready")).body).toContain("Ready");
    expect((await server.app.inject("/-/healthy")).body).toContain("Healthy");
  });
});

describe("faults", () => {
  test.each([
    ["unavailable", 503, { status: "error", errorType: "unavailable" }],
    ["empty", 200, { status: "success", data: { resultType: "vector", result: [] } }],
    ["nan", 200, { status: "success", data: vector("NaN") }],
    ["partial", 200, { status: "success", data: vector("1"), warnings: [expect.stringContaining("partial")] }],
  ] as const)("%s", async (fault, status, body) => {
    await using server = await serve(fault);
    const response = await server.app.inject("/api/v1/query?query=up");
    expect(response.statusCode).toBe(status);
    expect(response.json()).toMatchObject(body);
  });

  test("html is a page with 200", async () => {
    await using server = await serve("html");
    const response = await server.app.inject("/api/v1/query?query=up");
    expect([response.statusCode, response.body]).toEqual([200, expect.stringContaining("<html>")]);
  });

  test("hang answers nothing, and does not keep the server from closing", async () => {
    const server = await serve("hang");
    const url = await server.app.listen({ host: "127.0.0.1", port: 0 });
    const answer = fetch(`${url}/api/v1/query?query=up`).then(
      () => "answered",
      () => "cut",
    );
    await expect.poll(() => server.asked).toHaveLength(1);
    await server.app.close();
    expect(await answer).toBe("cut");
  });
});

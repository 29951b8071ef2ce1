import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { choosePreset, type Exposed, type ExposedSeries, needsRoutes, routeKey, usualPodLabels } from "../../../src/policies/preset-fit.ts";
import { presetNames, presetOf } from "../../../src/policies/presets.ts";

const errors = { kind: "http-errors", podLabels: usualPodLabels } as const;
const latency = { kind: "http-slower", podLabels: usualPodLabels } as const;

type Labels = Readonly<Record<string, string>>;

/** The metric with these labels, exposed by each of the pods. */
function series(metric: string, labels: readonly Labels[], pods: readonly string[] = ["web-1-a", "web-1-b"]): readonly ExposedSeries[] {
  return pods.flatMap((pod) => labels.map((one) => ({ metric, pod, labels: one })));
}

function exposed(found: readonly ExposedSeries[], routes: readonly string[] = [], podLabel = "pod"): ReadonlyMap<string, Exposed> {
  return new Map([[podLabel, { series: found, routes: new Set(routes) }]]);
}

const numeric = (label: string): readonly Labels[] => [{ [label]: "200" }, { [label]: "500" }];

const durations = series("http_request_duration_seconds_bucket", [{}]);

describe.each([
  ["prom-client", [...series("http_requests_total", numeric("status")), ...durations], []],
  ["prom-client", [...series("http_requests_total", numeric("status")), ...durations], [["http_requests_total", "route"]]],
  [
    "express-prometheus-middleware",
    [...series("http_requests_total", [{ status: "2XX" }]), ...durations],
    [["http_requests_total", "route"]],
  ],
  [
    "fastapi",
    [...series("http_requests_total", [{ status: "2xx" }, { status: "5xx" }]), ...durations],
    [
      ["http_requests_total", "handler"],
      ["http_request_duration_seconds_bucket", "handler"],
    ],
  ],
  ["fastapi", [...series("http_requests_total", numeric("status")), ...durations], [["http_requests_total", "handler"]]],
  [
    "express-prom-bundle",
    [...series("http_request_duration_seconds_count", numeric("status_code")), ...durations],
    [["http_request_duration_seconds_count", "path"]],
  ],
  [
    "fastify-metrics",
    [...series("http_request_duration_seconds_count", numeric("status_code")), ...durations],
    [["http_request_duration_seconds_count", "route"]],
  ],
  [
    "prometheus-api-metrics",
    [...series("http_request_duration_seconds_count", numeric("code")), ...durations],
    [["http_request_duration_seconds_count", "route"]],
  ],
  ["prometheus-net", [...series("http_requests_received_total", numeric("code")), ...durations], []],
  [
    "otel",
    [
      ...series("http_server_request_duration_seconds_count", numeric("http_response_status_code")),
      ...series("http_server_request_duration_seconds_bucket", [{}]),
    ],
    [],
  ],
  [
    "micrometer",
    [...series("http_server_requests_seconds_count", numeric("status")), ...series("http_server_requests_seconds_bucket", [{}])],
    [],
  ],
  [
    "istio",
    [
      ...series("istio_requests_total", [{ response_code: "200", reporter: "destination" }]),
      ...series("istio_request_duration_milliseconds_bucket", [{ reporter: "destination" }]),
    ],
    [],
  ],
  [
    "linkerd",
    [
      ...series("response_total", [{ classification: "success", direction: "inbound" }]),
      ...series("response_latency_ms_bucket", [{ direction: "inbound" }]),
    ],
    [],
  ],
] as const)("%s", (preset, found, routes) => {
  const all = exposed(
    found,
    routes.map(([metric, label]) => routeKey(metric, label)),
  );

  test("is found by what pods expose of requests", () => {
    expect(choosePreset(errors, all)).toMatchObject({
      preset,
      metric: presetOf(preset).requests,
      pods: 2,
      podLabel: "pod",
      passedOver: [],
    });
  });

  test("is found by what pods expose of latencies", () => {
    expect(choosePreset(latency, all)).toMatchObject({ preset, metric: presetOf(preset).buckets, pods: 2 });
  });
});

test.each(["code", "status_code"])("requests counted by hand are found with the status in %s", (label) => {
  expect(choosePreset(errors, exposed(series("http_requests_total", numeric(label))))).toMatchObject({
    preset: "prom-client",
    statusLabel: label,
  });
});

test("a pod that is named by another label is found by that label", () => {
  const found = exposed(series("http_requests_total", numeric("status")), [], "kubernetes_pod_name");
  expect(choosePreset(errors, found)).toMatchObject({ preset: "prom-client", podLabel: "kubernetes_pod_name" });
});

describe("of two that fit", () => {
  const own = series("http_requests_total", numeric("status"));
  const otel = series("http_server_request_duration_seconds_count", numeric("http_response_status_code"));
  const mesh = series("istio_requests_total", [{ response_code: "200", reporter: "destination" }]);

  test("what the pods count themselves goes before a mesh, and the mesh is named", () => {
    expect(choosePreset(errors, exposed([...mesh, ...otel]))).toMatchObject({
      preset: "otel",
      passedOver: [{ preset: "istio", metric: "istio_requests_total", because: "mesh" }],
    });
  });

  test("what more pods expose goes first", () => {
    expect(choosePreset(errors, exposed([...own.filter(({ pod }) => pod === "web-1-a"), ...otel]))).toMatchObject({
      preset: "otel",
      passedOver: [{ preset: "prom-client", because: "fewer-pods" }],
    });
  });

  test("the one with its route label goes first, because health checks can be left out", () => {
    const routes = [routeKey("http_server_request_duration_seconds_count", "http_route")];
    expect(choosePreset(errors, exposed([...own, ...otel], routes))).toMatchObject({
      preset: "otel",
      passedOver: [{ preset: "prom-client", because: "routes" }],
    });
  });

  test("the first in the list is taken when nothing else tells them apart, and the other is named", () => {
    expect(choosePreset(errors, exposed([...own, ...otel]))).toMatchObject({
      preset: "prom-client",
      passedOver: [{ preset: "otel", because: "order" }],
    });
  });

  test("one that would ask the same is not another one", () => {
    expect(choosePreset(errors, exposed(otel))).toMatchObject({ preset: "otel", passedOver: [] });
  });

  test("route labels are looked at only then", () => {
    expect(needsRoutes(errors, exposed(mesh))).toBe(false);
    expect(needsRoutes(errors, exposed([...own, ...otel]))).toBe(true);
  });
});

test("what one pod of three shows is not theirs: its address may have been another's a moment ago", () => {
  const stray = series("http_server_request_duration_seconds_bucket", [{}], ["web-1-c"]);
  const own = series("http_server_requests_seconds_count", numeric("status"), ["web-1-a", "web-1-b", "web-1-c"]);
  expect(choosePreset(latency, exposed([...stray, ...own]))).toContain("micrometer exports no buckets");
});

describe("where nothing fits, it is said what was found instead:", () => {
  test.each([
    ["nothing", errors, [], ""],
    ["no status label", errors, series("http_requests_total", [{}]), "http_requests_total without a label status, code, status_code"],
    [
      "a status that is none",
      errors,
      series("http_requests_total", [{ status: "ok" }, { status: "failed" }]),
      "http_requests_total with values that are no status: ok, failed",
    ],
    [
      "calls of others only",
      errors,
      series("istio_requests_total", [{ response_code: "200", reporter: "source" }]),
      'istio_requests_total without reporter="destination"',
    ],
    [
      "no buckets",
      latency,
      series("http_server_requests_seconds_count", numeric("status")),
      "http_server_requests_seconds_count but no http_server_requests_seconds_bucket: micrometer exports no buckets unless percentiles-histogram is set",
    ],
  ] as const)("%s", (_name, question, found, said) => {
    const answer = choosePreset(question, exposed(found));
    if (typeof answer !== "string") throw new Error(`chose ${answer.preset}`);
    expect(answer.split("; ").filter((part) => part !== "")).toEqual(expect.arrayContaining(said === "" ? [] : [said]));
    expect(answer === "").toBe(said === "");
  });
});

const labelled = fc.record({
  metric: fc.constantFrom(...presetNames.flatMap((name) => [presetOf(name).requests, presetOf(name).buckets]), "another_total"),
  pod: fc.constantFrom("web-1-a", "web-1-b", "web-1-c"),
  labels: fc.dictionary(
    fc.constantFrom("status", "code", "status_code", "response_code", "classification", "reporter", "direction"),
    fc.constantFrom("200", "500", "5xx", "5XX", "ok", "success", "destination", "source", "inbound", ""),
  ),
});

test("whatever pods expose, the choice does not depend on the order of the answer, and is of what they expose", () => {
  fc.assert(
    fc.property(fc.array(labelled), fc.constantFrom(errors, latency), (found, question) => {
      const chosen = choosePreset(question, exposed(found));
      const other = choosePreset(question, exposed(found.toReversed()));
      if (typeof chosen === "string") return typeof other === "string";
      const counted = found.filter(({ metric }) => metric === chosen.metric);
      const isStatus = question.kind === "http-slower" || counted.some(({ labels }) => (labels[chosen.statusLabel] ?? "") !== "");
      return isDeepStrictEqual(chosen, other) && counted.length > 0 && isStatus;
    }),
  );
});

import { describe, expect, test } from "vitest";
import { limitWarnings } from "../../../src/policies/limits.ts";
import { actionsFor, storedPolicy, storePolicy } from "../../../src/policies/policy.ts";
import { presetNames, presetOf } from "../../../src/policies/presets.ts";
import { signalOf } from "../../../src/policies/signal.ts";
import { aPolicy } from "./a-policy.ts";

function signal(yaml: string) {
  const { spec } = aPolicy("p", "{}", [`signals: { a: ${yaml} }`]);
  const written = spec.signals["a"];
  if (written === undefined) throw new Error("no signal");
  return signalOf(written);
}

test("errors are judged with the floor of half a per cent where no limit is written", () => {
  expect(signal("{ http: { preset: otel, errors: {} } }")).toEqual({
    kind: "http-errors",
    preset: presetOf("otel"),
    limit: 0.005,
    worseThanOld: 1.5,
  });
});

test.each([
  ["p50", 0.5, 0.5],
  ["p75", 0.75, 0.25],
  ["p90", 0.9, 0.1],
  ["p95", 0.95, 0.05],
  ["p99", 0.99, 0.01],
])("%s allows the share of slow requests that its name says", (key, quantile, limit) => {
  expect(signal(`{ http: { preset: otel, slower: { ${key}: 250ms } } }`)).toEqual({
    kind: "http-slower",
    preset: presetOf("otel"),
    quantile,
    thresholdMs: 250,
    limit,
    worseThanOld: 1.5,
  });
});

test("pods and promql become what they say", () => {
  const usual = { kind: "pods", restarts: 2, stuckForMs: 120_000, oomKills: 2, notReadyForMs: 120_000 };
  expect(signal("{ pods: { stuckFor: 5m } }")).toEqual({ ...usual, stuckForMs: 300_000 });
  expect(signal("{ pods: { oomKills: 1, notReadyFor: 30s, readyWithin: 4m } }")).toEqual({
    ...usual,
    oomKills: 1,
    notReadyForMs: 30_000,
    readyWithinMs: 240_000,
  });
  expect(signal("{ promql: { query: up, below: 0 } }")).toEqual({ kind: "promql", query: "up", comparison: "below", limit: 0, forMs: 0 });
});

test.each([
  ["{ rate: {} }", { kind: "rate", overMs: 60_000, forMs: 120_000, minRequests: 100 }],
  ["{ rate: { over: 30s, for: 0s, minRequests: 5 } }", { kind: "rate", overMs: 30_000, forMs: 0, minRequests: 5 }],
  ["{ burnRate: {} }", { kind: "burn-rate", factor: 3, longMs: 300_000, shortMs: 60_000, minRequests: 100 }],
  [
    "{ burnRate: { factor: 2x, long: 1h, short: 5m } }",
    { kind: "burn-rate", factor: 2, longMs: 3_600_000, shortMs: 300_000, minRequests: 100 },
  ],
])("requests may be judged by the plain rule %s", (rule, wanted) => {
  expect(signal(`{ http: { preset: otel, errors: { limit: 1%, rule: ${rule} } } }`)).toMatchObject({
    kind: "http-errors",
    limit: 0.01,
    rule: wanted,
  });
  expect(signal(`{ http: { preset: otel, slower: { p95: 1s, rule: ${rule} } } }`)).toMatchObject({
    kind: "http-slower",
    limit: 0.05,
    rule: wanted,
  });
});

test("values may be counted instead of timed", () => {
  expect(signal("{ promql: { query: up, below: 1, failures: 3 of 5 } }")).toMatchObject({ forMs: 0, failures: { failures: 3, of: 5 } });
});

test("a quantile against the old revision's own has no bound yet, but its share", () => {
  expect(signal("{ http: { preset: otel, slower: { p95: old, worseThanOld: 2x } } }")).toEqual({
    kind: "http-slower",
    preset: presetOf("otel"),
    quantile: 0.95,
    thresholdMs: null,
    limit: 0.05,
    worseThanOld: 2,
  });
});

test("two counters of any kind become their selectors", () => {
  expect(signal(`{ ratio: { bad: 'orders_failed_total{kind=~"a|b", shop!="x"}', total: orders_total, limit: 0.5% } }`)).toEqual({
    kind: "ratio",
    bad: { metric: "orders_failed_total", matchers: ['kind=~"a|b"', 'shop!="x"'] },
    total: { metric: "orders_total", matchers: [] },
    podLabel: "pod",
    limit: 0.005,
    worseThanOld: 1.5,
  });
});

test("a policy may name its own metrics, and the matcher of bad requests follows the label", () => {
  const own = signal(
    "{ http: { preset: prom-client, metric: { requests: api_total, statusLabel: code, podLabel: exported_pod }, errors: {} } }",
  );
  expect(own).toMatchObject({ preset: { requests: "api_total", badMatcher: 'code=~"5.."', podLabel: "exported_pod" } });
});

test.each([
  ["istio", 'response_code=~"5.."', ['reporter="destination"'], 0.001],
  ["linkerd", 'classification="failure"', ['direction="inbound"'], 0.001],
  ["prom-client", 'status=~"5.."', [expect.stringMatching(/^route!~"/)], 1],
] as const)("%s counts as the library does", (name, badMatcher, excluded, unitSeconds) => {
  expect(presetOf(name)).toMatchObject({ badMatcher, excluded, unitSeconds, podLabel: "pod" });
});

test("health and metrics routes are left out, and no others", () => {
  const [matcher = ""] = presetOf("otel").excluded;
  const regex = new RegExp(`^(?:${/"(.*)"/.exec(matcher)?.[1]})$`);
  expect(
    ["/health", "/health/dependencies", "/healthz", "/readyz", "metrics", "/actuator/prometheus"].filter((route) => !regex.test(route)),
  ).toEqual([]);
  expect(["", "/", "/healthcare", "/orders/health", "/metrics-report", "/ready-meals"].filter((route) => regex.test(route))).toEqual([]);
});

test("the bounds of every preset rise", () => {
  for (const name of presetNames) {
    const bounds = presetOf(name).defaultBuckets;
    expect([name, bounds]).toEqual([name, bounds.toSorted((a, b) => a - b)]);
  }
});

describe("what check warns of", () => {
  test.each([
    [
      "{ http: { preset: prom-client, slower: { p95: 200ms } } }",
      ["a: p95 200ms: prom-client's default buckets have no bound at 0.2 s; judged between 0.1 and 0.25 s"],
    ],
    [
      "{ http: { preset: traefik, slower: { p95: 300ms } } }",
      ["a: traefik counts whole Services: old and new pods cannot be told apart, only before and after"],
    ],
    [
      "{ http: { preset: istio, slower: { p99: 2s } } }",
      ["a: p99 2s: istio's default buckets have no bound at 2 s; judged between 1 and 2.5 s"],
    ],
    [
      "{ http: { preset: fastapi, slower: { p50: 50ms } } }",
      ["a: p50 50ms: fastapi's default buckets have no bound at 0.05 s; judged between 0 and 0.1 s"],
    ],
    [
      "{ http: { preset: fastapi, slower: { p95: 3s } } }",
      ["a: p95 3s: fastapi's default buckets end at 1 s; nothing slower can be told apart"],
    ],
    [
      "{ http: { preset: micrometer, slower: { p95: 1s } } }",
      ["a: p95 1s: micrometer exports no buckets unless percentiles-histogram is set"],
    ],
    ["{ http: { preset: linkerd, slower: { p95: 200ms } } }", []],
    ["{ http: { preset: fastapi, slower: { p95: old } } }", []],
    [
      "{ http: { preset: micrometer, slower: { p95: old } } }",
      ["a: p95 old: micrometer exports no buckets unless percentiles-histogram is set"],
    ],
    ["{ http: { preset: prom-client, metric: { buckets: own_bucket }, slower: { p95: 200ms } } }", []],
    [
      "{ http: { preset: otel, errors: { rule: { rate: { for: 30m } } } } }",
      ["a: for 30m is not shorter than window: it can never breach"],
    ],
    [
      "{ http: { preset: otel, errors: { rule: { burnRate: { long: 1h, short: 30m } } } } }",
      ["a: short 30m is not shorter than window: it can never breach"],
    ],
    [
      "{ http: { preset: linkerd, slower: { p50: 200ms, rule: { burnRate: {} } } } }",
      ["a: 3x the limit is more than all requests: it can never breach"],
    ],
    ["{ ratio: { bad: orders_failed_total, total: orders_total, limit: 1% } }", []],
    [`{ ratio: { bad: 'took_seconds_bucket{le="1"}', total: took_seconds_count, limit: 1% } }`, []],
    [
      "{ ratio: { bad: orders_failed_total, total: orders_in_flight, limit: 1% } }",
      ["a: total orders_in_flight is not named like a counter (_total, _count); only what grows from 0 can be counted"],
    ],
    [
      "{ ratio: { bad: took_failed_total, total: took_seconds_bucket, limit: 1% } }",
      ['a: total took_seconds_bucket counts each event once per bucket; name one, as in took_seconds_bucket{le="+Inf"}, or take _count'],
    ],
    [
      `{ ratio: { bad: 'orders_total{a="1",b="2"}', total: 'orders_total{b="2", a="1"}', limit: 1% } }`,
      ["a: bad and total are the same counter: everything would be bad"],
    ],
    ["{ promql: { query: up, above: 1, for: 30m } }", ["a: for 30m is not shorter than window: it can never breach"]],
  ])("%s", (yaml, warnings) => {
    expect(limitWarnings(aPolicy("p", "{}", [`signals: { a: ${yaml} }`]))).toEqual(warnings);
  });

  test("a sustain as long as the window", () => {
    expect(limitWarnings(aPolicy("p", "{}", ["window: 30s"]))).toEqual([
      "sustain 30s is not shorter than window 30s: nothing can ever breach",
    ]);
  });
});

test("an early pass where no signal counts requests", () => {
  expect(limitWarnings(aPolicy("p", "{}", ["passEarly: {}"]))).toEqual(["passEarly: no signal counts requests, so nothing can pass early"]);
  expect(limitWarnings(aPolicy("p", "{}", ["passEarly: {}", "signals: { a: { http: { preset: otel, errors: {} } } }"]))).toEqual([]);
});

test("a stored policy is what was written, and comes back with the same numbers", () => {
  const policy = aPolicy("p", "{ names: ['api-*'] }", [
    "mode: enforce",
    "window: 3m30s",
    "confidence: 99.95%",
    "evidence: independent",
    "passEarly: { after: 3m }",
    "signals: { a: { http: { preset: otel, slower: { p99: 1s } } }, b: { http: { preset: otel, slower: { p99: old } } } }",
    "onBreach: { a: [brake] }",
  ]);
  const stored: unknown = JSON.parse(JSON.stringify(storePolicy(policy)));
  expect(stored).toMatchObject({
    spec: {
      window: "3m30s",
      confidence: "99.95%",
      evidence: "independent",
      passEarly: { after: "3m" },
      signals: { a: { http: { slower: { p99: "1s", worseThanOld: "1.5x" } } } },
    },
  });
  expect(storedPolicy(stored)).toEqual(policy);
});

test.each([
  "http: { preset: otel, errors: { rule: { rate: { for: 90s } } } }",
  "http: { preset: otel, slower: { p95: 1s, rule: { burnRate: { factor: 2.5x } } } }",
  "promql: { query: up, above: 1, failures: 3 of 5 }",
  "promql: { query: up, above: 1 }",
])("a stored rule comes back as it was: %s", (written) => {
  const policy = aPolicy("p", "{}", [`signals: { a: { ${written} } }`, "tooFew: { after: 1m, then: extend }"]);
  expect(storedPolicy(JSON.parse(JSON.stringify(storePolicy(policy))))).toEqual(policy);
});

test("a policy that was stored when noData was for every silence keeps what it said", () => {
  const { sourceError: _, tooFew: __, ...before } = storePolicy(aPolicy("p", "{}", ["noData: { after: 2m, then: hold }"])).spec;
  const { spec } = storedPolicy({ ...storePolicy(aPolicy("p")), spec: before });
  expect(spec.noData.then).toBe("hold");
  expect([spec.sourceError, spec.tooFew]).toEqual([spec.noData, spec.noData]);
});

test("a policy stored before evidence could be weighed otherwise is judged as it was then", () => {
  const { evidence: _, ...spec } = storePolicy(aPolicy("p")).spec;

  expect(storedPolicy({ ...storePolicy(aPolicy("p")), spec }).spec).toMatchObject({ evidence: "burn" });
  expect(storedPolicy({ ...storePolicy(aPolicy("p")), spec }).spec.passEarly).toBeUndefined();
});

test("a stored policy that somebody damaged is refused", () => {
  expect(() => storedPolicy({ ...storePolicy(aPolicy("p")), kind: "Other" })).toThrow(
    'stored policy kind: "Other" is not allowed; allowed: Policy',
  );
});

test("a signal without actions of its own has the default ones", () => {
  const policy = aPolicy("p", "{}", ["signals: { a: { pods: {} }, b: { pods: {} } }", "onBreach: { default: [brake], b: [notify] }"]);
  expect([actionsFor(policy, "a"), actionsFor(policy, "b")]).toEqual([["brake"], ["notify"]]);
});

test.each([
  ["istio", "destination_workload", "destination_workload", "destination_workload_namespace", 'reporter="source"'],
  ["linkerd", "dst_deployment", "dst_statefulset", "dst_namespace", 'direction="outbound"'],
])("callers of %s say whom they called", (preset, Deployment, StatefulSet, namespaceLabel, matcher) => {
  expect(signal(`{ http: { preset: ${preset}, seenBy: callers, errors: {} } }`)).toMatchObject({
    kind: "http-errors",
    seenBy: "callers",
    preset: { callers: { workloadLabel: { Deployment, StatefulSet }, namespaceLabel, matchers: [matcher] } },
  });
});

import { describe, expect, test } from "vitest";
import { presetOf } from "../../../src/policies/presets.ts";
import { chunksOf, classesOf, counterQuery, durationText } from "../../../src/signals/counter-query.ts";
import type { CounterClass } from "../../../src/signals/counter-query.ts";
import { basesOf, podBase, podPattern } from "../../../src/signals/pod-prefix.ts";
import { callersAsk, errorsAsk, slowerAsk } from "./signal-asks.ts";

const plain: CounterClass = { name: "total", metric: "m", matchers: ['code!=""'], podLabel: "exported_pod" };

test("one query reads the counter of every process of all guards", () => {
  const asks = [errorsAsk("a", ["web-6c9f", "web-58d4"]), errorsAsk("b", ["api-1"], "stage")];
  expect(counterQuery(plain, asks, 15_000)).toBe(
    "sum by (namespace, exported_pod, instance, job) (last_over_time(m{" +
      'namespace=~"prod|stage", exported_pod=~"api-1-[a-z0-9]+|web-58d4-[a-z0-9]+|web-6c9f-[a-z0-9]+", code!=""}[15s]))',
  );
});

test("buckets are read by their bound", () => {
  expect(counterQuery({ ...plain, name: "buckets" }, [errorsAsk("a", ["w"])], 15_000)).toMatch(/^sum by \(.*, le\) /);
});

test("two guards on the same pods ask for them once", () => {
  const query = counterQuery(plain, [errorsAsk("a", ["web-1"]), errorsAsk("b", ["web-1"])], 15_000);
  expect(query.match(/web-1-/g)).toHaveLength(1);
});

test("names cannot widen a match or end the string", () => {
  const query = counterQuery(plain, [errorsAsk("a", ['v1.2"|.*'], "a.b")], 15_000);
  expect(query).toContain('exported_pod=~"v1\\\\.2\\"\\\\|\\\\.\\\\*-[a-z0-9]+"');
  expect(query).toContain('namespace=~"a\\\\.b"');
});

test("the requests of the total must carry the status label, so that a wrong preset is no-data and not health", () => {
  const [total, bad] = classesOf(errorsAsk("a", ["w"]).query);
  expect(total?.matchers).toContain('status!=""');
  expect(bad?.matchers).toContain('status=~"5.."');
  expect(bad?.matchers).not.toContain('status!=""');
});

test("health and metrics routes are left out of every class", () => {
  for (const ask of [errorsAsk("a", ["w"]), slowerAsk("b", ["w"], 200)]) {
    for (const { matchers } of classesOf(ask.query)) expect(matchers.join()).toContain('route!~"');
  }
});

test("a latency signal reads only buckets: le=+Inf is its total", () => {
  expect(classesOf(slowerAsk("a", ["w"], 200, presetOf("istio")).query)).toEqual([
    {
      name: "buckets",
      metric: "istio_request_duration_milliseconds_bucket",
      matchers: ['reporter="destination"'],
      podLabel: "pod",
    },
  ]);
});

describe("chunks", () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => errorsAsk(`${index}`, [`w${index}-a`, `w${index}-b`]));

  test("450 guards with two ReplicaSets each are five chunks of at most 200 prefixes", () => {
    const chunks = chunksOf(many(450));
    expect(chunks.map(({ asks }) => asks.length)).toEqual([100, 100, 100, 100, 50]);
    expect(chunks.flatMap(({ asks }) => asks)).toHaveLength(450);
  });

  test("long names make shorter chunks, each query below 8 KB", () => {
    const long = Array.from({ length: 150 }, (_, index) => errorsAsk(`${index}`, [`${"x".repeat(50)}${index}`]));
    const chunks = chunksOf(long);
    expect(chunks.length).toBeGreaterThan(1);
    for (const { asks } of chunks) expect(counterQuery(plain, asks, 15_000).length).toBeLessThan(8192);
    expect(chunks.flatMap(({ asks }) => asks)).toHaveLength(150);
  });

  test("an ask too large for a chunk still is one", () => {
    const huge = errorsAsk(
      "huge",
      Array.from({ length: 300 }, (_, index) => `w${index}`),
    );
    expect(chunksOf([errorsAsk("a", ["w"]), huge]).map(({ asks }) => asks.map(({ id }) => id))).toEqual([["a"], ["huge"]]);
  });
});

test.each([
  [15_000, "15s"],
  [1000, "1s"],
  [1500, "1500ms"],
  [200, "200ms"],
])("a block of %i ms is %s", (ms, text) => expect(durationText(ms)).toBe(text));

describe("pods of an owner", () => {
  const cut = "a-very-long-name-of-a-deployment-that-somebody-chose-6c9f7d8b54";

  test.each([
    ["web-6c9f", "web-6c9f-x7k2p", true],
    ["web-6c9f", "web-6c9f-worker-x7k2p", false],
    ["web-6c9f", "web-6c9f0-x7k2p", false],
    ["web", "web-0", true],
    [cut, `${`${cut}-`.slice(0, 58)}x7k2p`, true],
  ])("%s has the pod %s: %s", (owner, pod, expected) => {
    expect(new RegExp(`^(?:${podPattern(owner)})$`).test(pod)).toBe(expected);
    expect(basesOf(pod).includes(podBase(owner))).toBe(expected);
  });
});

test("callers are read each by itself, for all workloads they call, with one query", () => {
  const asks = [callersAsk("a", "web"), { ...callersAsk("b", "api.v2"), namespace: "stage" }];
  const [total, bad] = classesOf(callersAsk("a", "web").query);
  expect([total, bad].map((counter) => counter && counterQuery(counter, asks, 15_000))).toEqual(
    ['response_code!=""', 'response_code=~"5.."'].map(
      (status) =>
        "sum by (namespace, pod, instance, job, destination_workload_namespace, destination_workload) (last_over_time(istio_requests_total{" +
        `destination_workload_namespace=~"prod|stage", destination_workload=~"api\\\\.v2|web", reporter="source", ${status}}[15s]))`,
    ),
  );
});

test("Linkerd's callers name the kind of what they call", () => {
  const asks = [callersAsk("a", "web", [], presetOf("linkerd"))];
  const [, bad] = asks.flatMap(({ query }) => classesOf(query));
  expect(bad && counterQuery(bad, asks, 15_000)).toBe(
    "sum by (namespace, pod, instance, job, dst_namespace, dst_deployment) (last_over_time(response_total{" +
      'dst_namespace=~"prod", dst_deployment=~"web", direction="outbound", classification="failure"}[15s]))',
  );
});

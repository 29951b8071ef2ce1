import { expect, test } from "vitest";
import { openRun } from "../../../src/guards/run.ts";
import type { Measurement, Ms } from "../../../src/model.ts";
import { ensurePresets } from "../../../src/pipeline/presets.ts";
import { BLOCK, fresh, old, policyOf, recordOf, rollout, START } from "../guards/a-guard.ts";
import { flowOver, pace } from "./a-flow.ts";

const policy = policyOf("signals: { errors: { http: { errors: {} } }, latency: { http: { slower: { p95: 1s } } } }");
const NOW = START + 2 * BLOCK;

interface Asked {
  readonly at: Ms;
  readonly promql: string;
}

/** Guards `g0`, `g1` …, and a Prometheus that answers as it is told. */
function flowOf(options: {
  readonly guards?: number;
  readonly exposed: (asked: Asked) => readonly Readonly<Record<string, string>>[] | "error";
  readonly saved?: () => "saved" | Error;
  readonly isFirst?: boolean;
  /** How long each answer takes. */
  readonly takes?: Ms;
  /** When the rollout of each guard began. */
  readonly startedAt?: (nth: number) => Ms;
}) {
  const asked: Asked[] = [];
  const calls = { now: 0, most: 0 };
  let now = NOW;
  const answer = ({ at, promql }: Asked): Measurement => {
    const found = options.exposed({ at, promql });
    if (found === "error") return { kind: "error", at, because: "Prometheus is down" };
    const values = found.map((labels) => ({ labels: { namespace: "shop", ...labels }, value: 1 }));
    return values.length === 0 ? { kind: "no-data", at, because: "nothing" } : { kind: "values", at, values };
  };
  const flow = flowOver({
    now: () => now,
    leading: () => true,
    sample: async (asks, [at = 0]) => {
      calls.now += asks.length;
      calls.most = Math.max(calls.most, calls.now);
      await Promise.resolve();
      calls.now -= asks.length;
      now += options.takes ?? 0;
      const answers = asks.map(({ id, query }): readonly [string, readonly Measurement[]] => {
        const promql = query.kind === "promql" ? query.promql : "";
        asked.push({ at, promql });
        return [id, [answer({ at, promql })]];
      });
      return new Map(answers);
    },
    journal: {
      save: () => {
        const outcome = options.saved?.() ?? "saved";
        return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome);
      },
    },
  });
  const { book } = flow;
  const { old: _, ...first } = rollout;
  for (let nth = 0; nth < (options.guards ?? 1); nth += 1) {
    const began = { ...(options.isFirst === true ? first : rollout), startedAt: options.startedAt?.(nth) ?? START };
    const record = { ...recordOf([], { policy }), name: `g${nth}`, rollout: began };
    book.open.set(record.name, openRun(record, pace));
  }
  const ensure = () => ensurePresets(book.open.keys(), NOW, flow);
  const chosen = (guard = "g0") =>
    Object.entries(book.open.get(guard)?.signals ?? {}).map(([name, signal]) => [
      name,
      "preset" in signal ? (signal.preset?.name ?? null) : "",
    ]);
  return { ensure, asked, calls, chosen, noted: () => book.open.get("g0")?.record.entries.filter(({ kind }) => kind === "noted") ?? [] };
}

const promClient = (pod: string) => [
  { __name__: "http_requests_total", pod, status: "200" },
  { __name__: "http_request_duration_seconds_bucket", pod, status: "200" },
];
const byPod = (promql: string) => promql.includes(", pod=~");

test("the old pods are asked for as the rollout began, and both signals get what they expose, in one entry", async () => {
  const { ensure, asked, chosen, noted } = flowOf({ exposed: ({ promql }) => (byPod(promql) ? promClient(`${old.name}-aaaaa`) : []) });
  expect([...(await ensure()).values()]).toEqual([{}]);
  expect(new Set(asked.map(({ at }) => at))).toEqual(new Set([START]));
  expect(chosen()).toEqual([
    ["errors", "prom-client"],
    ["latency", "prom-client"],
  ]);
  expect(noted()).toHaveLength(1);
  const before = asked.length;
  await ensure();
  expect(asked, "what is chosen is not sought again").toHaveLength(before);
});

test("without old pods the new ones are asked, and again until they expose something; the old ones once", async () => {
  let exposing: readonly string[] = [];
  const flow = flowOf({
    exposed: ({ at, promql }) => (at === NOW && byPod(promql) ? exposing.flatMap((end) => promClient(`${fresh.name}-${end}`)) : []),
  });
  const [missing] = (await flow.ensure()).values();
  expect(missing?.["errors"]).toMatchObject({ kind: "no-data", because: expect.stringContaining("none of the presets' metrics") });
  const atStart = () => flow.asked.filter(({ at }) => at === START).length;
  const askedOnce = atStart();
  exposing = ["aaaaa"];
  // Its address may have been another workload's pod's when it was scraped.
  const [single] = (await flow.ensure()).values();
  expect(single?.["errors"]).toMatchObject({ kind: "no-data", because: expect.stringContaining("http_requests_total of 1 pod so far") });
  exposing = ["aaaaa", "bbbbb"];
  expect([...(await flow.ensure()).values()]).toEqual([{}]);
  expect(atStart()).toBe(askedOnce);
  expect(flow.chosen()).toEqual([
    ["errors", "prom-client"],
    ["latency", "prom-client"],
  ]);
});

test("a source that fails is an error of the signals, and is asked for the old pods again", async () => {
  let fails = true;
  const flow = flowOf({ exposed: ({ promql }) => (fails ? "error" : byPod(promql) ? promClient(`${old.name}-aaaaa`) : []) });
  const [missing] = (await flow.ensure()).values();
  expect(missing).toMatchObject({ errors: { kind: "error", because: "Prometheus is down" }, latency: { kind: "error" } });
  fails = false;
  expect([...(await flow.ensure()).values()]).toEqual([{}]);
});

test("nothing is judged by a choice that could not be written down", async () => {
  const outcomes = [new Error("the API server is away"), "saved"] as const;
  let nth = 0;
  const flow = flowOf({
    exposed: ({ promql }) => (byPod(promql) ? promClient(`${old.name}-aaaaa`) : []),
    saved: () => outcomes[Math.min(nth++, 1)] ?? "saved",
  });
  const [missing] = (await flow.ensure()).values();
  expect(missing).toMatchObject({ errors: { kind: "unsaved" }, latency: { kind: "unsaved" } });
  expect(flow.chosen()).toEqual([
    ["errors", null],
    ["latency", null],
  ]);
  expect([...(await flow.ensure()).values()]).toEqual([{}]);
});

test("many guards whose pods expose nothing share their queries", async () => {
  const { ensure, asked } = flowOf({ guards: 120, exposed: () => [], isFirst: true });
  expect((await ensure()).size).toBe(120);
  expect(asked.length, "three labels of pods, 50 guards each").toBe(9);
});

test("old pods of many guards are asked for a few at once, those of rollouts that began together in the same queries", async () => {
  const together = flowOf({ guards: 200, exposed: () => [], startedAt: (nth) => START + nth });
  expect((await together.ensure()).size).toBe(200);
  expect(together.asked.length, "three labels of pods, four chunks, of old pods and of new ones").toBe(24);
  expect(together.calls.most).toBe(6);
  const apart = flowOf({ guards: 200, exposed: () => [], startedAt: (nth) => START - nth * BLOCK });
  await apart.ensure();
  expect(apart.asked.length).toBe(612);
  expect(apart.calls.most).toBe(6);
});

test("a Prometheus that hangs costs a beat its time-out once, not for each rollout, and every guard says why", async () => {
  const { ensure, asked } = flowOf({ guards: 200, exposed: () => "error", takes: 10_000, startedAt: (nth) => START - nth * BLOCK });
  const missing = [...(await ensure()).values()];
  expect(missing.every(({ errors }) => errors?.kind === "error" && errors.because === "Prometheus is down")).toBe(true);
  expect(asked.length).toBeLessThanOrEqual(2 * 3);
});

import { describe, expect, test } from "vitest";
import { messageOf } from "../../../src/explain/message.ts";
import { decide } from "../../../src/guards/decide.ts";
import type { Baseline, GuardRecord } from "../../../src/guards/guard.ts";
import { judgementOf } from "../../../src/guards/judgement.ts";
import { limitationsOf } from "../../../src/guards/record.ts";
import { openRun } from "../../../src/guards/run.ts";
import type { EntryBody } from "../../../src/entry.ts";
import { askOf, BLOCK, done, entriesOf, enforcing, MINUTE, policyOf, recordOf, rollout, START } from "./a-guard.ts";

const pace = { blockMs: BLOCK, scrapeMs: BLOCK, warmUpLatencyMs: 0 };
const half = { from: START - 30 * MINUTE, to: START, total: 1190, bad: 1, dispersion: 1, upper: 0.002, blocks: 119 };
/** As the version before wrote it: over how many blocks it counted it does not say. */
const { blocks: _, ...withoutBlocks } = half;

function decided(over: Partial<GuardRecord>, ask: Parameters<typeof askOf>[1] = {}) {
  const record = recordOf([], over);
  return decide(askOf(record, { judgement: judgementOf(openRun(record, pace), START + MINUTE), ...ask }));
}

/** The message of a guard whose note rests on this baseline. */
function toldOf(baseline: Baseline) {
  const decision = decided({ baselines: { errors: baseline } });
  if (decision.kind !== "note") throw new Error(`it decides ${decision.kind}`);
  const record = recordOf([{ kind: "noted", because: decision.because }]);
  const [, entry] = record.entries;
  return entry === undefined ? undefined : messageOf(record, entry, { phase: "observing", braked: false }, "prod");
}

describe("what a guard says at its start", () => {
  test("with the baseline it says what it can see", () => {
    expect(decided({ baselines: { errors: half } })).toMatchObject({
      kind: "note",
      because: [{ code: "feasibility", signal: "errors", requestsPerMinute: 40, limit: 0.01, effectiveLimit: 0.01, windowMs: 30 * MINUTE }],
    });
  });

  test.each<[string, Partial<GuardRecord>]>([
    ["before the baseline is known", {}],
    ["when the version before has measured the baseline", { baselines: { errors: withoutBlocks } }],
    [
      "while another signal's baseline is not known",
      {
        baselines: { errors: half },
        policy: policyOf(
          "signals: { errors: { http: { preset: aspnet, errors: { limit: 1% } } }, slow: { http: { preset: aspnet, slower: { p95: 200ms } } } }",
        ),
      },
    ],
    ["a second time", { baselines: { errors: half }, entries: entriesOf(said()) }],
    ["once it is taken back", { baselines: { errors: half }, entries: entriesOf(done("rollback")) }],
    ["once it has ended", { baselines: { errors: half }, entries: entriesOf([ended]) }],
  ])("it says nothing %s", (_, over) => {
    expect(decided(over).kind).not.toBe("note");
  });

  test("a signal that never had data does not silence the others", () => {
    const signals = "signals: { errors: { http: { preset: aspnet, errors: { limit: 1% } } }, slow: { http: { slower: { p95: 200ms } } } }";
    const over = { baselines: { errors: half }, policy: policyOf(signals) };
    const silence = { outcome: "no-data", since: START, detail: "no preset fits" } as const;
    const told = { code: "no-usable-data", signal: "slow", outcome: "no-data", detail: "", forMs: 5 * MINUTE } as const;
    const record = recordOf([{ kind: "held", because: [told] }], over);
    const later = (minutes: number) => {
      const judged = judgementOf(openRun(record, pace), START + minutes * MINUTE);
      return decide(askOf(record, { judgement: { ...judged, silences: { slow: silence } }, now: START + minutes * MINUTE }));
    };

    expect(later(4).kind).not.toBe("note");
    expect(later(6)).toMatchObject({
      kind: "note",
      because: [
        { code: "feasibility", signal: "errors" },
        { code: "not-judged", signal: "slow", detail: "no preset fits" },
      ],
    });
  });

  test("of a latency whose usual course is not known it says that it is not judged, once", () => {
    const policy = policyOf("signals: { slow: { http: { preset: aspnet, slower: { p95: old } } } }");
    const decision = decided({ baselines: { slow: { ...half, total: 300 } }, policy });

    expect(decision).toMatchObject({
      kind: "note",
      because: [{ code: "not-judged", signal: "slow", detail: expect.stringContaining("300") }],
    });
    const because = decision.kind === "note" ? decision.because : [];
    const again = decided({ baselines: { slow: { ...half, total: 300 } }, policy, entries: entriesOf([{ kind: "noted", because }]) });
    expect(again.kind).not.toBe("note");
  });

  test.each<[string, Baseline, string, string, RegExp]>([
    [
      "at good traffic it is no warning",
      half,
      "info",
      "can be judged",
      /at 40 requests\/min this guard can see 2\.\d+ % bad requests and more/,
    ],
    [
      "with a short history the effective limit is told",
      { ...half, upper: 0.035 / 1.5 },
      "info",
      "can be judged",
      /limit 1 %; with 29 min 45 s of history the effective limit is 3\.5 %/,
    ],
    [
      "where nothing can be seen it is a warning",
      { ...half, total: 2 },
      "warning",
      "can hardly be judged",
      /cannot see even a total failure/,
    ],
    [
      "without any request it is a warning",
      { ...half, total: 0, blocks: 0 },
      "warning",
      "can hardly be judged",
      /no requests were counted/,
    ],
  ])("%s", (_, baseline, severity, head, words) => {
    const message = toldOf(baseline);
    expect(message).toMatchObject({ kind: "noted", severity, next: "" });
    expect(message?.title).toContain(head);
    expect(message?.text).toMatch(words);
  });

  test.each([
    [15_000, enforcing, false],
    [30_000, enforcing, true],
    [30_000, policyOf("signals: { pods: { pods: {} } }"), false],
  ])("at scrapes every %i ms it advises faster ones where requests are counted: %#", (scrapeMs, policy, wanted) => {
    expect(limitationsOf(rollout, policy, [], scrapeMs).some((told) => told.includes("scraped every 30 s"))).toBe(wanted);
  });
});

function said(): readonly EntryBody[] {
  const decision = decided({ baselines: { errors: half } });
  return decision.kind === "note" ? [{ kind: "noted", because: decision.because }] : [];
}

const ended: EntryBody = { kind: "finished", phase: "inconclusive", because: [], badServed: 0 };

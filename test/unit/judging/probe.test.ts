import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  certificateReason,
  foldProbe,
  openProbe,
  type ProbeMemory,
  type ProbeRule,
  type ProbeState,
  probeVerdict,
  tellsMore,
} from "../../../src/judging/probe.ts";
import type { ProbeFinding } from "../../../src/model.ts";
import type { Verdict } from "../../../src/reason.ts";

const EVERY = 30_000;
const rule: ProbeRule = { failures: 3, of: 5, everyMs: EVERY };

/** Good, failed, error (of the probe itself), or not called. */
type Call = "g" | "f" | "e" | "-";

const findings: Readonly<Record<Exclude<Call, "-">, ProbeFinding>> = {
  g: { outcome: "good", detail: "answered 200" },
  f: { outcome: "failed", detail: "answered 503" },
  e: { outcome: "error", detail: "its name is not known" },
};

/** One call each 30 s from 0 on. */
function fold(calls: string, servingSince: number | null, from: ProbeState = openProbe()): ProbeState {
  return calls.split("").reduce((state, call, order) => {
    if (call === "-") return state;
    const finding = findings[call as Exclude<Call, "-">];
    return foldProbe(state, { kind: "probe", at: order * EVERY, finding }, rule, servingSince);
  }, from);
}

function verdictAt(state: ProbeState, now: number, completedAt?: number): Verdict {
  return probeVerdict(state, rule, { signal: "health", now, noDataAfterMs: 300_000, completedAt });
}

function verdict(calls: string, servingSince: number | null, completedAt?: number): Verdict {
  return verdictAt(fold(calls, servingSince), (calls.length - 1) * EVERY, completedAt);
}

describe("a probe, called every 30 s, the new revision taking requests from the second call on", () => {
  test.each<[what: string, calls: string, state: Verdict["state"]]>([
    ["three of five failed", "gfgff", "breach"],
    ["three failed before five were made", "gfff", "breach"],
    ["two of five failed", "gfgfg", "warn"],
    ["three failed, the first of them out of the window", "gfgggff", "warn"],
    ["calls that could not be made are neither failed nor good, but their time passes", "gffeeef", "warn"],
    ["calls that were not made are like them", "gff---f", "warn"],
    ["never good since the guard opened", "ffffffff", "inconclusive"],
    ["good only after it had failed: it broke again", "ffgfff", "breach"],
    ["failed at the last call before the new revision", "f", "inconclusive"],
    ["never to be called", "eeeeeeeeeeee", "inconclusive"],
    ["good", "ggggg", "pass"],
    ["good again", "gfffggggg", "pass"],
  ])("%s", (_what, calls, state) => {
    expect(verdict(calls, EVERY - 1).state).toBe(state);
  });

  test("a service that failed already as the new revision came is not blamed on it, however good it was at the opening", () => {
    // Serving from the fourth call on; the third failed.
    expect(verdict("ggfffffff", 3 * EVERY - 1)).toMatchObject({ state: "inconclusive" });
    expect(fold("ggffff", 3 * EVERY - 1).silence).toMatchObject({
      outcome: "no-data",
      detail: "it failed before the new revision took requests, and no call was good since: answered 503",
    });
    expect(verdict("ggfffgfff", 3 * EVERY - 1)).toMatchObject({ state: "breach" });
  });

  test("while no new pod takes requests nothing is laid to it", () => {
    expect(verdict("ggfffff", null).state).toBe("inconclusive");
  });

  test("what never was good says so once the policy's patience is over", () => {
    const { because } = verdict("fffffffffffff", 0);
    expect(because).toMatchObject([
      { code: "no-usable-data", outcome: "no-data", detail: expect.stringMatching(/no call was good since/) },
    ]);
  });

  test("the reason counts, and says what came of the newest and how long after a good one", () => {
    expect(verdict("gfff", 0).because).toEqual([
      { code: "probe", signal: "health", detail: "answered 503", failed: 3, of: 5, everyMs: EVERY, sinceGoodMs: 3 * EVERY },
    ]);
  });

  test("after a rollback two good calls in a row are enough, whatever failed before, and one is not", () => {
    const after = (calls: string) => {
      const rolledBackAt = 3 * EVERY + 1;
      const now = (calls.length - 1) * EVERY;
      return probeVerdict(fold(calls, 0), rule, { signal: "health", now, noDataAfterMs: 300_000, completedAt: undefined, rolledBackAt })
        .state;
    };
    expect([after("gfff"), after("gfffg"), after("gfffgg"), after("gfffgfg"), after("gfffeg")]).toEqual([
      "breach",
      "breach",
      "pass",
      "breach",
      "breach",
    ]);
  });

  test("failures run out by themselves when nobody calls any more", () => {
    expect(verdictAt(fold("gfff", 0), 20 * EVERY).state).not.toBe("breach");
  });

  test("what was good before the rollout was complete is no pass of it", () => {
    expect(verdict("ggg", 0, 5 * EVERY).state).toBe("inconclusive");
    expect(verdict("gggggg", 0, 5 * EVERY).state).toBe("pass");
  });

  test("a certificate that runs out is told and decides nothing", () => {
    const strict = { ...rule, certificateDays: 30 };
    const finding: ProbeFinding = { ...findings.g, certificate: { host: "shop.example", days: 29 } };
    const state = foldProbe(openProbe(), { kind: "probe", at: 0, finding }, strict, 0);
    expect(certificateReason(state, strict, "health")).toEqual({
      code: "certificate",
      signal: "health",
      host: "shop.example",
      days: 29,
      limit: 30,
    });
    expect(certificateReason(state, { ...strict, certificateDays: 29 }, "health")).toBeUndefined();
    expect(probeVerdict(state, strict, { signal: "health", now: 0, noDataAfterMs: 1, completedAt: 0 }).state).toBe("pass");
  });
});

/** A life of a probe: each call, the process being killed before it, and whether what is to be written is written then. */
const life = fc.array(
  fc.record({ call: fc.constantFrom<Call>("g", "g", "f", "f", "f", "f", "e", "-"), killed: fc.nat(7), written: fc.boolean() }),
  {
    minLength: 10,
    maxLength: 40,
  },
);
const serving = fc.option(fc.integer({ min: 0, max: 8 * EVERY }), { nil: null });

describe("a process that is killed at any point, before or after it has written down what a restart must know", () => {
  test("never judges more harshly than one that lived", () => {
    let breaches = 0;
    let milder = 0;
    fc.assert(
      fc.property(life, serving, fc.integer({ min: 0, max: EVERY - 1 }), (calls, since, later) => {
        let lived = openProbe();
        let mortal = openProbe();
        let memory: ProbeMemory | undefined;
        for (const [order, { call, killed, written }] of calls.entries()) {
          const at = order * EVERY;
          if (killed === 0) mortal = openProbe(memory);
          if (call !== "-") {
            const finding = findings[call];
            lived = foldProbe(lived, { kind: "probe", at, finding }, rule, since);
            mortal = foldProbe(mortal, { kind: "probe", at, finding }, rule, since);
            const marks = since === null ? [] : [since - EVERY + 1];
            if (written && tellsMore(mortal, memory, rule, marks)) memory = { goodAt: mortal.goodAt, failures: mortal.failures };
          }
          const [whole, short] = [verdictAt(lived, at + later), verdictAt(mortal, at + later)];
          if (whole.state === "breach") breaches += 1;
          if (whole.state === "breach" && short.state !== "breach") milder += 1;
          expect(short.state === "breach" && whole.state !== "breach").toBe(false);
        }
      }),
      { numRuns: 3000 },
    );
    expect(breaches, "the property is about something").toBeGreaterThan(1000);
    expect(milder).toBeGreaterThan(10);
  });

  test("judges as one that lived up to the breach when it wrote all that it was to write", () => {
    fc.assert(
      fc.property(life, serving, (calls, since) => {
        let lived = openProbe();
        let memory: ProbeMemory | undefined;
        for (const [order, { call }] of calls.entries()) {
          const at = order * EVERY;
          if (call !== "-") {
            lived = foldProbe(lived, { kind: "probe", at, finding: findings[call] }, rule, since);
            if (tellsMore(lived, memory, rule, since === null ? [] : [since - EVERY + 1]))
              memory = { goodAt: lived.goodAt, failures: lived.failures };
          }
          if (verdictAt(lived, at).state !== "breach") continue;
          expect(verdictAt(openProbe(memory), at).state).toBe("breach");
          break;
        }
      }),
      { numRuns: 3000 },
    );
  });

  test("is asked to write at most once for each change, however long it lives", () => {
    let memory: ProbeMemory | undefined;
    let writes = 0;
    let state = openProbe();
    for (let order = 0; order < 1000; order += 1) {
      const finding = order < 500 ? findings.g : findings.f;
      state = foldProbe(state, { kind: "probe", at: order * EVERY, finding }, rule, 100 * EVERY);
      if (!tellsMore(state, memory, rule, [99 * EVERY + 1, 300 * EVERY])) continue;
      memory = { goodAt: state.goodAt, failures: state.failures };
      writes += 1;
    }
    // The first good call, the two that count later, and the failures up to the breach; then some again as those run out of the window.
    expect(writes).toBeLessThan(200);
    expect(state.failures.length).toBeLessThanOrEqual(rule.of);
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { foldEntry, standingOf } from "../../../src/guards/phase.ts";
import type { Action } from "../../../src/entry.ts";
import { MINUTE } from "./a-guard.ts";
import { type Beat, beats, live, type Moment, policies, type Story } from "./fuzzed-world.ts";

const anyPolicy = fc.constantFrom(...(Object.keys(policies) as (keyof typeof policies)[]));
const runs = { numRuns: 2000 };

/** Whatever happens, this holds for the story that comes of it. */
function always(holds: (story: Story, policy: keyof typeof policies) => void): void {
  fc.assert(
    fc.property(beats, anyPolicy, (through, policy) => holds(live(through, policies[policy]), policy)),
    runs,
  );
}

function orders(story: Story, kind: Action["kind"]): readonly (Moment & { readonly action: Action })[] {
  return story.moments.flatMap((moment) =>
    moment.decision.kind === "act" && moment.decision.action.kind === kind ? [{ ...moment, action: moment.decision.action }] : [],
  );
}

const calm: Beat = {
  passMs: MINUTE,
  change: "nothing",
  seen: true,
  evidence: 5,
  quietBlocks: 4,
  crashLoop: false,
  caughtUp: true,
  killSwitch: false,
  past: "none",
  fate: "answered",
};

describe("whatever decisions, receipts, restarts, clock jumps and changes of the workload come", () => {
  test("no rollback is ordered that a limit forbids, unless it has happened already", () => {
    let seen = 0;
    always((story, policy) => {
      for (const { ask, sight } of orders(story, "rollback")) {
        if (sight.digest === "digest-6" && !sight.paused) continue;
        seen++;
        expect({
          observes: policy === "observe",
          owned: sight.owned,
          unsafe: sight.unsafe,
          othersPause: sight.paused && !sight.mark,
        }).toEqual({
          observes: false,
          owned: false,
          unsafe: false,
          othersPause: false,
        });
        expect([ask.limits.killSwitch, ask.past]).toEqual([false, []]);
      }
    });
    expect(seen).toBeGreaterThan(200);
  });

  test("no rollback is ordered after one was carried out", () => {
    let seen = 0;
    always((story) => {
      const applied = story.entries.findIndex(
        (entry) =>
          entry.kind === "receipt" && entry.receipt.kind === "rollback" && ["applied", "unchanged"].includes(entry.receipt.outcome),
      );
      if (applied === -1) return;
      seen++;
      for (const { entriesBefore } of orders(story, "rollback")) expect(entriesBefore.length).toBeLessThanOrEqual(applied);
    });
    expect(seen).toBeGreaterThan(100);
  });

  test("nothing is done to a template that was not judged", () => {
    always((story) => {
      for (const { sight, action } of orders(story, "brake")) {
        expect(action).toMatchObject({ judged: { templateDigest: "digest-7" } });
        expect(sight.digest === "digest-7" || (sight.paused && sight.mark)).toBe(true);
      }
      for (const { sight, action } of orders(story, "rollback")) {
        expect(action).toMatchObject({ judged: { templateDigest: "digest-7" }, target: { podTemplateHash: "hash-6" } });
        expect(sight.digest).not.toBe("digest-8");
      }
    });
  });

  test("nothing is changed in observe mode, nor under the kill switch unless it has happened already", () => {
    always((story, policy) => {
      const acts = story.moments.filter(({ decision }) => decision.kind === "act");
      expect(policy === "observe" ? acts : []).toEqual([]);
      for (const { ask, sight, decision } of acts) {
        if (!ask.limits.killSwitch || decision.kind !== "act") continue;
        const hasHappened = decision.action.kind === "brake" ? sight.paused && sight.mark : sight.digest === "digest-6" && !sight.paused;
        expect(hasHappened).toBe(true);
      }
    });
  });

  test("no guard ends with its brake on the workload without saying so", () => {
    let told = 0;
    always((story) => {
      const end = story.moments.findLast(({ decision }) => decision.kind === "finish");
      if (end?.decision.kind !== "finish" || end.sight.gone || story.world.gone) return;
      const { standing } = end.ask;
      const known = standing.braked || (standing.unsureBrake && end.sight.paused && end.sight.mark);
      if (!known) return;
      told++;
      expect(end.decision.phase).toBe("unresolved");
      expect(end.decision.because).toContainEqual({ code: "limitation", detail: expect.stringContaining("still pauses the rollout") });
    });
    expect(told).toBeGreaterThan(0);
  });

  test("a brake of ours that the watch shows is known to the guard, or its answer is still awaited", () => {
    always((story) => {
      for (const { ask, sight, world, decision } of story.moments) {
        // A late watch may still show a brake that was released.
        if (![sight, world].every(({ paused, mark, gone }) => paused && mark && !gone)) continue;
        const { braked, unsureBrake, pending, resumed } = ask.standing;
        expect(braked || unsureBrake || pending?.action.kind === "brake" || resumed || decision.kind === "wait").toBe(true);
      }
    });
  });

  test("entries folded in any split give the same standing", () => {
    fc.assert(
      fc.property(beats, anyPolicy, fc.nat(60), (through, policy, cut) => {
        const { entries } = live(through, policies[policy]);
        const stored = JSON.parse(JSON.stringify(entries)) as typeof entries;

        expect(stored.slice(cut).reduce(foldEntry, standingOf(stored.slice(0, cut)))).toEqual(standingOf(entries));
      }),
    );
  });

  test("once the world is calm a guard ends, or holds a brake that it has told of, and writes little", () => {
    fc.assert(
      fc.property(beats, anyPolicy, (through, policy) => {
        const before = live(through, policies[policy]);
        const after = live(
          Array.from({ length: 400 }, () => calm),
          policies[policy],
          before,
        );
        const standing = standingOf(after.entries);

        expect(standing.finished !== undefined || (standing.braked && standing.held)).toBe(true);
        expect(after.entries.length - before.entries.length).toBeLessThan(20);
      }),
      { numRuns: 200 },
    );
  });
});

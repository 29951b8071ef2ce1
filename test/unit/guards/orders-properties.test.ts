import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Action } from "../../../src/entry.ts";
import { isOrdered } from "../../../src/guards/ordered.ts";
import { standingOf } from "../../../src/guards/phase.ts";
import { MINUTE } from "./a-guard.ts";
import { type Beat, beats, live, type Moment, policies, type Story } from "./fuzzed-world.ts";

const anyPolicy = fc.constantFrom(...(Object.keys(policies) as (keyof typeof policies)[]));
const orders = fc.array(
  fc.record({
    order: fc.oneof(
      { weight: 8, arbitrary: fc.constant(undefined) },
      fc.constantFrom("abort" as const, "undo" as const, "undo" as const, "cancel" as const),
    ),
    paused: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
  }),
  { minLength: 40, maxLength: 40 },
);

/** Whatever happens and whatever people order, this holds. */
function always(holds: (story: Story, policy: keyof typeof policies) => void): void {
  fc.assert(
    fc.property(beats, orders, anyPolicy, (through, ordered, policy) => {
      holds(
        live(
          through.map((beat, at) => ({ ...beat, ...ordered[at] })),
          policies[policy],
        ),
        policy,
      );
    }),
    { numRuns: 1000 },
  );
}

function acts(story: Story): readonly (Moment & { readonly action: Action })[] {
  return story.moments.flatMap((moment) => (moment.decision.kind === "act" ? [{ ...moment, action: moment.decision.action }] : []));
}

/** Its effect is there already: to do it again changes nothing and gives the receipt that is missing. */
function isThere({ sight, action }: Moment & { readonly action: Action }): boolean {
  if (action.kind === "rollback") return sight.digest === "digest-6" && !sight.paused;
  return action.kind === "brake" && sight.paused && sight.mark;
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

describe("whatever people order, and whatever happens meanwhile", () => {
  test("nothing is done while all action is paused", () => {
    let paused = 0;
    always((story) => {
      paused += story.moments.filter(({ ask }) => ask.state.pause !== undefined).length;
      for (const one of acts(story)) expect(one.ask.state.pause === undefined || isThere(one)).toBe(true);
    });
    expect(paused).toBeGreaterThan(500);
  });

  test("after an abort nothing is done but to take our brake off", () => {
    let aborted = 0;
    always((story) => {
      for (const one of acts(story)) {
        if (!one.ask.standing.commands.some(({ kind }) => kind === "abort")) continue;
        aborted += 1;
        expect(one.action.kind === "release" || isThere(one)).toBe(true);
      }
    });
    expect(aborted).toBeGreaterThan(2);
  });

  test("a rollback that is ordered is none that would be wrong, and none follows one that was carried out", () => {
    let ordered = 0;
    always((story) => {
      for (const one of acts(story)) {
        if (one.action.kind !== "rollback" || !isOrdered(one.decision.because) || isThere(one)) continue;
        ordered += 1;
        const { sight, ask } = one;
        expect([
          sight.owned,
          sight.unsafe,
          sight.paused && !sight.mark,
          sight.digest,
          ask.limits.killSwitch,
          ask.standing.rollback,
        ]).toEqual([false, false, false, "digest-7", false, undefined]);
      }
    });
    expect(ordered).toBeGreaterThan(40);
  });

  test("an undo is answered once: by a rollback, or by the reason why there is none", () => {
    always((story) => {
      const undos = story.entries.filter((entry) => entry.kind === "commanded" && entry.command.kind === "undo").length;
      const answers = story.entries.filter(
        (entry) => entry.kind === "withheld" && entry.action === "rollback" && isOrdered(entry.because),
      ).length;
      // What an abort stops in its middle is withheld with the order to abort.
      const aborts = story.entries.filter((entry) => entry.kind === "commanded" && entry.command.kind === "abort").length;
      expect(answers).toBeLessThanOrEqual(undos + aborts);
    });
  });

  test("a guard that was aborted ends when people leave it alone, without a brake, or it says that the brake is there", () => {
    let ended = 0;
    always((story, policy) => {
      const after = live([{ ...calm, order: "abort" }, ...Array.from({ length: 60 }, () => calm)], policies[policy], story);
      const { finished, braked } = standingOf(after.entries);
      expect(finished).toBeDefined();
      if (finished?.phase === "aborted") ended += 1;
      expect(!braked || finished?.phase === "unresolved" || after.world.gone).toBe(true);
    });
    expect(ended).toBeGreaterThan(100);
  });
});

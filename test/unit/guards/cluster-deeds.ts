// What may happen to a small cluster of five workloads: to its clock, its people, and the answers that a guard gets.
import fc from "fast-check";
import type { Ms } from "../../../src/model.ts";
import type { RemedyKind } from "../../../src/remediation.ts";
import { MINUTE } from "./a-guard.ts";

const HOUR = 60 * MINUTE;

/** Three workloads in one namespace and two in another; the odd ones count down. */
export const names = ["w0", "w1", "w2", "w3", "w4"] as const;

export const namespaceOf = (at: number) => (at < 3 ? "east" : "west");

export type Level = "calm" | "doubt" | "bad" | "crash";

export type Fate = "answered" | "forbidden" | "failed" | "answer lost" | "crash before" | "crash after" | "write lost";

export type State = "running" | "paused" | "unknown" | "killed";

export type Deed =
  | {
      readonly kind: "beat";
      readonly passMs: Ms;
      readonly seen: readonly boolean[];
      readonly fates: readonly Fate[];
      readonly caughtUp: boolean;
    }
  | { readonly kind: "deploy" | "complete" | "return" | "pause" | "resume" | "thaw" | "look" | "cancel"; readonly at: number }
  | { readonly kind: "undo"; readonly at: number; readonly back: number }
  | { readonly kind: "freeze"; readonly at: number; readonly value: string }
  | { readonly kind: "signals"; readonly at: number; readonly level: Level }
  | {
      readonly kind: "remedy";
      readonly at: number;
      readonly remedy: Exclude<RemedyKind, "rollback">;
      readonly ready: number;
      readonly ends: boolean;
    }
  | { readonly kind: "state"; readonly state: "running" | "paused" | "unknown" | "killed" };

const place = fc.nat(names.length - 1);

const often = <T>(usually: T, ...others: readonly T[]) =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(usually) }, fc.constantFrom(...others));

const beat: fc.Arbitrary<Deed> = fc.record({
  kind: fc.constant("beat" as const),
  passMs: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(1000, 15_000, MINUTE, 3 * MINUTE) },
    { weight: 3, arbitrary: fc.constantFrom(20 * MINUTE, 40 * MINUTE, 3 * HOUR) },
    fc.constantFrom(-MINUTE, -45 * MINUTE, -2 * HOUR),
  ),
  seen: fc.array(often(true, false), { minLength: 5, maxLength: 5 }),
  fates: fc.array(often<Fate>("answered", "forbidden", "failed", "answer lost", "crash before", "crash after", "write lost"), {
    minLength: 8,
    maxLength: 8,
  }),
  caughtUp: often(true, false),
});

const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 12, arbitrary: beat },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("deploy" as const), at: place }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("return" as const), at: place }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("complete" as const), at: place }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("undo" as const), at: place, back: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("cancel" as const), at: place }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("pause", "resume", "look"), at: place }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("thaw" as const), at: place }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("freeze" as const),
      at: place,
      value: fc.constantFrom("true", "2026-11-23T16:00:00Z", "soon"),
    }),
  },
  {
    weight: 7,
    arbitrary: fc.record({
      kind: fc.constant("signals" as const),
      at: place,
      level: fc.constantFrom<Level[]>("calm", "doubt", "bad", "bad", "crash"),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("remedy" as const),
      at: place,
      remedy: fc.constantFrom("scale", "restart", "job"),
      ready: fc.nat(2),
      ends: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("state" as const), state: often<State>("running", "paused", "unknown", "killed") }),
  },
);

export const deeds: fc.Arbitrary<readonly Deed[]> = fc.array(deed, { minLength: 5, maxLength: 120, size: "max" });

import { describe, expect, test } from "vitest";
import type { Ask } from "../../../src/guards/ask.ts";
import { decide } from "../../../src/guards/decide.ts";
import { endsAt } from "../../../src/guards/end.ts";
import { extensionOf, overdueSilences } from "../../../src/guards/silence.ts";
import { openSignal } from "../../../src/judging/signal.ts";
import type { EntryBody } from "../../../src/entry.ts";
import type { Ms } from "../../../src/model.ts";
import type { Reason } from "../../../src/reason.ts";
import { limits as signalLimits } from "../judging/world.ts";
import {
  askOf,
  brakedByUs,
  doubtful,
  done,
  fresh,
  judgementOf,
  MINUTE,
  old,
  pods,
  policyOf,
  recordOf,
  rolledOut,
  START,
  workloadOf,
} from "./a-guard.ts";

type Outcome = "no-data" | "error" | "too-few";
const outcomes = { "no-data": "noData", error: "sourceError", "too-few": "tooFew" } as const;
const ready = pods(2, fresh, { readySince: START });

function silent(outcome: Outcome, since: Ms = START + MINUTE) {
  return { errors: { outcome, since, detail: "for a test" } };
}

/** Six minutes after the start, a signal silent for five of them. */
function asked(outcome: Outcome, then: string, over: Partial<Ask> = {}, entries: readonly EntryBody[] = []): Ask {
  const policy = policyOf(`${outcomes[outcome]}: { then: ${then} }`);
  return askOf(recordOf(entries, { policy, pods: ready }), {
    now: START + 6 * MINUTE,
    judgement: judgementOf({ silences: silent(outcome) }),
    ...over,
  });
}

function told(outcome: Outcome, at: Ms, forMs: Ms, over: object = { extends: true }): EntryBody & { readonly at: Ms } {
  return { kind: "held", at, because: [{ code: "no-usable-data", signal: "errors", outcome, detail: "for a test", forMs, ...over }] };
}

describe.each<Outcome>(["no-data", "error", "too-few"])("%s for as long as the policy bears", (outcome) => {
  const reason = { code: "no-usable-data", signal: "errors", outcome, detail: "for a test", forMs: 5 * MINUTE };

  test.each<[string, string, object]>([
    ["hold: nothing is told", "hold", { kind: "wait" }],
    ["alert: it is told", "alert", { kind: "hold", because: [reason] }],
    ["extend: it is told that the window will be longer", "extend", { kind: "hold", because: [{ ...reason, extends: true }] }],
    ["fail: the guard ends unresolved", "fail", { kind: "finish", phase: "unresolved", because: [reason, { code: "limitation" }] }],
  ])("%s", (_, then, wanted) => {
    expect(decide(asked(outcome, then))).toMatchObject(wanted);
  });

  test.each(["hold", "alert", "extend", "fail"])("%s: a second less is nothing yet", (then) => {
    expect(decide(asked(outcome, then, { now: START + 6 * MINUTE - 1000 })).kind).toBe("wait");
  });

  test("told once", () => {
    expect(decide(asked(outcome, "alert", {}, [told(outcome, START + 6 * MINUTE, 5 * MINUTE, {})])).kind).toBe("wait");
  });

  test("the other two keys do not speak for it", () => {
    const others = (["noData", "sourceError", "tooFew"] as const).filter((key) => key !== outcomes[outcome]);
    const policy = policyOf(...others.map((key) => `${key}: { then: fail }`), `${outcomes[outcome]}: { then: hold }`);
    expect(decide({ ...asked(outcome, "hold"), record: recordOf([], { policy, pods: ready }) }).kind).toBe("wait");
  });
});

describe("a silence that ends the guard", () => {
  test("never rolls back, even beside evidence for a brake; a breach comes first", () => {
    const silences = silent("error");
    expect(decide(asked("error", "fail", { judgement: { ...doubtful(5), silences } }))).toMatchObject({ phase: "unresolved" });
    expect(decide(asked("error", "fail", { judgement: { ...doubtful(2000), silences } }))).toMatchObject({
      kind: "act",
      action: { kind: "rollback" },
    });
  });

  test("takes its own brake off before it ends", () => {
    const braked = asked("error", "fail", { workload: workloadOf(brakedByUs) }, done("brake"));
    expect(decide(braked)).toMatchObject({ kind: "act", action: { kind: "release" }, because: [{ code: "no-usable-data" }, {}] });
  });

  test("does not end what has not caught up after a restart", () => {
    expect(decide(asked("no-data", "fail", { judgement: judgementOf({ silences: silent("no-data"), caughtUp: false }) })).kind).toBe(
      "wait",
    );
  });

  test("that no request reaches pods that were never ready is no silence; it begins with the first that is", () => {
    const later = pods(2, fresh, { readySince: START + 3 * MINUTE });
    const unready = pods(2, old, { readySince: START });
    const at = (roster: Ask["pods"], minute: number) =>
      overdueSilences(asked("too-few", "fail", { pods: roster, now: START + minute * MINUTE })).map(({ forMs }) => forMs);
    expect([at(unready, 60), at(later, 7), at(later, 8)]).toEqual([[], [], [5 * MINUTE]]);
  });
});

describe("a silence that extends the window", () => {
  const since = START + 3 * MINUTE;
  const completed: EntryBody & { readonly at: Ms } = { kind: "completed", at: START + 2 * MINUTE };
  const began = [completed, told("error", START + 8 * MINUTE, 5 * MINUTE)];
  const over: EntryBody & { readonly at: Ms } = {
    kind: "held",
    at: START + 10 * MINUTE,
    because: [{ code: "window-extended", signal: "errors", outcome: "error", silentMs: 7 * MINUTE, byMs: 7 * MINUTE }],
  };
  const at = (entries: readonly EntryBody[], now: Ms, changed: Partial<Ask> = {}) =>
    asked("error", "extend", { now, workload: workloadOf(rolledOut), judgement: judgementOf(), ...changed }, entries);
  const lasting = judgementOf({ silences: silent("error", since) });

  test("is told when it is over, with what it adds", () => {
    expect(decide(at(began, START + 10 * MINUTE))).toMatchObject({ kind: "hold", because: over.because });
  });

  test("is not over while it lasts, nor before the signals have caught up", () => {
    expect(decide(at(began, START + 10 * MINUTE, { judgement: lasting })).kind).toBe("wait");
    expect(decide(at(began, START + 10 * MINUTE, { judgement: judgementOf({ caughtUp: false }) })).kind).toBe("wait");
  });

  test.each<[string, Ms, Ms]>([
    ["without one, the window as it is", endsAt(at([completed], START + 20 * MINUTE)), START + 32 * MINUTE],
    ["while it lasts, later with every minute", endsAt(at(began, START + 20 * MINUTE)), START + (32 + 17) * MINUTE],
    ["at most by one window", endsAt(at(began, START + 90 * MINUTE)), START + 62 * MINUTE],
    ["when it is over, by as long as it was", endsAt(at([...began, over], START + 20 * MINUTE)), START + 39 * MINUTE],
    [
      "a second one adds to it",
      endsAt(at([...began, over, told("error", START + 20 * MINUTE, 5 * MINUTE)], START + 21 * MINUTE)),
      START + (32 + 7 + 6) * MINUTE,
    ],
    [
      "an alert adds nothing",
      endsAt(at([completed, told("error", START + 8 * MINUTE, 5 * MINUTE, {})], START + 20 * MINUTE)),
      START + 32 * MINUTE,
    ],
  ])("%s", (_, ends, wanted) => {
    expect(ends).toBe(wanted);
  });

  test("of several signals the most silent one counts, and they are not added up", () => {
    const because: readonly Reason[] = (["errors", "latency"] as const).map((signal, i) => ({
      code: "window-extended",
      signal,
      outcome: "error",
      silentMs: (3 + i) * MINUTE,
      byMs: 0,
    }));
    expect(extensionOf(at([{ kind: "held", because }], START + 20 * MINUTE))).toBe(4 * MINUTE);
  });

  test("after a window more of silence the guard ends without a verdict", () => {
    const counted = { errors: { ...openSignal(signalLimits), total: 5000 } };
    const ask = at(began, START + 62 * MINUTE, { judgement: { ...lasting, counted } });
    expect(decide(ask)).toMatchObject({ kind: "finish", phase: "inconclusive", because: [{ code: "no-usable-data", outcome: "error" }] });
    expect(decide({ ...ask, now: ask.now - 1000 }).kind).toBe("wait");
  });

  test("the next silence of the signal is news again", () => {
    const judgement = judgementOf({ silences: silent("error", START + 12 * MINUTE) });
    expect(decide(at([...began, over], START + 17 * MINUTE, { judgement }))).toMatchObject({
      kind: "hold",
      because: [{ code: "no-usable-data", extends: true, forMs: 5 * MINUTE }],
    });
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { GuardAlert } from "../../../src/alert.ts";
import { type AlertMoment, type AlertRule, alertVerdict, foldAlerts, MOST_ALERTS } from "../../../src/judging/alert.ts";

const START = Date.UTC(2026, 10, 23, 14, 0, 0);
const MINUTE = 60_000;
const rule: AlertRule = { forMs: 0, afterMs: MINUTE };

function alert(over: Partial<GuardAlert> = {}): GuardAlert {
  return { fingerprint: "a", startsAt: START + 2 * MINUTE, labels: { alertname: "HighErrorRate" }, summary: "5xx above 5 %", ...over };
}

function verdict(alerts: readonly GuardAlert[], over: Partial<AlertMoment & AlertRule> = {}) {
  const moment = { signal: "alerts", now: START + 5 * MINUTE, startedAt: START, isOld: () => false, alone: false, ...over };
  return alertVerdict(alerts, { ...rule, ...over }, moment);
}

describe("an alert", () => {
  test("that began well after the rollout and fires is a breach, with since when and for how long", () => {
    const { state, because } = verdict([alert()]);
    expect(state).toBe("breach");
    expect(because).toEqual([
      {
        code: "alert",
        signal: "alerts",
        name: "HighErrorRate",
        labels: {},
        summary: "5xx above 5 %",
        since: START + 2 * MINUTE,
        forMs: 3 * MINUTE,
        others: 0,
      },
    ]);
  });

  test.each<[string, Partial<GuardAlert>, Partial<AlertMoment & AlertRule>, string]>([
    ["that has ended is none", { endsAt: START + 3 * MINUTE }, {}, "pass"],
    ["that does not fire for long enough is in doubt", {}, { forMs: 4 * MINUTE }, "warn"],
    ["that fires for exactly long enough counts", {}, { forMs: 3 * MINUTE }, "breach"],
    ["that fired before the rollout is held", { startsAt: START - 1 }, {}, "hold"],
    ["that fired before the rollout is held without any margin too", { startsAt: START - 1 }, { afterMs: 0 }, "hold"],
    ["that began as soon as the rollout did is held", { startsAt: START + MINUTE - 1 }, {}, "hold"],
    ["that began after the margin counts", { startsAt: START + MINUTE }, {}, "breach"],
    ["of an old pod is held", { pod: "web-old" }, { isOld: (pod) => pod === "web-old" }, "hold"],
    ["of a new pod counts", { pod: "web-new" }, { isOld: (pod) => pod === "web-old" }, "breach"],
    ["whose start is still to come does not count yet", { startsAt: START + 6 * MINUTE }, {}, "warn"],
  ])("%s", (_what, over, moment, state) => {
    expect(verdict([alert(over)], moment).state).toBe(state);
  });

  test("by pod, which begins anew with every new pod, is held while it fires since before the rollout or of old pods", () => {
    const before = alert({ fingerprint: "b", startsAt: START - MINUTE });
    const oldPod = alert({ fingerprint: "c", pod: "web-old", startsAt: START + 4 * MINUTE });
    const isOld = (pod: string) => pod === "web-old";
    for (const other of [before, oldPod]) expect(verdict([other, alert()], { isOld }).state).toBe("hold");
    const next = alert({ fingerprint: "d", startsAt: START + 4 * MINUTE });
    expect(verdict([{ ...before, endsAt: START + 3 * MINUTE }, alert(), next]).state, "through the one between").toBe("hold");
    expect(verdict([{ ...before, endsAt: START + 1 * MINUTE }, alert()]).state, "that was over before").toBe("breach");
  });

  test("of another name is not excused by one that the revision cannot have caused", () => {
    const { state, because } = verdict([alert({ fingerprint: "b", startsAt: START - MINUTE, labels: { alertname: "Slow" } }), alert()]);
    expect([state, because.map((reason) => reason.code === "alert" && reason.held)]).toEqual(["breach", [undefined]]);
  });

  test("of one name is told once, whichever fires longest, and of two names twice", () => {
    const alerts = [
      alert({ fingerprint: "b", startsAt: START + 3 * MINUTE }),
      alert(),
      alert({ fingerprint: "c", labels: { alertname: "Slow" } }),
    ];
    const told = verdict(alerts).because.map((reason) => (reason.code === "alert" ? [reason.name, reason.forMs, reason.others] : []));
    expect(told).toEqual([
      ["HighErrorRate", 3 * MINUTE, 1],
      ["Slow", 3 * MINUTE, 0],
    ]);
  });
});

test("no alert passes beside other signals, and alone it says nothing of the revision", () => {
  expect(verdict([]).state).toBe("pass");
  expect(verdict([], { alone: true }).state).toBe("inconclusive");
  expect(verdict([alert({ endsAt: START + 3 * MINUTE })], { alone: true }).state).toBe("inconclusive");
});

const posted: fc.Arbitrary<GuardAlert> = fc
  .record({
    fingerprint: fc.constantFrom("a", "b", "c"),
    startsAt: fc.integer({ min: 0, max: 60 }).map((minute) => START + (minute - 10) * MINUTE),
    ends: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
    summary: fc.constantFrom("4.9 %", "5.1 %"),
  })
  .map(({ fingerprint, startsAt, ends, summary }) => ({
    ...alert({ fingerprint, startsAt, summary }),
    ...(ends === undefined ? {} : { endsAt: startsAt + ends * MINUTE }),
  }));

test("the same alerts in any order, any grouping and any repetition leave the same in the record", () => {
  const stories = fc
    .array(posted, { maxLength: 120 })
    .chain((alerts) =>
      fc.tuple(
        fc.constant(alerts),
        fc.shuffledSubarray([...alerts, ...alerts, ...alerts], { minLength: alerts.length * 3 }),
        fc.integer({ min: 1, max: 9 }),
      ),
    );
  fc.assert(
    fc.property(stories, ([alerts, again, size]) => {
      const oneByOne = again.reduce((known, one) => foldAlerts(known, [one]), [] as readonly GuardAlert[]);
      const chunks = Array.from({ length: Math.ceil(again.length / size) }, (_, at) => again.slice(at * size, (at + 1) * size));
      const inGroups = chunks.reduce((known, chunk) => foldAlerts(known, chunk), [] as readonly GuardAlert[]);
      const atOnce = foldAlerts([], alerts);
      expect(oneByOne).toEqual(atOnce);
      expect(inGroups).toEqual(atOnce);
      expect(atOnce.length).toBeLessThanOrEqual(MOST_ALERTS);
      expect(foldAlerts(atOnce, again)).toBe(atOnce);
    }),
  );
});

test("a firing that has ended never fires again, whichever post comes last", () => {
  const ended = alert({ endsAt: START + 3 * MINUTE });
  for (const order of [
    [alert(), ended],
    [ended, alert()],
  ]) {
    expect(verdict(order.reduce((known, one) => foldAlerts(known, [one]), [] as readonly GuardAlert[])).state).toBe("pass");
  }
  const anew = foldAlerts([ended], [alert({ startsAt: START + 4 * MINUTE })]);
  expect(verdict(anew).state).toBe("breach");
});

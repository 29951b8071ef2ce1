import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { GuardAlert } from "../../../../src/alert.ts";
import { decideRemedy } from "../../../../src/guards/remediation/decide.ts";
import type { Facts } from "../../../../src/guards/remediation/ask.ts";
import type { RemediationRecord } from "../../../../src/guards/remediation/record.ts";
import { remedyStandingOf } from "../../../../src/guards/remediation/standing.ts";
import type { PodState } from "../../../../src/model.ts";
import type { RemediationEntryBody, Remedy, RemedyDecision, RemedyReceipt } from "../../../../src/remediation.ts";
import { limits, START } from "../a-guard.ts";
import { askOf, atRest, fourPods, podOf, recordOf, remediationOf, SECOND, slow } from "./a-remedy.ts";

const policy = remediationOf(
  "do: [{ scale: { by: 2, most: 9, restoreAfter: 60s } }, { restart: { pods: 2 } }, { scale: { by: 8, most: 9, restoreAfter: 30s } }, notify]",
  "verify: { within: 60s }",
);
const MOST = 9;

const event = fc.oneof(
  { weight: 8, arbitrary: fc.constant("beat" as const) },
  { weight: 3, arbitrary: fc.constant("minute" as const) },
  ...(
    [
      "over", // the alert is resolved
      "fires", // another one fires
      "pause",
      "unpause",
      "rollout", // a guard of a rollout opens or ends
      "broken", // pods stay unready
      "human", // somebody changes the count
      "abort",
      "dies-before", // a crash between the intent and its effect
      "dies-after", // a crash between the effect and its receipt
      "fails", // the next effect is not answered, and was not done
      "lost", // the next effect is done, and not answered
      "refused",
    ] as const
  ).map((one) => ({ weight: 1, arbitrary: fc.constant(one) })),
);
type Event = typeof event extends fc.Arbitrary<infer E> ? E : never;

interface Deed {
  readonly id: string;
  readonly kind: string;
  readonly step: number;
}

/** A small world that does what it is asked, once per precondition, and a guard that is folded from its entries alone at each beat. */
function play(events: readonly Event[]) {
  let now = START;
  let count = 4;
  let human = false;
  let stopped = false;
  let rolloutGuard = false;
  let broken = false;
  let next: "well" | Event = "well";
  let pods: PodState[] = [...fourPods];
  let record: RemediationRecord = recordOf(policy);
  const deeds: Deed[] = [];
  const wrong: string[] = [];
  let made = 0;

  const ended = () => record.entries.some(({ kind }) => kind === "finished");
  const write = (body: RemediationEntryBody) => {
    record = { ...record, entries: [...record.entries, { ...body, seq: record.entries.length, at: now }] };
  };

  function grow(): void {
    while (pods.length < count) {
      made += 1;
      pods.push(podOf(`new-${made}`, { created: now, ready: !broken }));
    }
    pods = pods.slice(0, count);
  }

  /** As the API server and our actions have it: a precondition, and what is as wanted is left. */
  function effect(action: Remedy, step: number): Pick<RemedyReceipt, "outcome" | "because"> {
    const conflict = { outcome: "refused", because: { code: "conflict", detail: "it is another" } } as const;
    if (action.kind === "scale") {
      if (count === action.to) return { outcome: "unchanged" };
      if (count !== action.from || action.to === null) return conflict;
      count = action.to;
      if (action.purpose === "remedy" && count > MOST) wrong.push(`scaled to ${count}`);
    } else if (action.kind === "restart") {
      if (!pods.some(({ uid }) => uid === action.pod.uid)) return { outcome: "unchanged" };
      pods = pods.filter(({ uid }) => uid !== action.pod.uid);
    }
    deeds.push({ id: action.id, kind: action.kind === "scale" ? action.purpose : action.kind, step });
    grow();
    return { outcome: "applied" };
  }

  function act({ step, action, because }: Extract<RemedyDecision, { kind: "act" }>): void {
    if (ended()) wrong.push("acted after its end");
    if (stopped) wrong.push("acted under a pause of all action");
    const isRestore = action.kind === "scale" && action.purpose === "restore";
    if (rolloutGuard && !isRestore) wrong.push("acted beside a guard of a rollout");
    const standing = remedyStandingOf(record.entries);
    if (standing.pending?.action.id !== action.id) write({ kind: "intended", step, action, because });
    const how = next;
    next = "well";
    if (how === "dies-before") return;
    if (how === "refused") {
      write({
        kind: "receipt",
        receipt: {
          action: action.id,
          kind: action.kind,
          outcome: "refused",
          at: now,
          detail: "no",
          because: { code: "forbidden", detail: "no" },
        },
      });
      return;
    }
    if (how !== "fails") {
      const done = effect(action, step);
      if (how === "dies-after") return;
      if (how !== "lost") {
        write({ kind: "receipt", receipt: { action: action.id, kind: action.kind, at: now, detail: "", ...done } });
        return;
      }
    }
    write({ kind: "receipt", receipt: { action: action.id, kind: action.kind, outcome: "failed", at: now, detail: "no answer" } });
  }

  function factsOf(step: number): Facts {
    const kind = policy.spec.do[step]?.restart === undefined ? "scale" : "restart";
    return kind === "restart" ? { step, kind } : { step, kind, scaling: { owner: { kind: "workload" }, replicas: count, least: count } };
  }

  function beat(): void {
    now += SECOND;
    if (ended()) return;
    const workload = atRest({
      desired: count,
      replicas: pods.length,
      updated: pods.length,
      available: pods.filter(({ ready }) => ready).length,
    });
    const ask = askOf(record, {
      now,
      workload,
      pods,
      standing: remedyStandingOf(record.entries),
      state: stopped ? { pause: { by: "ada", reason: "look", at: START } } : {},
      limits: { ...limits, minReady: 0, remedy: { ...limits.remedy, perHour: { workload: 99, namespace: 99, cluster: 99 } } },
      ...(rolloutGuard ? { rolloutGuard: "web-guard" } : {}),
    });
    let decision = decideRemedy(ask);
    if (decision.kind === "look") decision = decideRemedy({ ...ask, facts: factsOf(decision.step) });
    if (decision.kind === "look") wrong.push("looks again at what it was shown");
    if (decision.kind === "act") act(decision);
    if (decision.kind === "withhold") write({ kind: "withheld", step: decision.step, action: decision.action, because: decision.because });
    if (decision.kind === "hold") write({ kind: "held", because: decision.because });
    if (decision.kind === "note")
      write({ kind: "noted", ...(decision.step === undefined ? {} : { step: decision.step }), because: decision.because });
    if (decision.kind === "escalate") write({ kind: "escalated", step: decision.step, because: decision.because });
    if (decision.kind === "finish") write({ kind: "finished", phase: decision.phase, because: decision.because });
  }

  function resolve(): void {
    record = { ...record, alerts: record.alerts.map((one): GuardAlert => (one.endsAt === undefined ? { ...one, endsAt: now } : one)) };
  }

  for (const one of events) {
    if (one === "over") resolve();
    if (one === "fires") record = { ...record, alerts: [...record.alerts, { ...slow, startsAt: now }] };
    if (one === "pause") stopped = true;
    if (one === "unpause") stopped = false;
    if (one === "rollout") rolloutGuard = !rolloutGuard;
    if (one === "broken") broken = !broken;
    if (one === "human") {
      human = true;
      count = count === 5 ? 3 : 5;
      grow();
    }
    if (one === "abort" && !ended()) write({ kind: "commanded", command: { id: "o", kind: "abort", by: "ada", reason: "look" } });
    if (["dies-before", "dies-after", "fails", "lost", "refused"].includes(one)) next = one;
    for (let second = 0; second < (one === "minute" ? 61 : 1); second += 1) beat();
  }
  // Calm at last.
  [stopped, rolloutGuard, broken, next] = [false, false, false, "well"];
  resolve();
  const calm = now;
  pods = pods.map((pod) => ({ ...pod, ready: true }));
  for (let second = 0; second < 900 && !ended(); second += 1) beat();
  return { deeds, wrong, record, count, human, calmFor: now - calm };
}

const played = (check: (world: ReturnType<typeof play>) => void) =>
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      check(play(events));
    }),
    { numRuns: 400 },
  );

describe("whatever alerts, crashes, lost answers, refusals, pauses, people and rollouts come", () => {
  test("no step is done twice, and no more pods are restarted than the policy says", () => {
    played(({ deeds }) => {
      expect(new Set(deeds.map(({ id }) => id)).size).toBe(deeds.length);
      for (const [step, most] of [1, 2, 1].entries()) {
        expect(deeds.filter((deed) => deed.step === step && deed.kind !== "restore").length).toBeLessThanOrEqual(most);
      }
    });
  });

  test("never more pods than the policy's most, nothing after the end, nothing under a pause, nothing beside a guard of a rollout", () => {
    played(({ wrong }) => expect(wrong).toEqual([]));
  });

  test("once the world is calm the guard ends, and what was scaled was given back, or somebody else's count stands", () => {
    played(({ record, count, human }) => {
      const last = record.entries.at(-1);
      expect(last?.kind).toBe("finished");
      const refusedRestore = record.entries.some((entry) => {
        if (entry.kind !== "receipt" || entry.receipt.outcome !== "refused") return false;
        const intended = record.entries.find((one) => one.kind === "intended" && one.action.id === entry.receipt.action);
        return intended?.kind === "intended" && intended.action.kind === "scale" && intended.action.purpose === "restore";
      });
      expect(human || refusedRestore || count === 4).toBe(true);
    });
  });

  test("it writes little: no reason is recorded over and over", () => {
    played(({ record }) => expect(record.entries.length).toBeLessThan(120));
  });
});

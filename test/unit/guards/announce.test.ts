import { describe, expect, test } from "vitest";
import type { Ask } from "../../../src/guards/ask.ts";
import { decide } from "../../../src/guards/decide.ts";
import { standingOf } from "../../../src/guards/phase.ts";
import type { Command, Decision, EntryBody } from "../../../src/entry.ts";
import {
  actionOf,
  askOf,
  BLOCK,
  brakedByUs,
  done,
  doubtful,
  entriesOf,
  evidence,
  intended,
  MINUTE,
  pastRollback,
  policyOf,
  receipt,
  recordOf,
  revision,
  rolledOut,
  START,
  workloadOf,
} from "./a-guard.ts";

const counting = policyOf("countdown: 2m");
const DUE = START + 3 * MINUTE;
const announced: EntryBody & { at: number } = {
  kind: "announced",
  action: actionOf("rollback"),
  dueAt: DUE,
  because: [evidence],
  at: START + MINUTE,
};
const ordered = (kind: Command["kind"]): EntryBody => ({ kind: "commanded", command: { id: "c-1", kind, by: "dana", reason: "known" } });
const failed = receipt("rollback", "failed", 1, DUE);
const braked = done("brake");

/** What a guard whose new pods fail wants; it is braked unless told. */
function want(bodies: readonly EntryBody[], now: number, over: Partial<Ask> = {}): Decision {
  const isBraked = bodies.some(({ kind }) => kind === "receipt");
  return decide(
    askOf(recordOf(bodies, { policy: counting }), {
      judgement: doubtful(2000),
      workload: workloadOf(isBraked ? brakedByUs : {}),
      now,
      ...over,
    }),
  );
}

const reasonOf = (decision: Decision) => decision.because.at(-1);

describe("a rollback with a countdown", () => {
  test("is braked first, then announced for two minutes later, and not carried out", () => {
    expect(want([], START + MINUTE)).toMatchObject({ kind: "act", action: { kind: "brake" } });
    expect(want(braked, START + MINUTE)).toMatchObject({
      kind: "announce",
      dueAt: DUE,
      action: { kind: "rollback", target: { podTemplateHash: "hash-6" } },
      because: [evidence],
    });
  });

  test("is announced without a brake where none can be put on", () => {
    expect(want([], START + MINUTE, { workload: workloadOf(rolledOut) }).kind).toBe("announce");
  });

  test.each<[string, number, string]>([
    ["waits until it is due", DUE - 1, "wait"],
    ["is carried out when it is due", DUE, "act"],
    ["is carried out late after a restart", DUE + MINUTE, "act"],
    ["is announced anew when the clock was set back behind its announcement", START - MINUTE, "announce"],
  ])("%s", (_, now, wanted) => {
    expect(want([...braked, announced], now).kind).toBe(wanted);
  });

  test("is announced anew when another revision has become the way back", () => {
    const past = [pastRollback({ workloadUid: "uid-web", at: START - 300 * MINUTE, condemnedHash: "hash-6", targetHash: "hash-5" })];
    const workload = workloadOf({ ...brakedByUs, revisions: [...workloadOf().revisions, revision(5)] });
    const decision = want([...braked, announced], DUE, { past, passed: ["hash-5"], workload });

    expect(decision).toMatchObject({ kind: "announce", action: { target: { podTemplateHash: "hash-5" } } });
  });

  test("that failed is tried again without another announcement", () => {
    const tried = [...braked, announced, intended("rollback"), failed];

    expect(want(tried, DUE + 10_000).kind).toBe("wait");
    expect(want(tried, DUE + MINUTE)).toMatchObject({ kind: "act", action: { kind: "rollback" } });
  });

  test("is braked again by nobody who took the brake off by hand, and still carried out", () => {
    const resumed = [...braked, ...done("release", 3, START + 40_000, [{ code: "conflict", detail: "resumed" }]), announced];

    expect(want(resumed, DUE - 1, { workload: workloadOf() }).kind).toBe("wait");
    expect(want(resumed, DUE, { workload: workloadOf() })).toMatchObject({ kind: "act", action: { kind: "rollback", braked: false } });
  });
});

describe("what was announced is not done", () => {
  test("when a person cancels it: at once, with who and why, and not again in this guard", () => {
    const cancelled = [...braked, announced, ordered("cancel")];
    const decision = want(cancelled, DUE - MINUTE);
    expect(decision).toMatchObject({ kind: "withhold", action: "rollback" });
    expect(reasonOf(decision)).toEqual({ code: "cancelled", by: "dana", reason: "known" });

    const told: EntryBody = { kind: "withheld", action: "rollback", because: decision.because };
    expect(want([...cancelled, told], DUE + MINUTE).kind).toBe("wait");
  });

  test("when a cancel comes between its intent and the crash before it", () => {
    const decision = want([...braked, announced, intended("rollback"), ordered("cancel")], DUE + MINUTE);

    expect([decision.kind, reasonOf(decision)?.code]).toEqual(["withhold", "cancelled"]);
  });

  test("when the workload is frozen meanwhile; once thawed it is announced anew, and a second freeze is told too", () => {
    const { annotations } = brakedByUs;
    const frozen = workloadOf({ ...brakedByUs, annotations: { ...annotations, "rearguard.dev/freeze": "true" } });
    const decision = want([...braked, announced], DUE - MINUTE, { workload: frozen });
    expect(reasonOf(decision)).toMatchObject({ code: "governor", rule: "frozen" });

    const told: EntryBody = { kind: "withheld", action: "rollback", because: decision.because };
    expect(want([...braked, announced, told], DUE).kind).toBe("announce");
    expect(want([...braked, announced, told], DUE, { workload: frozen }).kind).toBe("wait");
    const again = { ...announced, at: DUE, dueAt: DUE + 2 * MINUTE };
    expect(want([...braked, announced, told, again], DUE + MINUTE, { workload: frozen }).kind).toBe("withhold");
  });

  test("when its evidence has faded by the time it is due, and the guard observes again", () => {
    const calm = { judgement: doubtful(5) };
    expect(want([...braked, announced], DUE - 1, calm).kind).toBe("wait");
    const decision = want([...braked, announced], DUE, calm);
    expect(reasonOf(decision)).toEqual({ code: "called-off", afterMs: 2 * MINUTE });

    const standing = standingOf(entriesOf([...braked, announced, { kind: "withheld", action: "rollback", because: decision.because }]));
    expect(standing).toMatchObject({ phase: "observing", braked: true });
    expect(standing.announced).toBeUndefined();
  });

  test("but right after a restart nobody knows yet that it has faded", () => {
    expect(want([...braked, announced], DUE, { judgement: { ...doubtful(5), caughtUp: false } }).kind).toBe("wait");
  });

  test("when a newer template came", () => {
    const superseded = workloadOf({ templateDigest: "digest-8" });

    expect(want([announced], DUE, { workload: superseded })).toMatchObject({ kind: "finish", phase: "superseded" });
  });
});

describe("orders that are no cancel of it", () => {
  test("a cancel before anything was announced cancels nothing", () => {
    expect(want([...braked, ordered("cancel")], START + 2 * MINUTE).kind).toBe("announce");
  });

  test("an undo after a cancel stands above it", () => {
    const { cancelled, commands } = standingOf(entriesOf([announced, ordered("cancel"), ordered("undo")]));

    expect([cancelled, commands.length]).toEqual([undefined, 2]);
  });

  test("that another signal only notifies does not take the announcement away", () => {
    const notifies: EntryBody = { kind: "withheld", action: "rollback", because: [{ code: "policy-only-notifies", signal: "latency" }] };

    expect(want([...braked, announced, { ...notifies }], START + MINUTE + BLOCK).kind).toBe("wait");
  });
});

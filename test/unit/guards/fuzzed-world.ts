// A workload, what others do to it, and what becomes of a guard's actions: the rules of src/actions without a server.
import fc from "fast-check";
import type { Ask } from "../../../src/guards/ask.ts";
import { pointless } from "../../../src/guards/command.ts";
import { decide } from "../../../src/guards/decide.ts";
import { standingOf } from "../../../src/guards/phase.ts";
import type { PastAction } from "../../../src/guards/governor.ts";
import type { Command, Action, Decision, Entry, EntryBody, Receipt } from "../../../src/entry.ts";
import type { Ms, Workload } from "../../../src/model.ts";
import type { Reason } from "../../../src/reason.ts";
import type { Policy } from "../../../src/policies/policy.ts";
import {
  askOf,
  brakedByUs,
  crashLoop,
  doubtful,
  entriesOf,
  fresh,
  limits,
  MINUTE,
  old,
  pastRollback,
  policyOf,
  recordOf,
  revision,
  rolledOut,
  START,
  workloadOf,
} from "./a-guard.ts";

export interface World {
  readonly digest: "digest-6" | "digest-7" | "digest-8";
  readonly paused: boolean;
  readonly mark: boolean;
  readonly owned: boolean;
  readonly unsafe: boolean;
  readonly complete: boolean;
  readonly replicas: number;
  readonly gone: boolean;
}

/** One beat: what others do first, what the guard sees then, and how its action ends. */
export interface Beat {
  readonly passMs: Ms;
  readonly change: keyof typeof changes;
  /** False: the watch is late, and the guard sees the workload as it was. */
  readonly seen: boolean;
  readonly evidence: 5 | 120 | 2000;
  readonly quietBlocks: number;
  readonly crashLoop: boolean;
  readonly caughtUp: boolean;
  readonly killSwitch: boolean;
  readonly past: "none" | "cooldown" | "cap" | "concurrent";
  /** What a person orders before the guard looks. */
  readonly order?: Command["kind"] | undefined;
  /** A person has paused all action. */
  readonly paused?: boolean;
  readonly fate: "answered" | "forbidden" | "failed" | "answer lost" | "crash before" | "crash after";
}

const changes = {
  nothing: (world: World): World => world,
  "a new template": (world: World): World => ({ ...world, digest: "digest-8", complete: false }),
  "an undo": (world: World): World => (world.paused ? world : { ...world, digest: "digest-6", complete: false }),
  "the judged template again": (world: World): World => ({ ...world, digest: "digest-7", complete: false }),
  // With our mark on it nobody could tell their pause from ours.
  "a pause": (world: World): World => (world.mark ? world : { ...world, paused: true }),
  "a resume": (world: World): World => ({ ...world, paused: false }),
  "an owner": (world: World): World => ({ ...world, owned: !world.owned }),
  "a mark unsafe": (world: World): World => ({ ...world, unsafe: !world.unsafe }),
  completion: (world: World): World => (world.paused ? world : { ...world, complete: true }),
  "a scale": (world: World): World => ({ ...world, replicas: world.replicas === 0 ? 8 : 0 }),
  deletion: (world: World): World => ({ ...world, gone: true }),
};

const start: World = {
  digest: "digest-7",
  paused: false,
  mark: false,
  owned: false,
  unsafe: false,
  complete: false,
  replicas: 8,
  gone: false,
};

export const beats: fc.Arbitrary<readonly Beat[]> = fc.array(
  fc.record({
    passMs: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(1000, 15_000, 60_000) },
      fc.constantFrom(-60_000, 20 * MINUTE, 2 * 24 * 60 * MINUTE),
    ),
    change: fc.oneof(
      { weight: 8, arbitrary: fc.constant("nothing" as const) },
      {
        weight: 6,
        arbitrary: fc.constantFrom(...(Object.keys(changes) as (keyof typeof changes)[]).filter((name) => name !== "deletion")),
      },
      fc.constant("deletion" as const),
    ),
    seen: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, fc.constant(false)),
    evidence: fc.constantFrom<Beat["evidence"][]>(5, 120, 2000),
    quietBlocks: fc.constantFrom(0, 4),
    crashLoop: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
    caughtUp: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
    killSwitch: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, fc.constant(true)),
    past: fc.oneof(
      { weight: 6, arbitrary: fc.constant("none" as const) },
      fc.constantFrom("cooldown" as const, "cap" as const, "concurrent" as const),
    ),
    fate: fc.oneof(
      { weight: 4, arbitrary: fc.constant("answered" as const) },
      fc.constantFrom<Beat["fate"][]>("forbidden", "failed", "answer lost", "crash before", "crash after"),
    ),
  }),
  { minLength: 1, maxLength: 40 },
);

export interface Moment {
  readonly ask: Ask;
  /** As the guard saw it, and as it was. */
  readonly sight: World;
  readonly world: World;
  readonly decision: Decision;
  readonly entriesBefore: readonly Entry[];
}

export interface Story {
  readonly world: World;
  readonly now: Ms;
  readonly entries: readonly Entry[];
  readonly moments: readonly Moment[];
}

export const policies = { enforce: policyOf(), observe: policyOf("mode: observe"), notify: policyOf("onBreach: { errors: [notify] }") };

/** Lives through the beats; entries alone go from one to the next, as if the process began anew each time. */
export function live(through: readonly Beat[], policy: Policy, from?: Story): Story {
  let { world, now, entries } = from ?? { world: start, now: START, entries: entriesOf([]) };
  let sight = world;
  const moments: Moment[] = [];
  for (const beat of through) {
    now += beat.passMs;
    world = changes[beat.change](world);
    if (beat.seen || beat.fate.startsWith("crash")) sight = world;
    entries = ordered(beat.order, entries, now);
    const ask = askAt(beat, sight, now, entries, policy);
    const decision = decide(ask);
    moments.push({ ask, sight, world, decision, entriesBefore: entries });
    if (decision.kind === "wait") continue;
    const write = (body: EntryBody) => (entries = [...entries, { ...body, seq: entries.length, at: now }]);
    if (decision.kind === "withhold") write({ kind: "withheld", action: decision.action, because: decision.because });
    if (decision.kind === "hold") write({ kind: "held", because: decision.because });
    if (decision.kind === "finish") write({ kind: "finished", phase: decision.phase, because: decision.because, badServed: 0 });
    if (decision.kind !== "act") continue;
    const { action } = decision;
    if (ask.standing.pending?.action.id !== action.id) write({ kind: "intended", action, because: decision.because });
    const happens = beat.fate === "answered" || beat.fate === "answer lost" || beat.fate === "crash after";
    const result = happens ? carryOut(world, action) : undefined;
    if (result !== undefined) world = result.world;
    // Each action reads before it writes: what is there already cannot be forbidden.
    const isThere = carryOut(world, action).answer.outcome === "unchanged";
    const answer = receiptOf(
      isThere && beat.fate === "forbidden" ? "answered" : beat.fate,
      result ?? { world, answer: { outcome: "unchanged" } },
    );
    // A process that begins anew has listed the cluster before it decides.
    if (answer === undefined) sight = world;
    else write({ kind: "receipt", receipt: { action: action.id, kind: action.kind, at: now, detail: "", ...answer } });
  }
  return { world, now, entries, moments };
}

/** As the API takes it: what makes no sense is refused there. */
function ordered(kind: Beat["order"], entries: readonly Entry[], at: Ms): readonly Entry[] {
  if (kind === undefined || pointless(standingOf(entries), kind) !== undefined) return entries;
  const command = { id: String(entries.length), kind, by: "alice", reason: "x" };
  return [...entries, { seq: entries.length, at, kind: "commanded", command }];
}

function askAt(beat: Beat, sight: World, now: Ms, entries: readonly Entry[], policy: Policy): Ask {
  return askOf(
    { ...recordOf([], { policy }), entries },
    {
      workload: sight.gone ? undefined : workloadIn(sight),
      judgement: { ...doubtful(beat.evidence), quietBlocks: beat.quietBlocks, caughtUp: beat.caughtUp },
      rules: beat.crashLoop ? [crashLoop] : [],
      now,
      limits: { ...limits, killSwitch: beat.killSwitch },
      past: pastIn(beat.past, now),
      ...(beat.paused === true ? { state: { pause: { by: "bob", reason: "x", at: now } } } : {}),
    },
  );
}

function pastIn(past: Beat["past"], now: Ms): readonly PastAction[] {
  const three = (over: Partial<PastAction>) => [1, 2, 3].map((nth) => pastRollback({ guard: `g-${nth}`, ...over }));
  if (past === "cooldown") return [pastRollback({ workloadUid: "uid-web", at: now - MINUTE })];
  if (past === "cap") return three({ namespace: "shop", at: now - MINUTE });
  return past === "concurrent" ? three({ at: now - 120 * MINUTE, underWay: true }) : [];
}

function workloadIn(world: World): Workload {
  const current = { "digest-6": { ...old, number: 8 }, "digest-7": fresh, "digest-8": world.paused ? fresh : revision(9) }[world.digest];
  return workloadOf({
    ...(world.complete ? rolledOut : {}),
    templateDigest: world.digest,
    current,
    revisions: [fresh, old],
    paused: world.paused,
    desired: world.replicas,
    owners: world.owned ? [{ kind: "helm", name: "web", mark: "label" }] : [],
    annotations: { ...(world.mark ? brakedByUs.annotations : {}), ...(world.unsafe ? { "rearguard.dev/rollback": "unsafe" } : {}) },
  });
}

type Answer = Pick<Receipt, "outcome" | "because">;
interface Result {
  readonly world: World;
  readonly answer: Answer;
}

function carryOut(world: World, action: Action): Result {
  const refused = (because: Reason): Result => ({ world, answer: { outcome: "refused", because } });
  const unchanged: Result = { world, answer: { outcome: "unchanged" } };
  const applied = (over: Partial<World>): Result => ({ world: { ...world, ...over }, answer: { outcome: "applied" } });
  const othersPause = refused({ code: "paused-by-other" });
  const conflict = refused({ code: "conflict", detail: "its template is not the one that was judged" });
  if (world.gone) return refused({ code: "workload-deleted" });
  switch (action.kind) {
    case "brake":
      if (world.paused) return world.mark ? unchanged : othersPause;
      return world.digest === "digest-7" ? applied({ paused: true, mark: true }) : conflict;
    case "release":
      if (world.mark) return applied({ paused: false, mark: false });
      return world.paused ? othersPause : unchanged;
    case "rollback":
      if (world.paused && !(action.braked && world.mark)) return othersPause;
      if (world.digest === "digest-6" && !world.paused) return unchanged;
      return world.digest === "digest-8" ? conflict : applied({ digest: "digest-6", paused: false, mark: false, complete: false });
    case "drain":
      return world.digest === "digest-7" ? conflict : unchanged;
  }
}

function receiptOf(fate: Beat["fate"], result: Result | undefined): Answer | undefined {
  switch (fate) {
    case "answered":
      return result?.answer;
    case "forbidden":
      return { outcome: "refused", because: { code: "forbidden", detail: "rbac" } };
    case "failed":
    case "answer lost":
      return { outcome: "failed" };
    case "crash before":
    case "crash after":
      return undefined;
  }
}

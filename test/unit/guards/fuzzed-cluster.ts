// A small cluster of workloads, their guards and what people do to them, lived through by the real rules of deciding. Nothing is kept from
// one beat to the next but what is written down: every beat is a restart.
import type { Ask } from "../../../src/guards/ask.ts";
import { decide } from "../../../src/guards/decide.ts";
import { breachesOf, forbidsAction, type PastAction } from "../../../src/guards/governor.ts";
import type { GuardRecord } from "../../../src/guards/guard.ts";
import { receiptOfRetry } from "../../../src/guards/pending.ts";
import { standingOf } from "../../../src/guards/phase.ts";
import { breachesIn, isOwnRollback } from "../../../src/pipeline/book.ts";
import type { Action, ActionOutcome, Decision } from "../../../src/entry.ts";
import type { Ms } from "../../../src/model.ts";
import { askOf, crashLoop, doubtful, MINUTE, pods, policyOf, rollout } from "./a-guard.ts";
import { type Deed, type Fate, namespaceOf, names } from "./cluster-deeds.ts";
import { effectOf } from "./cluster-effects.ts";
import {
  beginning,
  bookOf,
  breachingBeside,
  change,
  limitsIn,
  open,
  pastIn,
  placeOf,
  policies,
  revisionOf,
  stateIn,
  type Story,
  templateOf,
  wanted,
  workloadIn,
  write,
} from "./cluster-story.ts";

export function live(through: readonly Deed[], story = beginning()): Story {
  for (const one of through) happen(one, story);
  return story;
}

/** Long and quiet: people have let everything go on, nothing is wrong, and every answer comes. */
export function calmDown(story: Story): Story {
  story.state = "running";
  names.forEach((_, at) => change(story, at, { level: "calm" }));
  const quiet: Deed = {
    kind: "beat",
    passMs: MINUTE,
    seen: names.map(() => true),
    fates: Array.from({ length: 8 }, () => "answered" as const),
    caughtUp: true,
  };
  for (let minutes = 0; minutes < 90 && open(story).length > 0; minutes++) live([quiet], story);
  return story;
}

function happen(one: Deed, story: Story): void {
  if (one.kind === "beat") return beatOnce(one, story);
  if (one.kind === "state") {
    story.state = one.state;
    return;
  }
  const now = placeOf(story, one.at);
  switch (one.kind) {
    case "deploy":
      return change(story, one.at, wanted(now, now.templates + 1));
    case "undo":
      return change(story, one.at, now.paused ? {} : wanted(now, Math.max(1, now.template - 1 - one.back)));
    case "return":
      // Unwatched, another revision ran complete; then they want the one before it again.
      if (now.paused) return;
      change(story, one.at, { ...wanted(now, now.templates + 1), complete: true, completed: now.templates + 1 });
      return change(story, one.at, { ...wanted(placeOf(story, one.at), now.completed), level: "bad" });
    case "complete":
      return change(story, one.at, now.paused ? {} : { complete: true, completed: now.template });
    case "pause":
      // With our mark on it nobody could tell their pause from ours.
      return change(story, one.at, now.mark === undefined ? { paused: true } : {});
    case "resume":
      return change(story, one.at, { paused: false });
    case "freeze":
      return change(story, one.at, { freeze: one.value });
    case "thaw":
      return change(story, one.at, { freeze: undefined });
    case "look":
      return change(story, one.at, { looked: story.now });
    case "signals":
      return change(story, one.at, { level: one.level });
    case "cancel":
      return cancel(one.at, story);
    case "remedy":
      return remedy(one, story);
  }
}

function cancel(at: number, story: Story): void {
  for (const record of open(story).filter(({ rollout: of }) => of.workload.name === names[at])) {
    if (standingOf(record.entries).announced !== undefined) story.cancelled.set(record.name, story.effects.length);
    write(story, record.name, { kind: "commanded", command: { id: `c-${record.entries.length}`, kind: "cancel", by: "dana", reason: "" } });
  }
}

/** What a remediation asks of the governor, and does when it may. */
function remedy({ at, remedy: kind, ready, ends }: Extract<Deed, { kind: "remedy" }>, story: Story): void {
  const guard = `remedy-${story.remedies.length}`;
  const workload = workloadIn(placeOf(story, at), at);
  const forbidden = forbidsAction({
    guard,
    kind,
    workload,
    past: pastIn(story),
    breaches: breachesOf(story.records),
    limits: limitsIn(story),
    state: stateIn(story),
    now: story.now,
    ...(kind === "job" ? {} : { readyAfter: ready }),
  });
  if (ends) story.remedies = story.remedies.map((one) => ({ ...one, underWay: false }));
  if (forbidden !== undefined) return;
  const underWay = story.remedies.filter((one) => one.underWay).length;
  story.effects.push({
    action: guard,
    kind,
    at: story.now,
    place: at,
    guard,
    looked: placeOf(story, at).looked,
    underWay: ends ? 0 : underWay,
    ...(kind === "job" ? {} : { ready }),
  });
  story.remedies.push({ guard, kind, namespace: namespaceOf(at), workloadUid: `uid-${names[at]}`, at: story.now, underWay: true });
}

function beatOnce({ passMs, seen, fates, caughtUp }: Extract<Deed, { kind: "beat" }>, story: Story): void {
  story.now += passMs;
  story.places.forEach((now, at) => {
    if (seen[at] === true) story.sights[at] = now;
  });
  names.forEach((_, at) => openIfRollout(at, story));
  const claims = new Map<string, PastAction>();
  const decided = open(story).map((record) => decideOne(record, claims, caughtUp, story));
  decided.forEach(({ record, ask, decision }, nth) => carryOut(record, ask, decision, fates[nth % fates.length] ?? "answered", story));
}

function openIfRollout(at: number, story: Story): void {
  const sight = story.sights[at] ?? placeOf(story, at);
  const name = `${names[at]}.${sight.made}.${sight.revision}`;
  if (sight.complete || sight.made !== sight.template || story.records.some((record) => record.name === name)) return;
  const workload = workloadIn(sight, at);
  if (workload.current === undefined || sight.made === sight.completed) return;
  const of = {
    ...rollout,
    workload: workload.ref,
    new: workload.current,
    old: revisionOf(sight.completed, sight.completed),
    templateDigest: workload.templateDigest,
    startedAt: story.now,
  };
  if (isOwnRollback(bookOf(story), of)) return;
  const policy = policies[at % 2] ?? policyOf();
  const opened = { seq: 0, at: story.now, kind: "opened", because: [] } as const;
  story.records.push({
    name,
    namespace: workload.ref.namespace,
    openedAt: story.now,
    rollout: of,
    policy,
    entries: [opened],
    pods: [],
    baselines: {},
    audit: {},
    toldThrough: 0,
  });
}

function decideOne(record: GuardRecord, claims: Map<string, PastAction>, caughtUp: boolean, story: Story) {
  const at = names.findIndex((name) => name === record.rollout.workload.name);
  const sight = story.sights[at] ?? placeOf(story, at);
  const standing = standingOf(record.entries);
  const isDone = sight.complete && standing.completedAt === undefined && sight.template === templateOf(record.rollout.new.podTemplateHash);
  if (isDone && standing.rollback === undefined && standing.pending === undefined) write(story, record.name, { kind: "completed" });
  const written = story.records.find(({ name }) => name === record.name) ?? record;
  const evidence = { calm: 5, doubt: 120, bad: 2000, crash: 5 } as const;
  const ask = askOf(written, {
    workload: workloadIn(sight, at),
    pods: sight.complete ? pods(2, revisionOf(sight.template, sight.revision)) : [],
    judgement: { ...doubtful(evidence[sight.level]), quietBlocks: sight.level === "calm" ? 4 : 0, caughtUp },
    rules: sight.level === "crash" ? [crashLoop] : [],
    now: story.now,
    limits: limitsIn(story),
    state: stateIn(story),
    past: pastIn(story, claims),
    breaches: breachesIn(bookOf(story), claims),
  });
  const decision = decide(ask);
  if (decision.kind === "act") {
    const otherBreaches = breachingBeside(story, at, claims);
    story.orders.push({ action: decision.action, at: story.now, place: at, sight, state: story.state, record: written, otherBreaches });
    if (decision.action.kind === "rollback") claims.set(record.name, claimOf(written, decision.action, story.now));
  }
  return { record: written, ask, decision };
}

function claimOf(record: GuardRecord, action: Extract<Action, { kind: "rollback" }>, at: Ms): PastAction {
  return {
    guard: record.name,
    kind: "rollback",
    namespace: record.namespace,
    workloadUid: record.rollout.workload.uid,
    at,
    underWay: true,
    condemnedHash: record.rollout.new.podTemplateHash,
    targetHash: action.target.podTemplateHash,
  };
}

function carryOut(record: GuardRecord, ask: Ask, decision: Decision, fate: Fate, story: Story): void {
  const { name } = record;
  if (fate === "write lost") return;
  switch (decision.kind) {
    case "wait":
    case "note":
      return;
    case "hold":
      return write(story, name, { kind: "held", because: decision.because });
    case "withhold":
      return write(story, name, { kind: "withheld", action: decision.action, because: decision.because });
    case "announce":
      return write(story, name, { kind: "announced", action: decision.action, dueAt: decision.dueAt, because: decision.because });
    case "finish":
      return write(story, name, { kind: "finished", phase: decision.phase, because: decision.because, badServed: 0 });
    case "act":
      return act(record, ask, decision, fate, story);
  }
}

function act(record: GuardRecord, ask: Ask, { action, because }: Extract<Decision, { kind: "act" }>, fate: Fate, story: Story): void {
  const at = names.findIndex((name) => name === record.rollout.workload.name);
  const isAgain = ask.standing.pending?.action.id === action.id;
  if (!isAgain) write(story, record.name, { kind: "intended", action, because });
  const happens = fate === "answered" || fate === "answer lost" || fate === "crash after";
  const result = effectOf(placeOf(story, at), action);
  // Each action reads before it writes: what is there already cannot be forbidden.
  const isRefused = fate === "forbidden" && result.outcome !== "unchanged";
  if (happens && result.outcome === "applied") {
    note(story, action, record, at);
    change(story, at, result.over);
  }
  if (fate === "crash before" || fate === "crash after") {
    // A process that begins anew has listed the cluster before it decides.
    story.sights = [...story.places];
    return;
  }
  const outcome: ActionOutcome = fate === "failed" || fate === "answer lost" ? "failed" : isRefused ? "refused" : result.outcome;
  const reason = isRefused ? ({ code: "forbidden", detail: "rbac" } as const) : result.because;
  const answer = { action: action.id, kind: action.kind, outcome, at: story.now, detail: "" };
  const receipt = outcome === "refused" && reason !== undefined ? { ...answer, because: reason } : answer;
  write(story, record.name, { kind: "receipt", receipt: isAgain ? receiptOfRetry(receipt) : receipt });
}

function note(story: Story, action: Action, record: GuardRecord, place: number): void {
  const others = story.records.filter(({ name, entries }) => {
    const isBack = story.effects.some(({ guard, kind }) => guard === name && kind === "rollback");
    return name !== record.name && isBack && standingOf(entries).finished === undefined;
  });
  // One whose answer was lost is one action, however often crashes, and people who put back what it took, make it be carried out.
  const isAgain = ({ action: id, guard, kind }: Story["effects"][number]) =>
    id === action.id || (kind === "rollback" && action.kind === kind && guard === record.name);
  if (story.effects.some(isAgain)) return;
  story.effects.push({
    action: action.id,
    kind: action.kind,
    at: story.now,
    place,
    guard: record.name,
    looked: placeOf(story, place).looked,
    underWay: others.length,
    ...(action.kind === "rollback"
      ? { condemned: templateOf(record.rollout.new.podTemplateHash), target: templateOf(action.target.podTemplateHash) }
      : {}),
  });
}

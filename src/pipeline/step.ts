import type { Ask } from "../guards/ask.ts";
import { isComplete } from "../guards/complete.ts";
import { decide } from "../guards/decide.ts";
import { judgementOf, rulesOf } from "../guards/judgement.ts";
import { badServed } from "../guards/record.ts";
import { reportOf } from "../guards/report.ts";
import { type GuardRun, withPause, withPods, withWatch } from "../guards/run.ts";
import { overdueSilences } from "../guards/silence.ts";
import { receiptOfRetry } from "../guards/pending.ts";
import type { Action, Decision } from "../entry.ts";
import type { Ms, Workload } from "../model.ts";
import type { Reason } from "../reason.ts";
import { ruleOf } from "../guards/governor.ts";
import { pruneEnded } from "./prune.ts";
import { diagnoseGuard } from "./diagnose.ts";
import { breachesIn, actionsOf, isGuarded, passedHashes } from "./book.ts";
import type { Flow } from "./flow.ts";
import { isPausedMeanwhile } from "./pause.ts";
import { tellNews } from "./tell.ts";
import { persist, writeEntry } from "./write.ts";

/** One guard, one decision: re-read, decide, act, record, tell. Steps of one guard never overlap; the caller sees to that. */
export async function stepGuard(name: string, flow: Flow): Promise<void> {
  refreshPods(name, flow);
  const before = flow.book.open.get(name);
  if (before === undefined) return;
  const workload = workloadOf(before, flow);
  if (workload !== undefined && justCompleted(before, workload)) await writeEntry(name, { kind: "completed" }, flow);
  const now = flow.edges.now();
  const run = seenNow(name, workload, now, flow);
  if (run === undefined) return;
  const ask = askOf(run, workload, now, flow);
  const decision = decide(ask);
  countSilences(name, ask, flow);
  flow.edges.observe.decided(decision.kind);
  claim(run, decision, now, flow);
  if (["act", "announce", "withhold", "wait"].includes(decision.kind)) diagnoseGuard(name, decision.because, flow);
  await carryOut(name, decision, flow).finally(() => flow.claims.delete(name));
  const after = flow.book.open.get(name);
  if (after === undefined) return;
  tellNews(after.record, flow);
  if (after.standing.finished !== undefined) await close(after, flow);
}

/** Each silence once, whatever follows: one that the policy holds in silence leaves no other trace. */
function countSilences(name: string, ask: Ask, { book, edges }: Flow): void {
  const run = book.open.get(name);
  if (run === undefined || ask.standing.rollback !== undefined) return;
  const counted = new Set(run.countedSilences);
  for (const { signal, outcome, since, follows } of overdueSilences(ask)) {
    const key = `${signal}/${outcome}/${since}`;
    if (!counted.has(key)) edges.observe.silenced(outcome, follows);
    counted.add(key);
  }
  if (counted.size > (run.countedSilences?.size ?? 0)) book.open.set(name, { ...run, countedSilences: counted });
}

/** In the same turn as the decision: guards that step beside this one must see its rollback before it is written. */
function claim({ record }: GuardRun, decision: Decision, at: Ms, { claims }: Flow): void {
  if (decision.kind !== "act" || decision.action.kind !== "rollback") return;
  claims.set(record.name, {
    guard: record.name,
    kind: "rollback",
    namespace: record.namespace,
    workloadUid: record.rollout.workload.uid,
    at,
    underWay: true,
    condemnedHash: record.rollout.new.podTemplateHash,
    targetHash: decision.action.target.podTemplateHash,
  });
}

function seenNow(name: string, workload: Workload | undefined, now: Ms, { book }: Flow): GuardRun | undefined {
  const run = book.open.get(name);
  if (run === undefined || workload === undefined) return run;
  const seen = withWatch(withPause(run, workload.paused, now), now);
  book.open.set(name, seen);
  return seen;
}

async function carryOut(name: string, decision: Decision, flow: Flow): Promise<void> {
  switch (decision.kind) {
    case "wait":
      await persist(name, flow);
      return;
    case "act":
      return act(name, decision.action, decision.because, flow);
    case "announce":
      await writeEntry(name, { kind: "announced", action: decision.action, dueAt: decision.dueAt, because: decision.because }, flow);
      return;
    case "withhold":
      return withhold(name, decision, flow);
    case "hold":
      await writeEntry(name, { kind: "held", because: decision.because }, flow);
      return;
    case "note":
      await writeEntry(name, { kind: "noted", because: decision.because }, flow);
      return;
    case "finish": {
      const run = flow.book.open.get(name);
      if (run === undefined) return;
      const report = reportOf(run, decision.phase, flow.edges.now());
      const end = { kind: "finished", phase: decision.phase, because: decision.because, badServed: badServed(run) } as const;
      // What was ordered since this was decided is answered as taken: the next step obeys it.
      const orders = ordersOf(name, flow);
      await writeEntry(name, report === undefined ? end : { ...end, report }, flow, ({ commands }) => commands.length === orders);
      return;
    }
  }
}

/** Intent, then effect, then receipt. After a crash between them the intent is found pending and carried out again, which does no harm. */
async function act(name: string, action: Action, because: readonly Reason[], flow: Flow): Promise<void> {
  const { book, edges } = flow;
  if (!edges.leading(edges.now())) return;
  const orders = ordersOf(name, flow);
  if (await isPausedMeanwhile(flow)) return;
  const pending = book.open.get(name)?.standing.pending?.action.id === action.id;
  if (!pending && !(await writeEntry(name, { kind: "intended", action, because }, flow))) return;
  if (!edges.leading(edges.now())) return;
  // Ordered since this was decided: perhaps that it is not to be done. The next step knows.
  if (ordersOf(name, flow) !== orders) return;
  const answer = await edges.execute(action);
  const receipt = pending ? receiptOfRetry(answer) : answer;
  edges.observe.acted(receipt);
  edges.log.info({ guard: name, action: action.kind, outcome: receipt.outcome, detail: receipt.detail }, "action carried out");
  await writeEntry(name, { kind: "receipt", receipt }, flow);
}

function ordersOf(name: string, { book }: Flow): number {
  return book.open.get(name)?.standing.commands.length ?? 0;
}

async function withhold(name: string, { action, because }: Extract<Decision, { kind: "withhold" }>, flow: Flow): Promise<void> {
  const isWritten = await writeEntry(name, { kind: "withheld", action, because }, flow);
  // The last reason says why not; the others say what was wrong.
  const why = because.at(-1);
  if (isWritten && why !== undefined) flow.edges.observe.withheld(action, ruleOf(why));
}

async function close(run: GuardRun, flow: Flow): Promise<void> {
  const { book, edges } = flow;
  const { record, standing } = run;
  const { uid } = record.rollout.workload;
  book.open.delete(record.name);
  book.ended.set(record.name, record);
  flow.diagnosed.delete(record.name);
  edges.log.info({ guard: record.name, phase: standing.phase }, "guard ended");
  if (!isGuarded(book, uid)) await edges.cluster.unfollow(uid);
  await pruneEnded(uid, flow);
}

function workloadOf(run: GuardRun, { edges }: Flow): Workload | undefined {
  const { workload: ref } = run.record.rollout;
  const workload = edges.cluster.get(edges.cluster.keyOf(ref));
  return workload?.ref.uid === ref.uid ? workload : undefined;
}

function refreshPods(name: string, { book, edges, unsaved }: Flow): void {
  const run = book.open.get(name);
  if (run === undefined) return;
  const pods = edges.cluster.pods(run.record.rollout.workload.uid);
  if (pods === undefined || JSON.stringify(pods) === JSON.stringify(run.record.pods)) return;
  book.open.set(name, withPods(run, pods));
  unsaved.add(name);
}

function justCompleted({ standing, record }: GuardRun, workload: Workload): boolean {
  const same = workload.current?.podTemplateHash === record.rollout.new.podTemplateHash;
  const untouched = standing.rollback === undefined && standing.pending === undefined;
  return standing.completedAt === undefined && untouched && same && isComplete(workload);
}

function askOf(run: GuardRun, workload: Workload | undefined, now: Ms, { book, edges, settings, claims }: Flow): Ask {
  return {
    record: run.record,
    standing: run.standing,
    judgement: judgementOf(run, now),
    workload,
    pods: run.record.pods,
    rules: workload === undefined ? [] : rulesOf(run, workload, now, book.open.values()),
    now,
    limits: settings.limits,
    state: edges.governorState?.() ?? {},
    // Only a guard that would act asks.
    get past() {
      return actionsOf(book, claims);
    },
    get breaches() {
      return breachesIn(book, claims);
    },
    get passed() {
      return passedHashes(book, run.record.rollout.workload.uid);
    },
    verify: settings.verify,
    aftermath: run.aftermath,
  };
}

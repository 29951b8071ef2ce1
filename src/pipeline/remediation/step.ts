import type { Facts, RemedyAsk } from "../../guards/remediation/ask.ts";
import { conditionsOf, conditionVerdict } from "../../guards/remediation/conditions.ts";
import { decideRemedy, lastJob } from "../../guards/remediation/decide.ts";
import { owesSince } from "../../guards/remediation/end.ts";
import { ruleOf } from "../../guards/governor.ts";
import type { Workload } from "../../model.ts";
import type { RemediationEntryBody, RemedyDecision } from "../../remediation.ts";
import { actionsOf, breachesIn, isGuarded, passedHashes } from "../book.ts";
import type { Flow } from "../flow.ts";
import { isPausedMeanwhile } from "../pause.ts";
import { pruneEnded } from "../prune.ts";
import { lookFor } from "./look.ts";
import type { RemedyRun } from "./run.ts";
import { tellRemedyNews } from "./tell.ts";
import { persistRemediation, writeRemedyEntry } from "./write.ts";

/** One remediation, one decision: re-read, decide, act, record, tell. Steps of one never overlap; the caller sees to that. */
export async function stepRemediation(name: string, flow: Flow): Promise<void> {
  const { book, edges } = flow;
  const decision = await decideOn(name, flow);
  if (decision === undefined) return;
  edges.observe.decided(decision.kind);
  if (decision.kind === "withhold")
    for (const reason of decision.because.slice(-1)) edges.observe.withheld(decision.action, ruleOf(reason));
  await carryOut(name, decision, flow).finally(() => flow.claims.delete(name));
  const after = book.remediations.get(name);
  if (after === undefined) return;
  // A receipt that is not written yet may read otherwise after a crash: it is told when it is written.
  if (!flow.unsaved.has(name) || after.standing.finished !== undefined) tellRemedyNews(after.record, flow);
  if (after.standing.finished !== undefined) await close(after, flow);
}

/** Asks the cluster only for what the step that is up needs, and decides with what is known then. */
async function decideOn(name: string, flow: Flow): Promise<RemedyDecision | undefined> {
  const before = flow.book.remediations.get(name);
  if (before === undefined) return undefined;
  const workload = workloadOf(before, flow);
  const first = decideRemedy(askOf(before, workload, flow));
  if (first.kind !== "look") return claimed(before, first, flow);
  const facts = workload === undefined ? undefined : await lookFor(before, workload, flow);
  const run = flow.book.remediations.get(name);
  if (run === undefined || facts === undefined) return undefined;
  const looked = { at: run.looked?.facts === facts ? run.looked.at : flow.edges.now(), facts };
  flow.book.remediations.set(name, { ...run, looked });
  return claimed(run, decideRemedy(askOf(run, workloadOf(run, flow), flow, facts)), flow);
}

/** In the same turn as the decision: guards that step beside this one must see its action before it is written. */
function claimed({ record }: RemedyRun, decision: RemedyDecision, { claims, edges }: Flow): RemedyDecision {
  if (decision.kind !== "act") return decision;
  const { action } = decision;
  if (action.kind === "scale" && action.purpose === "restore") return decision;
  claims.set(record.name, {
    guard: record.name,
    kind: action.kind,
    namespace: record.namespace,
    workloadUid: record.workload.uid,
    at: edges.now(),
    underWay: true,
    action: action.id,
    ...(action.kind === "rollback" ? { condemnedHash: action.judged.podTemplateHash, targetHash: action.target.podTemplateHash } : {}),
  });
  return decision;
}

async function carryOut(name: string, decision: RemedyDecision, flow: Flow): Promise<void> {
  if (decision.kind === "wait" || decision.kind === "look") await persistRemediation(name, flow);
  else if (decision.kind === "act") await act(name, decision, flow);
  else await writeRemedyEntry(name, entryOf(decision), flow);
}

function entryOf(decision: Exclude<RemedyDecision, { kind: "wait" | "look" | "act" }>): RemediationEntryBody {
  switch (decision.kind) {
    case "withhold":
      return { kind: "withheld", step: decision.step, action: decision.action, because: decision.because };
    case "hold":
      return { kind: "held", because: decision.because };
    case "note":
      return { kind: "noted", ...(decision.step === undefined ? {} : { step: decision.step }), because: decision.because };
    case "escalate":
      return { kind: "escalated", step: decision.step, because: decision.because };
    case "finish":
      return { kind: "finished", phase: decision.phase, because: decision.because };
  }
}

type Act = Extract<RemedyDecision, { kind: "act" }>;

/** Intent, then effect, then receipt. After a crash between them the intent is found pending and carried out again, which does no harm. */
async function act(name: string, { step, action, because }: Act, flow: Flow): Promise<void> {
  const { book, edges } = flow;
  if (!edges.leading(edges.now())) return;
  const orders = ordersOf(name, flow);
  if (await isPausedMeanwhile(flow)) return;
  const pending = book.remediations.get(name)?.standing.pending?.action.id === action.id;
  if (!pending && !(await writeRemedyEntry(name, { kind: "intended", step, action, because }, flow))) return;
  if (!edges.leading(edges.now())) return;
  // Ordered since this was decided: perhaps that it is not to be done. The next step knows.
  if (ordersOf(name, flow) !== orders) return;
  const receipt = await edges.remedy(action);
  edges.observe.acted(receipt);
  edges.log.info({ guard: name, action: action.kind, outcome: receipt.outcome, detail: receipt.detail }, "action carried out");
  await writeRemedyEntry(name, { kind: "receipt", receipt }, flow);
}

function ordersOf(name: string, { book }: Flow): number {
  return book.remediations.get(name)?.standing.commands.length ?? 0;
}

async function close({ record, standing }: RemedyRun, flow: Flow): Promise<void> {
  const { book, edges } = flow;
  const { uid } = record.workload;
  book.remediations.delete(record.name);
  book.endedRemediations.set(record.name, record);
  edges.log.info({ guard: record.name, phase: standing.phase }, "guard ended");
  if (!isGuarded(book, uid)) await edges.cluster.unfollow(uid);
  await pruneEnded(uid, flow);
}

function workloadOf({ record }: RemedyRun, { edges }: Flow): Workload | undefined {
  const workload = edges.cluster.get(edges.cluster.keyOf(record.workload));
  return workload?.ref.uid === record.workload.uid ? workload : undefined;
}

function askOf(run: RemedyRun, workload: Workload | undefined, { book, edges, settings, claims }: Flow, facts?: Facts): RemedyAsk {
  const { record, standing } = run;
  const now = edges.now();
  const { uid } = record.workload;
  const { blockMs } = settings.pace;
  const conditions = Object.entries(conditionsOf(record.policy)).flatMap(([name, condition]) => {
    const state = run.conditions[name];
    return state === undefined ? [] : [conditionVerdict(name, condition, state, now, blockMs)];
  });
  const rollout = [...book.open.values()].find(
    (other) => other.record.rollout.workload.uid === uid && other.record.policy.spec.mode === "enforce",
  );
  const since = owesSince(run) ?? Infinity;
  const further = [...book.remediations.values()].find(
    (other) => other.record.workload.uid === uid && other.record.name !== record.name && (owesSince(other) ?? -Infinity) > since,
  );
  return {
    record,
    standing,
    workload,
    pods: edges.cluster.pods(uid),
    conditions,
    now,
    limits: settings.limits,
    state: edges.governorState?.() ?? {},
    // Of all guards, so only for the few that come as far as an action.
    get past() {
      return actionsOf(book, claims);
    },
    get breaches() {
      return breachesIn(book, claims);
    },
    get passed() {
      return passedHashes(book, uid);
    },
    ...(further === undefined ? {} : { scaledSince: further.record.name }),
    ...(rollout === undefined ? {} : { rolloutGuard: rollout.record.name }),
    ...(facts === undefined ? {} : { facts }),
    ...(run.job === undefined || run.job.action !== lastJob(standing)?.id ? {} : { job: run.job.finding }),
  };
}

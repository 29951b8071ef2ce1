import { sentence } from "../errors.ts";
import { stopsEverything } from "../guards/governor-stops.ts";
import { isTooLateForJob, jobDue, jobName, overdueJob, type SmokeTest, withJob } from "../guards/job.ts";
import { heardOf, judge } from "../guards/run.ts";
import type { JobMemory } from "../judging/job.ts";
import type { JobFinding } from "../model.ts";
import type { JobSignal } from "../policies/job-signal.ts";
import type { Beside, DueWork } from "./beside.ts";
import type { Flow } from "./flow.ts";
import { nobodyAnswers } from "./nobody-answers.ts";
import { persist } from "./write.ts";

/** Starts every smoke test that is due and looks at those that run. */
export function workJobs(flow: Flow, beside: Beside, step: (guard: string) => Promise<void>): void {
  const { book, edges, settings } = flow;
  const now = edges.now();
  const isStopped = stopsEverything({ limits: settings.limits, state: edges.governorState?.() ?? {}, now }) !== undefined;
  const due: DueWork[] = [];
  for (const [guard, run] of book.open) {
    for (const [name, signal] of Object.entries(run.signals)) {
      if (signal.kind !== "job" || !jobDue(run, name, signal, isStopped, now)) continue;
      const work = () =>
        workOn(guard, name, signal, flow)
          .then((moved) => (moved ? step(guard) : undefined))
          .catch((error: unknown) => edges.log.error({ guard, signal: name, error: sentence(error) }, "smoke test failed"));
      due.push({ key: `${guard}/${name}`, since: heardOf(run, name)?.lastAt ?? 0, work });
    }
  }
  beside.begin(due);
}

/**
 * Written before it is done: that a Job is to be created, so that one which then is not there is known to be still owed, and one which is
 * there to be ours. Its name is the same at each try, so two creations are a conflict, not two tests.
 */
async function workOn(guard: string, name: string, signal: JobSignal, flow: Flow): Promise<boolean> {
  const { book, edges } = flow;
  const before = book.open.get(guard);
  if (before === undefined) return false;
  const memory = before.record.jobs?.[name] ?? { startedAt: edges.now() };
  if (before.record.jobs?.[name] === undefined) remember(guard, name, memory, flow);
  if (!(await persist(guard, flow)) || !edges.leading(edges.now())) return false;
  const { rollout } = before.record;
  const ask: SmokeTest = {
    guard,
    signal: name,
    name: jobName(guard, name, Object.keys(before.signals)),
    workload: rollout.workload,
    revision: rollout.new,
    pod: signal.pod,
    timeoutMs: signal.timeoutMs,
  };
  const finding = memory.job === undefined ? await create(ask, memory, flow) : await edges.jobs.look(ask, memory.job.uid);
  const nobody = finding.outcome === "failed" ? nobodyAnswers(guard, flow) : undefined;
  return conclude(ask, signal, nobody === undefined ? finding : { ...nobody, final: true }, flow);
}

async function create(ask: SmokeTest, memory: JobMemory, flow: Flow): Promise<JobFinding> {
  const { edges } = flow;
  // One that ran meanwhile may be over and cleared away: it is not run twice.
  if (isTooLateForJob(memory, ask, edges.now())) return { outcome: "error", detail: "nobody knows what came of its Job", final: true };
  const created = await edges.jobs.create(ask);
  if ("problem" in created) return { outcome: "error", detail: created.problem, final: created.final };
  remember(ask.guard, ask.signal, { ...memory, job: { uid: created.uid, createdAt: edges.now() } }, flow);
  await persist(ask.guard, flow);
  edges.log.info({ guard: ask.guard, signal: ask.signal, job: ask.name }, "smoke test started");
  return { outcome: "running" };
}

/** Judges what was found; what is final is written down before the guard decides by it. True when it is. */
async function conclude({ guard, signal: name }: SmokeTest, signal: JobSignal, finding: JobFinding, flow: Flow): Promise<boolean> {
  const { book, edges } = flow;
  const run = book.open.get(guard);
  const memory = run?.record.jobs?.[name];
  if (run === undefined || memory === undefined) return false;
  const now = edges.now();
  const isOpen = finding.outcome === "running" || (finding.outcome === "error" && !finding.final);
  const overdue = isOpen ? overdueJob(run, memory, signal, now) : undefined;
  const words = finding.outcome === "error" ? `${overdue}: ${finding.detail}` : (overdue ?? "");
  const last: JobFinding = overdue === undefined ? finding : { outcome: "error", detail: words, final: true };
  const judged = judge(run, name, { kind: "job", at: now, finding: last });
  book.open.set(guard, judged);
  const outcome = heardOf(judged, name)?.outcome ?? null;
  if (outcome !== null) edges.observe.sampled(outcome, "job");
  const rule = judged.rules[name];
  const end = rule?.kind === "job" ? rule.state.end : null;
  if (end === null) return false;
  remember(guard, name, { ...memory, finding: end }, flow);
  await persist(guard, flow);
  return true;
}

function remember(guard: string, name: string, memory: JobMemory, { book, unsaved }: Flow): void {
  const run = book.open.get(guard);
  if (run === undefined) return;
  book.open.set(guard, withJob(run, name, memory));
  unsaved.add(guard);
}

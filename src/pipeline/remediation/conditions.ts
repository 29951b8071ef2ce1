import { sentence } from "../../errors.ts";
import { askedFrom, conditionsOf, type ConditionState, foldCondition, isCertificateDue } from "../../guards/remediation/conditions.ts";
import { lastJob } from "../../guards/remediation/decide.ts";
import { blockEnds } from "../../judging/blocks.ts";
import type { Measurement, Ms } from "../../model.ts";
import { fillUrl } from "../../policies/probe-url.ts";
import type { Condition } from "../../policies/remediation-conditions.ts";
import { fillTemplate } from "../../policies/template.ts";
import type { Beside, DueWork } from "../beside.ts";
import type { Flow } from "../flow.ts";
import { podNames } from "./look.ts";
import type { RemedyRun } from "./run.ts";

interface Due {
  readonly name: string;
  readonly condition: Condition;
  readonly instants: readonly Ms[];
}

/** Asks what the conditions of every open remediation need, beside the beats. One that was answered takes a step. */
export function askConditions(flow: Flow, beside: Beside, step: (guard: string) => Promise<void>): void {
  const now = flow.edges.now();
  const due: DueWork[] = [];
  for (const [guard, run] of flow.book.remediations) {
    const wanted = dueOf(run, now, flow);
    const job = lastJob(run.standing);
    const isOpen = job !== undefined && run.standing.jobs[job.id] === undefined;
    if (wanted.length === 0 && !isOpen) continue;
    const work = () =>
      Promise.all([...wanted.map((one) => askOne(guard, one, flow)), ...(isOpen ? [lookAtJob(guard, job, flow)] : [])])
        .then(() => step(guard))
        .catch((error: unknown) => flow.edges.log.error({ guard, error: sentence(error) }, "conditions could not be asked"));
    due.push({ key: guard, since: run.record.openedAt, work });
  }
  beside.begin(due);
}

function dueOf(run: RemedyRun, now: Ms, { settings }: Flow): readonly Due[] {
  const { blockMs } = settings.pace;
  return Object.entries(conditionsOf(run.record.policy)).flatMap(([name, condition]): Due[] => {
    const state = run.conditions[name];
    if (state === undefined) return [];
    if (state.kind === "certificate") return isCertificateDue(state, now) ? [{ name, condition, instants: [now] }] : [];
    // Scrapes arrive late: what has just ended is asked for a little later.
    const instants = blockEnds(Math.max(state.through ?? 0, askedFrom(condition, now, blockMs)), now - settings.settleMs, blockMs);
    const isRested = state.failedAt === null || now - state.failedAt >= blockMs;
    return instants.length > 0 && isRested ? [{ name, condition, instants }] : [];
  });
}

async function lookAtJob(guard: string, job: Parameters<Flow["edges"]["jobs"]["lookAtRemedy"]>[0], { book, edges }: Flow): Promise<void> {
  const finding = await edges.jobs.lookAtRemedy(job);
  const run = book.remediations.get(guard);
  if (run !== undefined) book.remediations.set(guard, { ...run, job: { action: job.id, finding } });
}

async function askOne(guard: string, due: Due, flow: Flow): Promise<void> {
  const { book } = flow;
  const run = book.remediations.get(guard);
  if (run === undefined) return;
  for (const measurement of await measure(run, due, flow)) {
    const now = book.remediations.get(guard);
    const state: ConditionState | undefined = now?.conditions[due.name];
    if (now === undefined || state === undefined) return;
    book.remediations.set(guard, { ...now, conditions: { ...now.conditions, [due.name]: foldCondition(state, measurement) } });
    if (measurement.kind === "error") return;
  }
}

async function measure({ record }: RemedyRun, { name, condition, instants }: Due, { edges }: Flow): Promise<readonly Measurement[]> {
  const { workload } = record;
  if (condition.kind === "certificate") {
    const finding = await edges.probe({
      url: fillUrl(condition.url, workload),
      expect: { statuses: [], withinMs: 5_000, certificateDays: condition.days },
      ...(condition.caFile === undefined ? {} : { caFile: condition.caFile }),
    });
    return [{ kind: "probe", at: edges.now(), finding }];
  }
  const pods = podNames(edges.cluster.pods(workload.uid));
  const promql = fillTemplate(condition.query, { namespace: workload.namespace, name: workload.name, pods });
  const id = `${record.name}/${name}`;
  const answers = await edges.sample([{ id, namespace: workload.namespace, prefixes: [], query: { kind: "promql", promql } }], instants);
  return answers.get(id) ?? [];
}

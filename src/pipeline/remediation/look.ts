import { diagnosisReasons } from "../../guards/diagnosis.ts";
import type { Facts } from "../../guards/remediation/ask.ts";
import { currentStep } from "../../guards/remediation/step.ts";
import type { Workload } from "../../model.ts";
import { fillTemplate } from "../../policies/template.ts";
import { oldRevision } from "../../watchers/rollout.ts";
import { allRecords } from "../book.ts";
import type { Flow } from "../flow.ts";
import type { RemedyRun } from "./run.ts";

/** An answer is good for so long: a step that waits must not ask at every beat. */
const FRESH_MS = 5_000;
/** Pods that are not listed by then are told of. */
const LISTING_MS = 10_000;

/** Asks the cluster what deciding the step that is up needs. Never rejects: what cannot be known is said. */
export async function lookFor(run: RemedyRun, workload: Workload, flow: Flow): Promise<Facts | undefined> {
  const { edges } = flow;
  const { looked, standing } = run;
  const step = currentStep(run);
  if (step === undefined) return undefined;
  const at = standing.step;
  if (looked !== undefined && looked.facts.step === at && edges.now() - looked.at < FRESH_MS) return looked.facts;
  const areListed = edges.cluster.pods(workload.ref.uid) !== undefined;
  if (step.kind === "restart" && !areListed && edges.now() - standing.stepSince < LISTING_MS) return undefined;
  switch (step.kind) {
    case "scale":
      return { step: at, kind: "scale", scaling: await edges.scaling(workload.ref) };
    case "restart":
      return {
        step: at,
        kind: "restart",
        ...(step.worst === undefined ? {} : { values: await valuesOf(step.worst, run, workload, flow) }),
      };
    case "rollback":
      return { step: at, kind: "rollback", ...(await historyOf(workload, flow)) };
    case "job":
      return { step: at, kind: "job" };
    case "diagnose":
      return { step: at, kind: "diagnose", because: diagnosisReasons(await edges.diagnose(workload.ref)) };
    case "notify":
      return undefined;
  }
}

/** The newest value of each pod that the query names. */
async function valuesOf(query: string, run: RemedyRun, workload: Workload, { edges }: Flow) {
  const { namespace, name } = workload.ref;
  const promql = fillTemplate(query, { namespace, name, pods: podNames(edges.cluster.pods(workload.ref.uid)) });
  const id = `${run.record.name}/worst`;
  const answers = await edges.sample([{ id, namespace, prefixes: [], query: { kind: "promql", promql } }], [edges.now()]);
  const [answer] = answers.get(id) ?? [];
  if (answer?.kind === "values") {
    const named = answer.values.flatMap(({ labels, value }) => (labels["pod"] === undefined ? [] : [[labels["pod"], value] as const]));
    return named.length > 0 ? new Map(named) : { problem: "the query of worst answers without a label pod" };
  }
  const why = answer?.kind === "error" || answer?.kind === "no-data" ? answer.because : "nothing was answered";
  return { problem: `which pods are the worst is not known: ${why}` };
}

export function podNames(pods: ReturnType<Flow["edges"]["cluster"]["pods"]>): readonly string[] {
  return (pods ?? []).filter((pod) => pod.gone === undefined).map((pod) => pod.name);
}

/** When the running revision began its rollout: what a guard of it says; else when it was made, which is no later. */
async function historyOf(workload: Workload, { book, edges }: Flow) {
  const { current } = workload;
  if (current === undefined) return {};
  const guard = allRecords(book)
    .filter(({ rollout }) => rollout.workload.uid === workload.ref.uid && rollout.new.podTemplateHash === current.podTemplateHash)
    .toSorted((one, other) => other.openedAt - one.openedAt)[0];
  const startedAt = guard?.rollout.startedAt ?? current.created;
  const fromGuard = guard?.rollout.old?.podTemplateHash;
  if (fromGuard !== undefined) return { startedAt, before: fromGuard };
  try {
    const { lastCompleted } = await edges.cluster.context(workload);
    const before = lastCompleted === undefined ? undefined : oldRevision(workload, lastCompleted)?.podTemplateHash;
    return { startedAt, ...(before === undefined ? {} : { before }) };
  } catch {
    return { startedAt };
  }
}

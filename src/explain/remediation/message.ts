import type { Message, Phase } from "../../entry.ts";
import type { RemediationRecord } from "../../guards/remediation/record.ts";
import type { Reason } from "../../reason.ts";
import type { RemediationEntry } from "../../remediation.ts";
import { kubectlTarget } from "../commands.ts";
import { compose } from "../compose.ts";
import { governorStep } from "../governor.ts";
import { incidentStep } from "../incident.ts";
import { ownerNames } from "../names.ts";
import { duration, timeOfDay } from "../numbers.ts";
import type { Told } from "../told.ts";
import { tellRemediation } from "./told.ts";

/** The message for people about one entry of a remediation, or undefined when it is nobody's news. */
export function remediationMessageOf(
  record: RemediationRecord,
  entry: RemediationEntry,
  phase: Phase,
  cluster: string,
  externalUrl?: string,
): Message | undefined {
  const told = tellRemediation(record, entry);
  if (told === undefined) return undefined;
  const { name, workload, openedAt } = record;
  const after = duration(Math.max(0, entry.at - openedAt));
  return compose({
    guard: { name, workload, openedAt },
    entry,
    told,
    heads: headsOf(told),
    when: `At ${timeOfDay(entry.at)}, ${after} after guard ${name} opened at ${timeOfDay(openedAt)}.`,
    next: [nextStep(record, told), incidentStep(record, entry)],
    phase,
    cluster,
    externalUrl,
  });
}

/** What is wrong, and what the entry says of it: the first reason and the last. */
function headsOf({ because }: Told): Told["because"] {
  return because.length > 1 ? [...because.slice(0, 1), ...because.slice(-1)] : because;
}

/** What a person can do now, with the exact command; empty when there is nothing to do. */
function nextStep(record: RemediationRecord, { kind, severity, because }: Told): string {
  const { workload } = record;
  if (kind === "opened" || kind === "remediated" || severity === "info") return "";
  const target = kubectlTarget(workload);
  if (kind === "rolled-back") {
    const plan = because.find(({ code }) => code === "plan-rollback");
    const revision = plan?.code === "plan-rollback" ? ` --revision=${plan.from}` : "";
    return `See what was in the bad revision: kubectl rollout history ${target}${revision}`;
  }
  const step = because.map((reason) => stepFor(record, reason, target)).find((found) => found !== undefined);
  return step ?? `Look at it: kubectl describe ${target}`;
}

function stepFor({ workload }: RemediationRecord, reason: Reason, target: string): string | undefined {
  if (reason.code === "governor") return governorStep({ workload }, reason);
  if (reason.code === "observe-mode") return "If that would have been right, set mode: enforce in the policy.";
  if (reason.code === "scale-limit") return scaleStep(reason, target, workload.namespace);
  if (reason.code === "owned") return `Change it where it is defined, in ${ownerNames[reason.owner]} ${reason.name}.`;
  if (reason.code === "paused-by-other") return `Ask who paused it, then: kubectl rollout resume ${target}`;
  if (reason.code === "forbidden")
    return "Give Rearguard's account the role it lacks: deploy/rbac/remediate.yaml to scale and restart, jobs.yaml for Jobs, enforce.yaml to roll back.";
  if (reason.code === "nothing-to-undo" || reason.code === "revision-too-old")
    return `See its revisions: kubectl rollout history ${target}`;
  return undefined;
}

function scaleStep({ by, name }: Extract<Reason, { code: "scale-limit" }>, target: string, namespace: string): string {
  if (by === "hpa") return `Raise its maximum if more pods would help: kubectl edit hpa ${name} -n ${namespace}`;
  if (by === "keda") return `Raise its maximum if more pods would help: kubectl edit scaledobject ${name} -n ${namespace}`;
  return `Raise most in the policy if more pods would help, or by hand: kubectl scale ${target} --replicas=N`;
}

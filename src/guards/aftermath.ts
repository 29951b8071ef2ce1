import type { Ms, PodState, Revision, Workload } from "../model.ts";
import type { Reason } from "../reason.ts";
import type { Aftermath, Tried } from "../reason/verification.ts";
import { isComplete } from "./complete.ts";
import { isThere } from "./drain.ts";
import type { GuardRecord } from "./guard.ts";
import type { Standing } from "./phase.ts";
import type { GuardRun } from "./run.ts";

/** How often it is looked around a workload whose template is back, until the guard ends. */
const EVERY_MS: Ms = 5_000;
/** What was seen before that proves nothing of now. */
const STALE_MS: Ms = 20_000;

/** Reasons that all is as it should be, or what is missing: in words, and measured. */
export type Verified = { readonly reasons: readonly Reason[] } | { readonly missing: string; readonly because: readonly Reason[] };

/** The restored template is fully rolled out, and it is time to look (again) whether Services reach its pods. */
export function aftermathDue({ standing, aftermath }: GuardRun, workload: Workload, now: Ms): boolean {
  const { rollback, finished } = standing;
  if (rollback === undefined || finished !== undefined) return false;
  const isBack = workload.current?.podTemplateHash === rollback.target.podTemplateHash && isComplete(workload);
  // A look that seems to lie ahead is from before the clock was set back.
  return isBack && (aftermath === undefined || Math.abs(now - aftermath.at) >= EVERY_MS);
}

export function withAftermath(run: GuardRun, aftermath: Aftermath): GuardRun {
  return { ...run, aftermath };
}

/** Every Service that selects the workload reaches restored pods, and nothing is left of the condemned revision. */
export function verifyAftermath(aftermath: Aftermath | undefined, restored: readonly PodState[], now: Ms): Verified {
  if (aftermath === undefined || Math.abs(now - aftermath.at) > STALE_MS) return missing("its Services were not looked at yet");
  if (aftermath.kind === "unseen") {
    if (!aftermath.forbidden) return missing(`whether its Services reach it could not be seen (${aftermath.because})`);
    return { reasons: [{ code: "limitation", detail: `whether its Services reach it was not looked at: ${aftermath.because}` }] };
  }
  const { services, condemned } = aftermath;
  const ready = restored.filter((pod) => pod.ready && isThere(pod, now)).length;
  const unreached = services.filter((service) => service.ready === 0);
  if (unreached.length > 0) {
    return {
      missing: "not every Service reaches it",
      because: unreached.map(({ name, fits }) => ({ code: "endpoints-missing", service: name, fits, pods: ready })),
    };
  }
  if ((condemned ?? 0) > 0) return missing(`the bad revision is still to have ${condemned} pods`);
  return { reasons: services.length === 0 ? [] : [{ code: "endpoints-ready", services, pods: ready }] };
}

/** That the revisions are in the order that the rollback left, or who came between; nothing of it keeps a guard from ending well. */
export function historyReason({ rollout }: GuardRecord, standing: Standing, workload: Workload, target: Revision): Reason {
  const is = workload.current?.number ?? target.number;
  const known = [rollout.new.podTemplateHash, target.podTemplateHash];
  const between = workload.revisions.filter((each) => each.number > rollout.new.number && !known.includes(each.podTemplateHash));
  const wrote = standing.attempted?.cause;
  const cause = workload.annotations["kubernetes.io/change-cause"] ?? "";
  return {
    code: "history",
    was: target.number,
    is,
    between: between.map(({ number }) => number),
    ...(wrote === undefined || cause === wrote ? {} : { cause }),
  };
}

/** What was done, in its order, with what came of it: for whoever has to go on from there. */
export function triedReason({ entries }: GuardRecord): readonly Reason[] {
  const actions = entries.flatMap((entry): readonly Tried[] => {
    if (entry.kind !== "receipt") return [];
    const { kind, outcome, at, action } = entry.receipt;
    const intended = entries.find((each) => each.kind === "intended" && each.action.id === action);
    const target = intended?.kind === "intended" && intended.action.kind === "rollback" ? intended.action.target.number : undefined;
    return [{ kind, outcome, at, ...(target === undefined ? {} : { to: target }) }];
  });
  return actions.length === 0 ? [] : [{ code: "tried", actions }];
}

function missing(words: string): Verified {
  return { missing: words, because: [] };
}

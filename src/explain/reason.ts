import { POD_MINUTES } from "../judging/unit.ts";
import type { SufferingPeer } from "../model.ts";
import type { Reason } from "../reason.ts";
import { alertHeadline, alertSentence } from "./alert.ts";
import { effectSentence } from "./effect.ts";
import { evidenceSentence, limitBasis, measured } from "./evidence.ts";
import { jobHeadline, jobSentence } from "./job.ts";
import { orderSentence } from "./order.ts";
import { diagnosisHeadline, diagnosisSentence } from "./diagnosis.ts";
import { certificateSentence, probeHeadline, probeSentence } from "./probe.ts";
import { isOfRule, noBound, ruleSentence } from "./rule.ts";
import { feasibilitySentence } from "./feasibility.ts";
import { ownerNames, someOf, troubleWords } from "./names.ts";
import { count, counted, duration, evidenceOf, percent, plain } from "./numbers.ts";
import { presetSentence } from "./preset.ts";
import { isOfRemedy, remedyHeadline, remedySentence } from "./remedy.ts";
import { noLimitSentence, resourcesHeadline, resourcesSentence, seenBrieflySentence } from "./resources.ts";
import { newPatternSentence, quotesOf, withoutPodSentence } from "./quotes.ts";
import { verificationSentence } from "./verification.ts";
import { shareOf } from "./share.ts";

type Of<Code extends Reason["code"]> = Extract<Reason, { code: Code }>;

/** One reason as a plain English clause with its numbers, without a full stop. The only place where reasons become words. */
export function explainReason(reason: Reason): string {
  if (isOfRemedy(reason)) return remedySentence(reason);
  switch (reason.code) {
    case "evidence":
      return `${evidenceSentence(reason)}${quotesOf(reason)}`;
    case "new-pattern":
      return newPatternSentence(reason);
    case "lines-without-pod":
      return withoutPodSentence(reason);
    case "pods":
      return podsSentence(reason);
    case "threshold":
    case "failures":
    case "rate":
    case "burn-rate":
      return `${ruleSentence(reason)}; ${noBound}`;
    case "resources":
      return `${resourcesSentence(reason)}; ${noBound}`;
    case "no-limit":
      return noLimitSentence(reason);
    case "seen-briefly":
      return seenBrieflySentence(reason);
    case "probe":
      return probeSentence(reason);
    case "job":
      return jobSentence(reason);
    case "alert":
      return alertSentence(reason);
    case "ordered":
      return orderSentence(reason);
    case "endpoints-ready":
    case "endpoints-missing":
    case "history":
    case "still-bad":
    case "tried":
      return verificationSentence(reason);
    case "diagnosis":
      return diagnosisSentence(reason);
    case "cancelled":
      return `${reason.by} cancelled it${reason.reason === "" ? "" : `: ${reason.reason}`}`;
    case "called-off":
      return `the trouble was over when it was due, ${duration(reason.afterMs)} after it was announced`;
    case "certificate":
      return certificateSentence(reason);
    case "at-maximum":
    case "disruption-budget":
      return effectSentence(reason);
    case "rule-blind":
      return reason.overMs === null
        ? `${reason.signal}: only ${count(reason.seen)} of the ${counted(reason.needed, "sample")} that its rule looks at were answered`
        : `${reason.signal}: at most ${counted(reason.seen, "request")} came within ${duration(reason.overMs)}, its rule needs ${count(reason.needed)}`;
    case "suspect-pod":
      if (reason.seenBy !== undefined) {
        return `${reason.signal}: nearly all failed calls are those of one caller, pod ${reason.pod} (${percent(reason.badRatio)} failed; ${percent(reason.withoutIt)} of the others'), so suspect that caller before the revision`;
      }
      return `${reason.signal}: nearly all the trouble comes from one pod, ${reason.pod} on node ${reason.node} (${shareOf(reason.badRatio, reason.unit)}${reason.unit === undefined ? " bad" : ""}; ${shareOf(reason.withoutIt, reason.unit)} without it), so suspect the node before the revision`;
    case "suspect-node":
      return suspectNodeSentence(reason);
    case "shared-degradation":
      return `${reason.signal}: old and new pods are bad alike (new ${shareOf(reason.newRatio, reason.unit)}, old ${shareOf(reason.oldRatio, reason.unit)}, limit ${shareOf(reason.limit, reason.unit)}) for ${counted(reason.blocks, "block")}, so the cause is shared and a rollback would not help`;
    case "environment":
      return `${reason.signal}: ${count(reason.suffering.length)} of ${counted(reason.of, "other workload")}, none of them rolling out, went over their own limits in the same ${counted(reason.blocks, "block")} (${someOf(reason.suffering.map(peer))}), so suspect the environment before the revision`;
    case "peers-well":
      return `${reason.signal}: no old pods are left to compare with; ${othersFared(reason)}`;
    case "peers-unknown":
      return `${reason.signal}: no old pods are left to compare with, and how other workloads fared could not be asked (${reason.detail})`;
    case "no-usable-data":
      return `${reason.signal}: ${unusable(reason)} for ${duration(reason.forMs)} (${reason.detail})${reason.extends ? "; the window will end later by as long as this lasts, at most by its own length" : ""}`;
    case "window-extended":
      return `${reason.signal} can be judged again; for ${duration(reason.silentMs)} ${unusable(reason)}, so the window ends ${duration(reason.byMs)} later`;
    case "not-enough-requests":
      return notEnoughSentence(reason);
    case "within-limits":
      return `${measured(reason)} is ${allowedBy(reason)} (${withinCounts(reason)}; evidence against it ${evidenceOf(reason.evidence)})`;
    case "passed-early":
      return `${reason.signal} passed early, ${duration(reason.afterMs)} after the rollout: at most ${count(reason.bad)} of ${counted(reason.total, "request")} bad, evidence ${evidenceOf(reason.evidence)} of ${evidenceOf(reason.needed)} needed that it is below its limit of ${percent(reason.limit)}`;
    case "baseline-above-limit":
      return `${reason.signal}: the old revision was already above the limit (${shareOf(reason.baselineRatio, reason.unit)} before the rollout, limit ${shareOf(reason.limit, reason.unit)}), so ${insteadOf(reason)}`;
    case "evidence-faded":
      return `${reason.signal}: the evidence faded to ${evidenceOf(reason.evidence)} over ${counted(reason.blocks, "block")} with requests`;
    case "preset":
      return presetSentence(reason);
    case "superseded":
      return `a newer revision arrived: ${reason.by}`;
    case "workload-deleted":
      return "the workload was deleted";
    case "observe-mode":
      return "the policy only observes (mode: observe)";
    case "policy-only-notifies":
      return `the policy only notifies on ${reason.signal}`;
    case "owned":
      return `it belongs to ${ownerNames[reason.owner]} ${reason.name} (${reason.mark}), which would undo our change`;
    case "nothing-to-undo":
      return nothingToUndoWords[reason.why];
    case "paused-by-other":
      return "somebody else has paused the rollout, and their pause is left alone";
    case "marked-unsafe":
      return `a rollback is marked unsafe by the annotation ${reason.annotation}`;
    case "governor":
      return `held back by the safety rule "${reason.rule}": ${reason.detail}`;
    case "forbidden":
      return `the API server refused the change: ${reason.detail}`;
    case "conflict":
      return `somebody changed the workload meanwhile: ${reason.detail}`;
    case "recovered":
      return `${reason.signal} recovered: ${shareOf(reason.badRatio, reason.unit)}, limit ${shareOf(reason.limit, reason.unit)}, over ${counted(reason.blocks, "block")}, ${duration(reason.afterMs)} after the rollback`;
    case "answers-well":
      return `${reason.signal} answered well ${reason.calls === 2 ? "twice" : `${count(reason.calls)} times`} in a row, ${duration(reason.afterMs)} after the rollback`;
    case "pods-ready":
      return `${count(reason.ready)} of ${counted(reason.of, "pod")} ready after ${duration(reason.afterMs)}`;
    case "not-recovered":
      return `still not recovered ${duration(reason.afterMs)} after the rollback: ${reason.detail}`;
    case "traffic-missing":
      return trafficSentence(reason);
    case "feasibility":
      return feasibilitySentence(reason);
    case "not-judged":
      return `${reason.signal} is not judged: ${reason.detail}`;
    case "limitation":
      return reason.detail;
  }
}

/** The headline of a reason: its numbers without their derivation. For titles and table columns. */
export function headline(reason: Reason): string {
  if (reason.code === "evidence") return `${measured(reason)}, limit ${limitBasis(reason).short}`;
  if (reason.code === "pods") return podsHeadline(reason);
  if (reason.code === "job") return jobHeadline(reason);
  if (reason.code === "probe") return probeHeadline(reason);
  if (reason.code === "alert") return alertHeadline(reason);
  if (reason.code === "diagnosis") return diagnosisHeadline(reason);
  if (reason.code === "resources") return resourcesHeadline(reason);
  if (isOfRule(reason)) return ruleSentence(reason);
  if (isOfRemedy(reason)) return remedyHeadline(reason);
  return explainReason(reason);
}

function peer({ name, ratio, limit }: SufferingPeer): string {
  return `${name} ${percent(ratio)}, limit ${percent(limit)}`;
}

function othersFared({ suffering, of }: Of<"peers-well">): string {
  if (suffering === 0 && of === 1) return "the one other workload that was asked had no trouble";
  return `${suffering === 0 ? "none" : count(suffering)} of ${counted(of, "other workload")} had trouble at the same time`;
}

function notEnoughSentence({ signal, total, needed, unit = "requests" }: Of<"not-enough-requests">): string {
  const [seen, wanted] =
    unit === POD_MINUTES
      ? [`${Number(total.toPrecision(2))} ${unit}`, Number(needed.toPrecision(2))]
      : [counted(total, unit.replace(/s$/, "")), count(needed)];
  return `${signal}: only ${seen} seen, ${wanted} are needed for a verdict`;
}

function insteadOf({ effectiveLimit, unit }: Of<"baseline-above-limit">): string {
  if (unit === undefined && effectiveLimit >= 1) return "no share of bad ones would be more than it may be";
  return `${shareOf(effectiveLimit, unit)} is used instead`;
}

function allowedBy({ limit, effectiveLimit, unit }: Of<"within-limits">): string {
  if (effectiveLimit === undefined) return `within its limit of ${shareOf(limit, unit)}`;
  if (effectiveLimit <= limit) return `over its limit of ${shareOf(limit, unit)}, but not surely`;
  return `over its limit of ${shareOf(limit, unit)}, but old pods or the time before the rollout allow up to ${shareOf(effectiveLimit, unit)}`;
}

function unusable({ outcome, unit }: Pick<Of<"no-usable-data">, "outcome" | "unit">): string {
  if (outcome === "no-data") return "the source has no data";
  if (outcome === "error") return "the source does not answer properly";
  return `too few ${unit ?? "requests"} to judge`;
}

const nothingToUndoWords: Readonly<Record<Of<"nothing-to-undo">["why"], string>> = {
  "first-deploy": "this is the first revision, so there is nothing to go back to",
  "restart-only": "the rollout only restarted the pods (same template), so there is nothing to undo",
  "revision-gone": "the previous revision's ReplicaSet no longer exists (see revisionHistoryLimit)",
  "target-known-bad": "the previous revision is itself known to be bad",
};

function withinCounts({ bad, total, unit }: Of<"within-limits">): string {
  return unit === undefined ? `${count(bad)} bad of ${count(total)}` : `${counted(bad, "log line")} in ${count(total)} ${unit}`;
}

function podsHeadline(reason: Of<"pods">): string {
  const [singular, plural] = troubleWords[reason.trouble];
  return `${count(reason.pods.length)} of ${counted(reason.of, "new pod")} ${reason.pods.length === 1 ? singular : plural}`;
}

function podsSentence(reason: Of<"pods">): string {
  const detail = reason.detail === "" ? "" : `: ${reason.detail}`;
  return `${reason.signal}: ${podsHeadline(reason)} (for ${duration(reason.forMs)}: ${someOf(reason.pods)})${detail}`;
}

function suspectNodeSentence({ signal, node, pods, readyElsewhere, neighbours, unreadyNeighbours }: Of<"suspect-node">): string {
  const signs = [
    ...(readyElsewhere > 0 ? [`${counted(readyElsewhere, "new pod")} on other nodes ${readyElsewhere === 1 ? "is" : "are"} ready`] : []),
    ...(unreadyNeighbours > 0
      ? [
          `${count(unreadyNeighbours)} of ${counted(neighbours, "pod")} that ran there before ${unreadyNeighbours === 1 ? "is" : "are"} not ready either`,
        ]
      : []),
  ];
  const where = pods.length === 1 ? `the only new pod in trouble runs` : `all ${count(pods.length)} new pods in trouble run`;
  return `${signal}: ${where} on node ${node}, and ${signs.join(", and ")}, so suspect the node before the revision`;
}

function trafficSentence(reason: Of<"traffic-missing">): string {
  const does = reason.counted === "all" ? "gets" : "answers well";
  const rates = `a new pod ${does} ${plain(Number(reason.newPerMinute.toPrecision(2)))} requests/min, an old one ${plain(Number(reason.oldPerMinute.toPrecision(2)))}`;
  return `${reason.signal}: ${rates}, over ${counted(reason.blocks, "block")} with ${counted(reason.newPods, "new pod")} and ${counted(reason.oldPods, "old pod")} ready`;
}

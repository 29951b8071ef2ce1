import type { RemedyReason } from "../reason/remedy.ts";
import { count, counted, duration, plain, timeOfDay } from "./numbers.ts";

const shown = 6;

/** A reason of a remediation as a plain clause with its numbers. */
export function remedySentence(reason: RemedyReason): string {
  switch (reason.code) {
    case "alert-fires": {
      const pairs = Object.entries(reason.labels).map(([label, value]) => `${label}="${value}"`);
      const listed = pairs.length === 0 ? "" : ` {${pairs.slice(0, shown).join(", ")}${pairs.length > shown ? ", …" : ""}}`;
      const words = reason.summary === "" ? "" : `: ${reason.summary}`;
      const more =
        reason.others === 0
          ? ""
          : `; ${counted(reason.others, "other alert")} of this workload ${reason.others === 1 ? "fires" : "fire"} too`;
      return `alert ${reason.name}${listed} fires since ${timeOfDay(reason.since)}, for ${duration(reason.forMs)}${words}${more}`;
    }
    case "alert-over":
      return `alert ${reason.name} is over, ${duration(reason.afterMs)} after this guard opened${reason.firings > 1 ? ` (it fired ${count(reason.firings)} times)` : ""}`;
    case "schedule-due":
      return `it was due at ${timeOfDay(reason.due)} ("${reason.cron}", ${reason.timeZone})`;
    case "condition":
      return `${reason.signal}: ${conditionWords[reason.state]}: ${reason.detail}`;
    case "plan-scale":
      return planOfScale(reason);
    case "plan-restart":
      return `pod ${reason.pod} is the worst of those that are there: ${worstWords(reason)} (${count(reason.nth)} of ${count(reason.of)} to restart)`;
    case "plan-rollback":
      return `revision ${reason.from} is ${duration(reason.ageMs)} old, and revision ${reason.to} is known to be good`;
    case "plan-job":
      return `Job ${reason.job} is what the policy runs now`;
    case "scale-limit": {
      const by = { most: "the policy", hpa: `HorizontalPodAutoscaler ${reason.name}`, keda: `ScaledObject ${reason.name}` }[reason.by];
      return `${count(reason.wanted)} pods were wanted, ${counted(reason.replicas, "pod")} ${reason.replicas === 1 ? "is" : "are"} there, and ${by} allows at most ${count(reason.limit)}`;
    }
    case "revision-too-old":
      return reason.ageMs === null
        ? "nobody knows how old the running revision is, so it is not blamed"
        : `the running revision is ${duration(reason.ageMs)} old; only one younger than ${duration(reason.withinMs)} is blamed`;
    case "rollout-guard":
      return `guard ${reason.guard} judges a rollout of this workload and decides first`;
    case "progressing":
      return `a rollout is under way: ${count(reason.updated)} of ${counted(reason.desired, "pod")} have the newest template, ${count(reason.replicas)} are there`;
    case "not-helped":
      return `step ${reason.nth} of ${reason.of}, ${reason.step}, has not helped within ${duration(reason.withinMs)}`;
    case "over-for-now":
      return reason.restoreInMs === 0
        ? "what was scaled is given back now"
        : `what was scaled is given back in ${duration(reason.restoreInMs)} if the trouble stays away`;
    case "trouble-again":
      return `it came back ${duration(reason.afterMs)} after it was over`;
    case "given-back":
      return `what was scaled was given back after ${duration(reason.heldMs)}: from ${count(reason.from)} ${reason.to === null ? "to what was there without a number" : `to ${count(reason.to)}`}`;
    case "job-ended":
      return `Job ${reason.job} ${jobWords[reason.outcome]}${reason.detail === "" ? "" : `: ${reason.detail}`}${reason.log === "" ? "" : `; its last lines:\n${reason.log.trimEnd()}\n`}`;
    case "ladder-over": {
      const all =
        reason.steps === 1 ? "the one step of the policy is used up" : `all ${count(reason.steps)} steps of the policy are used up`;
      return reason.done === 0 ? `${all}, and nothing was changed` : `${all} (${counted(reason.done, "action")} carried out)`;
    }
  }
}

/** The headline: without what the sentence derives. */
export function remedyHeadline(reason: RemedyReason): string {
  return reason.code === "alert-fires" ? `alert ${reason.name} fires for ${duration(reason.forMs)}` : remedySentence(reason);
}

export function isOfRemedy(reason: { readonly code: string }): reason is RemedyReason {
  return codes.has(reason.code);
}

const codes: ReadonlySet<string> = new Set<RemedyReason["code"]>([
  "alert-fires",
  "alert-over",
  "schedule-due",
  "condition",
  "plan-scale",
  "plan-restart",
  "plan-rollback",
  "plan-job",
  "scale-limit",
  "revision-too-old",
  "rollout-guard",
  "progressing",
  "not-helped",
  "over-for-now",
  "trouble-again",
  "given-back",
  "ladder-over",
  "job-ended",
]);

const jobWords = { passed: "did its work", failed: "failed", error: "came to no result" } as const;

const conditionWords = {
  soon: "it does not hold for long enough yet",
  not: "it does not hold",
  unknown: "nobody knows whether it holds",
} as const;

function planOfScale({ from, to, replicas, owner, name }: Extract<RemedyReason, { code: "plan-scale" }>): string {
  if (owner === "workload") return `there are ${counted(replicas, "pod")}, ${count(to)} are wanted`;
  const through = owner === "hpa" ? `HorizontalPodAutoscaler ${name}` : `ScaledObject ${name}`;
  return `there are ${counted(replicas, "pod")}; ${through} is to keep at least ${count(to)} instead of ${count(from)}`;
}

function worstWords({ because, value }: Extract<RemedyReason, { code: "plan-restart" }>): string {
  switch (because) {
    case "value":
      return `${plain(value)} by the policy's query`;
    case "not-ready":
      return `not ready for ${duration(value)}`;
    case "restarts":
      return `restarted ${value === 1 ? "once" : `${count(value)} times`}`;
    case "oldest":
      return `all are well, it is the oldest with ${duration(value)}`;
  }
}

import type { Reason } from "../../reason.ts";
import type { Remediation } from "../../policies/remediation.ts";
import { stepOf } from "../../policies/remediation-steps.ts";
import type { RemedyAsk } from "./ask.ts";
import { firesOf } from "./record.ts";
import { verificationOf } from "./verify.ts";

/**
 * Whether what the guard is for goes on. `soon`: an alert that has not fired for as long as the policy asks. `unknown`: nobody can tell,
 * which is neither a reason to act nor an end.
 */
export interface Trouble {
  readonly state: "on" | "soon" | "over" | "unknown";
  readonly because: readonly Reason[];
}

export function troubleOf(ask: RemedyAsk): Trouble {
  const { trigger } = ask.record;
  if (trigger.kind === "alert") return ofAlerts(ask);
  const opened: Reason =
    trigger.kind === "schedule"
      ? { code: "schedule-due", cron: trigger.cron, timeZone: trigger.timeZone, due: trigger.due }
      : { code: "ordered", by: trigger.by, reason: trigger.reason };
  if (ask.conditions.length > 0) return ofConditions(ask, opened);
  // Without anything that could tell, a step has helped when it was carried out as it should be.
  const last = ask.standing.done.findLast(({ sure }) => sure);
  const verified = last === undefined ? undefined : verificationOf(ask, last);
  if (verified?.state === "well") return { state: "over", because: verified.because.length > 0 ? verified.because : [opened] };
  if (!changesAnything(ask.record.policy) && ask.standing.step >= ask.record.policy.spec.do.length)
    return { state: "over", because: [opened] };
  return { state: "on", because: [opened] };
}

function ofAlerts({ record, now }: RemedyAsk): Trouble {
  const { alerts, policy } = record;
  const firing = alerts.filter(({ endsAt }) => endsAt === undefined).toSorted((one, other) => one.startsAt - other.startsAt);
  const [longest] = firing;
  if (longest === undefined) {
    const [first] = alerts;
    const name = first?.labels["alertname"] ?? "";
    return { state: "over", because: [{ code: "alert-over", name, firings: alerts.length, afterMs: now - record.openedAt }] };
  }
  const because = [firesOf(longest, firing.length - 1, now)];
  return { state: now - longest.startsAt >= (policy.spec.on.alert?.for ?? 0) ? "on" : "soon", because };
}

/** False where all steps only tell. */
export function changesAnything({ spec }: Remediation): boolean {
  return spec.do.some((written) => !["diagnose", "notify"].includes(stepOf(written).kind));
}

/** One condition that surely does not hold ends it; one of which nobody knows does not. */
function ofConditions({ conditions }: RemedyAsk, opened: Reason): Trouble {
  const calm = conditions.filter(({ state }) => state === "not");
  if (calm.length > 0) return { state: "over", because: calm.flatMap(({ because }) => because) };
  const open = conditions.filter(({ state }) => state !== "holds");
  if (open.length > 0) return { state: "unknown", because: open.flatMap(({ because }) => because) };
  return { state: "on", because: [opened, ...conditions.flatMap(({ because }) => because)] };
}

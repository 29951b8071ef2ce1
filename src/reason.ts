// Why anything was decided, in numbers: the words are made in explain.
import type { AlertReason } from "./alert.ts";
import type { OrderedReason } from "./reason/order.ts";
import type { DiagnosisReason } from "./diagnosis.ts";
import type { EffectReason } from "./reason/effect.ts";
import type { AnnouncementReason } from "./reason/announcement.ts";
import type { RemedyReason } from "./reason/remedy.ts";
import type { QuotedLines } from "./reason/quoted-lines.ts";
import type { VerificationReason } from "./reason/verification.ts";
import type { EvidenceMode, LimitSource, Ms, OwnerKind, SufferingPeer } from "./model.ts";
import type { ResourcesReason } from "./reason/resources.ts";

/** Coded cause with its numbers; rendered into words only by `explain/`. Ratios are 0–1, times are Ms; `unit` is "requests" unless told. */
export type Reason =
  | Readonly<{
      code: "evidence";
      signal: string;
      evidence: number;
      needed: number;
      badRatio: number;
      burn: number;
      effectiveLimit: number;
      limitSource: LimitSource;
      limit: number;
      oldRatio: number | null;
      baselineRatio: number | null;
      total: number;
      bad: number;
      blocks: number;
      unit: string;
      /** Absent: burn. */
      mode?: Exclude<EvidenceMode, "burn">;
      ownBound?: OwnBound;
      /** What a policy calls slow; the old revision's own bound is in ownBound. */
      slowerThanMs?: Ms;
      /** Judged by what callers, or the proxy of the whole Service, counted of old and new pods together. */
      seenBy?: "callers" | "service";
      /** Of log lines: the patterns of which there are most, or why there are none to show. */
      quotes?: QuotedLines[];
      /** They are of some of the lines only: there were more than are read. */
      partly?: true;
      unread?: string;
      /** Opens the lines in Kibana. */
      link?: string;
    }>
  | Readonly<{
      code: "new-pattern";
      signal: string;
      pattern: string;
      lines: number;
      /** Those that logged it most, of so many. */
      pods: readonly string[];
      of: number;
      first: Ms;
      lookbackMs: Ms;
      /** False: old pods logged more than could be read, and this may be among it. */
      sure: boolean;
      link?: string;
    }>
  | Readonly<{ code: "lines-without-pod"; signal: string; lines: number; field: string }>
  | Readonly<{ code: "pods"; signal: string; trouble: PodTrouble; pods: string[]; of: number; detail: string; forMs: Ms }>
  | Readonly<{ code: "threshold"; signal: string; value: number; comparison: "above" | "below"; limit: number; forMs: Ms; series: string }>
  | Readonly<{
      code: "failures";
      signal: string;
      value: number;
      comparison: "above" | "below";
      limit: number;
      failed: number;
      of: number;
      series: string;
    }>
  | ResourcesReason
  | Readonly<{ code: "rate"; signal: string; badRatio: number; bad: number; total: number; overMs: Ms; limit: number; forMs: Ms }>
  | Readonly<{
      code: "burn-rate";
      signal: string;
      factor: number;
      limit: number;
      longMs: Ms;
      longTotal: number;
      longBad: number;
      shortMs: Ms;
      shortTotal: number;
      shortBad: number;
    }>
  | Readonly<{
      code: "probe";
      signal: string;
      /** Of the newest call that failed. */
      detail: string;
      failed: number;
      of: number;
      everyMs: Ms;
      /** From the last good call that is known to the newest that failed. */
      sinceGoodMs: Ms;
    }>
  /** `log`: the end of what its container wrote, several lines. */
  | Readonly<{ code: "job"; signal: string; detail: string; log: string }>
  | AlertReason
  | OrderedReason
  | EffectReason
  | DiagnosisReason
  | AnnouncementReason
  | RemedyReason
  | VerificationReason
  | Readonly<{ code: "certificate"; signal: string; host: string; days: number; limit: number }>
  | Readonly<{ code: "rule-blind"; signal: string; seen: number; needed: number; overMs: Ms | null }>
  | Readonly<{
      code: "suspect-pod";
      signal: string;
      pod: string;
      node: string;
      badRatio: number;
      withoutIt: number;
      seenBy?: "callers" | "service";
      unit?: string;
    }>
  | Readonly<{
      code: "suspect-node";
      signal: string;
      node: string;
      /** New pods in trouble, all of them on this node. */
      pods: string[];
      /** New pods that are ready on other nodes. */
      readyElsewhere: number;
      /** Pods on this node that ran well before: of the old revision, and of other workloads under guard. */
      neighbours: number;
      unreadyNeighbours: number;
    }>
  | Readonly<{
      code: "shared-degradation";
      signal: string;
      newRatio: number;
      oldRatio: number;
      limit: number;
      blocks: number;
      unit?: string;
    }>
  | Readonly<{ code: "environment"; signal: string; suffering: SufferingPeer[]; of: number; blocks: number; since: Ms }>
  | Readonly<{ code: "peers-well"; signal: string; suffering: number; of: number }>
  | Readonly<{ code: "peers-unknown"; signal: string; detail: string }>
  | Readonly<{
      code: "no-usable-data";
      signal: string;
      outcome: "no-data" | "error" | "too-few";
      detail: string;
      forMs: Ms;
      unit?: string;
      extends?: boolean;
    }>
  | Readonly<{
      code: "window-extended";
      signal: string;
      outcome: "no-data" | "error" | "too-few";
      silentMs: Ms;
      byMs: Ms;
      unit?: string;
    }>
  | Readonly<{ code: "not-enough-requests"; signal: string; total: number; needed: number; unit?: string }>
  | Readonly<{
      code: "within-limits";
      signal: string;
      total: number;
      bad: number;
      badRatio: number;
      limit: number;
      /** Where the ratio is over the limit: the most that was allowed in a block. */
      effectiveLimit?: number;
      evidence: number;
      ownBound?: OwnBound;
      /** What a policy calls slow; the old revision's own bound is in ownBound. */
      slowerThanMs?: Ms;
      unit?: string;
    }>
  | Readonly<{
      code: "passed-early";
      signal: string;
      /** Evidence for the revision, and how much was needed. */
      evidence: number;
      needed: number;
      total: number;
      /** At most this many. */
      bad: number;
      limit: number;
      afterMs: Ms;
    }>
  | Readonly<{ code: "baseline-above-limit"; signal: string; baselineRatio: number; limit: number; effectiveLimit: number; unit?: string }>
  | Readonly<{ code: "evidence-faded"; signal: string; evidence: number; blocks: number }>
  | Readonly<{
      /** What `preset: auto` chose. */
      code: "preset";
      signal: string;
      preset: string;
      metric: string;
      /** Pods that expose it. */
      pods: number;
      statusLabel: string;
      podLabel: string;
      passedOver: { preset: string; metric: string; because: "mesh" | "fewer-pods" | "routes" | "order" }[];
    }>
  | Readonly<{ code: "superseded"; by: string }>
  | Readonly<{ code: "workload-deleted" }>
  | Readonly<{ code: "observe-mode" }>
  | Readonly<{ code: "policy-only-notifies"; signal: string }>
  | Readonly<{ code: "owned"; owner: OwnerKind; name: string; mark: string }>
  | Readonly<{ code: "nothing-to-undo"; why: "first-deploy" | "restart-only" | "revision-gone" | "target-known-bad" }>
  | Readonly<{ code: "paused-by-other" }>
  | Readonly<{ code: "marked-unsafe"; annotation: string }>
  | Readonly<{ code: "governor"; rule: string; detail: string }>
  | Readonly<{ code: "forbidden"; detail: string }>
  | Readonly<{ code: "conflict"; detail: string }>
  | Readonly<{ code: "recovered"; signal: string; blocks: number; badRatio: number; limit: number; afterMs: Ms; unit?: string }>
  /** Since the rollback, so often in a row. */
  | Readonly<{ code: "answers-well"; signal: string; calls: number; afterMs: Ms }>
  | Readonly<{ code: "pods-ready"; ready: number; of: number; afterMs: Ms }>
  | Readonly<{ code: "not-recovered"; detail: string; afterMs: Ms }>
  | Readonly<{
      code: "traffic-missing";
      signal: string;
      counted: "all" | "successful";
      /** Requests per Ready pod and minute while both ran. */
      newPerMinute: number;
      oldPerMinute: number;
      newPods: number;
      oldPods: number;
      blocks: number;
      forMs: Ms;
    }>
  | Readonly<{
      code: "feasibility";
      signal: string;
      /** Of the old revision before the rollout. */
      requestsPerMinute: number;
      limit: number;
      effectiveLimit: number;
      /** Time before the rollout in which the old revision was seen to count; without any request, the time that was asked about. */
      historyMs: Ms;
      windowMs: Ms;
      /** Least bad ratio that is found within the window; null: not even a total failure is. */
      smallest: number | null;
      /** Time to a rollback by bad ratio; null: not within `longestMs`. */
      delays: readonly { readonly ratio: number; readonly afterMs: Ms | null }[];
      longestMs: Ms;
      /** What is counted, as people call it; requests when absent. */
      unit?: string;
    }>
  /** A signal that is asked for and has nothing to be judged by. */
  | Readonly<{ code: "not-judged"; signal: string; detail: string }>
  | Readonly<{ code: "limitation"; detail: string }>;

/** Bound that was chosen from the old revision's own latencies: at most 1 - quantile of its requests were slower. */
export interface OwnBound {
  readonly thresholdMs: Ms;
  readonly quantile: number;
}

export type ReasonCode = Reason["code"];

export type PodTrouble =
  | "crash-loop"
  | "oom-killed"
  | "image-pull"
  | "bad-config"
  | "unschedulable"
  | "not-ready"
  | "never-ready"
  | "progress-deadline";

/** Judgement of one signal so far. `hold`: it is bad, and must not lead to a rollback. */
export interface Verdict {
  readonly signal: string;
  readonly state: "pass" | "warn" | "breach" | "hold" | "inconclusive";
  readonly because: readonly Reason[];
}

// The nouns every folder shares. Plain readonly data: imports nothing, does nothing.

/** Milliseconds since the epoch (an instant) or a length of time, as the name of the field says. */
export type Ms = number;

export type WorkloadKind = "Deployment" | "StatefulSet" | "DaemonSet";

/** What is guarded. `uid` tells two objects of the same name apart. */
export interface WorkloadRef {
  readonly namespace: string;
  readonly kind: WorkloadKind;
  readonly name: string;
  readonly uid: string;
}

/** One template of a workload. Known by its pod-template-hash: numbers are re-issued when a ReplicaSet is re-used. */
export interface Revision {
  readonly podTemplateHash: string;
  readonly number: number;
  /** Name and uid of the ReplicaSet (or ControllerRevision) that holds the template. */
  readonly name: string;
  readonly uid: string;
  readonly created: Ms;
}

export interface ContainerState {
  readonly name: string;
  readonly ready: boolean;
  readonly restarts: number;
  /** Why it waits: CrashLoopBackOff, ImagePullBackOff, CreateContainerConfigError … */
  readonly waiting?: { readonly reason: string; readonly message: string };
  /** How it ended last (now or before its restart). */
  readonly terminated?: { readonly reason: string; readonly exitCode: number; readonly at: Ms };
}

/** A pod as a guard remembers it: kept after the pod has gone, because its counters are judged after it has gone. */
export interface PodState {
  readonly uid: string;
  readonly name: string;
  readonly podTemplateHash: string;
  readonly created: Ms;
  readonly node?: string;
  /** First instant it was Ready; absent while it never was. */
  readonly readySince?: Ms;
  readonly ready: boolean;
  /** Since when it is not Ready, as Kubernetes says; absent while it is, and in records of the version before. */
  readonly unreadySince?: Ms;
  /** When its deletion was asked for. */
  readonly terminatingSince?: Ms;
  /** When it disappeared from the API. */
  readonly gone?: Ms;
  readonly containers: readonly ContainerState[];
  readonly unschedulable?: { readonly message: string; readonly since: Ms };
}

export type OwnerKind = "argocd" | "flux-kustomization" | "flux-helm" | "helm" | "argo-rollouts" | "flagger" | "controller";

/** Somebody else who believes to own the template (integrations.md 11.4). `mark` is the label, annotation or reference that says so. */
export interface OwnerMark {
  readonly kind: OwnerKind;
  readonly name: string;
  readonly mark: string;
}

/** What the cluster says about one workload now. Everything decided about it is decided from this, re-read, never from an event. */
export interface Workload {
  readonly ref: WorkloadRef;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly deleting: boolean;
  readonly generation: number;
  readonly observedGeneration: number;
  /** Digest of `spec.template` as it is written now; a braked workload may have a template that no ReplicaSet has. */
  readonly templateDigest: string;
  readonly desired: number;
  readonly strategy: "RollingUpdate" | "Recreate" | "OnDelete";
  readonly paused: boolean;
  readonly progressDeadline: Ms;
  /** Its own conditions say that it is not available, or makes no progress, whatever the counts say. */
  readonly unfinished?: true;
  /** `status.replicas`, `.updatedReplicas`, `.availableReplicas`: believed only when observedGeneration >= generation. */
  readonly replicas: number;
  readonly updated: number;
  readonly available: number;
  /** The revision the controller is rolling out or has rolled out; absent before it has seen the first template. */
  readonly current?: Revision;
  /** All revisions that still exist, newest number first, `current` included. */
  readonly revisions: readonly Revision[];
  /** `matchLabels` (and expressions) of the workload as a label selector string. */
  readonly selector: string;
  readonly owners: readonly OwnerMark[];
}

/** The passage of a workload from one revision to the next. */
export interface Rollout {
  readonly workload: WorkloadRef;
  readonly labels: Readonly<Record<string, string>>;
  readonly new: Revision;
  /** The last completed revision; absent at a first deploy. */
  readonly old?: Revision;
  readonly templateDigest: string;
  /** Start of the passage; pods created from here on were born inside the guard. */
  readonly startedAt: Ms;
  readonly desired: number;
  readonly strategy: Workload["strategy"];
  readonly progressDeadline: Ms;
  /** Only the restart annotation differs: there is nothing to undo. */
  readonly restartOnly: boolean;
}

/** Counters of one scraped process at one instant, summed over its series (judging.md 1.1). */
export interface ProcessReading {
  readonly namespace: string;
  readonly pod: string;
  /** Counted by this calling process of its calls to the workload; absent: by a pod of the workload itself. */
  readonly view?: "callers";
  /** instance and job: what tells two processes (or two scrapes) of one pod apart. */
  readonly process: string;
  readonly total: number;
  readonly bad: number;
  /** Upper bound of `bad` where a histogram has no bucket at the limit; equals `bad` otherwise. */
  readonly badAtMost: number;
  /** End in seconds of the bucket that the limit falls into, where it is known: its change means that the buckets changed. */
  readonly judgedAt?: number;
  /** `total` is the time in which `bad` came about, not what it is a part of: `bad` may be more. */
  readonly exposure?: true;
}

/** Cumulative count of requests no slower than `le` seconds; +Inf is Infinity. */
export interface CumulativeBucket {
  readonly le: number;
  readonly count: number;
}

/** Observations in (left, right], in the metric's own unit; either end may be infinite. */
export interface NativeBucket {
  readonly left: number;
  readonly right: number;
  readonly count: number;
}

/** A native histogram as one scrape left it: disjoint buckets, of which empty ones are not listed. */
export interface NativeHistogram {
  readonly count: number;
  readonly buckets: readonly NativeBucket[];
}

/** How slow the requests of one process were so far, bounds in seconds. */
export type Latencies =
  | { readonly kind: "classic"; readonly buckets: readonly CumulativeBucket[] }
  | ({ readonly kind: "native" } & NativeHistogram);

export interface ProcessLatencies {
  readonly namespace: string;
  readonly pod: string;
  readonly process: string;
  readonly latencies: Latencies;
}

/** What the fields of log documents are called, and which values of a level count. */
export interface LogFields {
  readonly time: string;
  readonly namespace: string;
  readonly pod: string;
  /** Any of these may hold the level. */
  readonly levels: readonly string[];
  readonly values: readonly string[];
}

/** Log lines that count, of one pod since counting began. */
export interface PodLines {
  readonly pod: string;
  readonly lines: number;
}

/** What a source answered for one signal of one guard at one instant: never merged, never guessed. */
export type Measurement =
  | { readonly kind: "counters"; readonly at: Ms; readonly readings: readonly ProcessReading[]; readonly note?: string }
  | { readonly kind: "latencies"; readonly at: Ms; readonly processes: readonly ProcessLatencies[] }
  | {
      readonly kind: "lines";
      readonly at: Ms;
      readonly pods: readonly PodLines[];
      /** Owners (ReplicaSets) of whose pods a line with any level was seen by then: silence of the others proves nothing. */
      readonly heard: readonly string[];
    }
  | { readonly kind: "values"; readonly at: Ms; readonly values: readonly SeriesValue[] }
  | { readonly kind: "no-data"; readonly at: Ms; readonly because: string }
  | { readonly kind: "error"; readonly at: Ms; readonly because: string };

export interface SeriesValue {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The five outcomes of one sample of one signal (design.md section 3). */
export type Outcome = "healthy" | "breach" | "no-data" | "error" | "too-few";

/** What set the effective limit of a block (judging.md 3.1). */
export type LimitSource = "limit" | "baseline" | "live-control";

/** How evidence is weighed: `burn` has a guaranteed bound, the others an approximate one (judging.md 2, 5.1, 5.2). */
export type EvidenceMode = "burn" | "fast" | "independent";

/** One block of one signal with everything needed to redo its arithmetic by hand (judging.md 4.3). */
export interface BlockAudit {
  readonly at: Ms;
  readonly newTotal: number;
  readonly newBad: number;
  readonly oldTotal: number;
  readonly oldBad: number;
  readonly limit: number;
  readonly baselineLimit: number;
  readonly controlLimit: number | null;
  readonly effectiveLimit: number;
  readonly limitSource: LimitSource;
  readonly burn: number | null;
  readonly sustainBlocks: number;
  readonly evidence: number;
  readonly outcome: Outcome;
}

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
      /** Judged by what callers counted, of old and new pods together. */
      seenBy?: "callers";
    }>
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
  | Readonly<{ code: "rule-blind"; signal: string; seen: number; needed: number; overMs: Ms | null }>
  | Readonly<{
      code: "suspect-pod";
      signal: string;
      pod: string;
      node: string;
      badRatio: number;
      withoutIt: number;
      seenBy?: "callers";
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
  | Readonly<{ code: "limitation"; detail: string }>;

/** Bound that was chosen from the old revision's own latencies: at most 1 - quantile of its requests were slower. */
export interface OwnBound {
  readonly thresholdMs: Ms;
  readonly quantile: number;
}

export type ReasonCode = Reason["code"];

/** Another workload, not rolling out, that went over what it may do at the same time; ratios 0–1. */
export interface SufferingPeer {
  readonly name: string;
  readonly ratio: number;
  readonly limit: number;
}

export type PodTrouble =
  | "crash-loop"
  | "oom-killed"
  | "image-pull"
  | "bad-config"
  | "unschedulable"
  | "not-ready"
  | "never-ready"
  | "progress-deadline";

/** Judgement of one signal so far. `holding` says why it must not lead to a rollback although it breaches. */
export interface Verdict {
  readonly signal: string;
  readonly state: "pass" | "warn" | "breach" | "hold" | "inconclusive";
  readonly because: readonly Reason[];
}

/** Something to do to the cluster. `id` is the idempotency key: guard name, verb, count. */
export type Action =
  | Readonly<{ id: string; kind: "brake"; workload: WorkloadRef; judged: Judged; guard: string }>
  | Readonly<{ id: string; kind: "release"; workload: WorkloadRef; guard: string }>
  | Readonly<{
      id: string;
      kind: "rollback";
      workload: WorkloadRef;
      judged: Judged;
      target: Revision;
      braked: boolean;
      guard: string;
      cause: string;
    }>
  | Readonly<{ id: string; kind: "drain"; workload: WorkloadRef; condemned: Revision; keep: number; guard: string }>;

export type ActionKind = Action["kind"];

/** The template that was judged: an action on any other template is refused. */
export interface Judged {
  readonly templateDigest: string;
  readonly podTemplateHash: string;
}

/** What came of an action. `refused` is final (re-decide), `failed` may be tried again. */
export interface Receipt {
  readonly action: string;
  readonly kind: ActionKind;
  readonly outcome: "applied" | "unchanged" | "dry-run" | "refused" | "failed";
  readonly at: Ms;
  readonly detail: string;
  readonly because?: Reason;
}

export type Phase =
  | "pending"
  | "observing"
  | "breached"
  | "acting"
  | "verifying"
  | "passed"
  | "restored"
  | "unresolved"
  | "inconclusive"
  | "superseded"
  | "aborted";

/** What a guard wants at an instant. */
export type Decision =
  | { readonly kind: "wait"; readonly because: readonly Reason[] }
  | { readonly kind: "act"; readonly action: Action; readonly because: readonly Reason[] }
  | { readonly kind: "withhold"; readonly action: ActionKind; readonly because: readonly Reason[] }
  | { readonly kind: "hold"; readonly because: readonly Reason[] }
  | { readonly kind: "note"; readonly because: readonly Reason[] }
  | { readonly kind: "finish"; readonly phase: FinalPhase; readonly because: readonly Reason[] };

export type FinalPhase = "passed" | "restored" | "unresolved" | "inconclusive" | "superseded" | "aborted";

/** One line of a guard's own record; phases follow from these alone, and a recorded line binds. `seq` counts from 0. */
export type Entry = { readonly seq: number; readonly at: Ms } & EntryBody;

export type EntryBody =
  | { readonly kind: "opened"; readonly because: readonly Reason[] }
  | { readonly kind: "completed" }
  | { readonly kind: "intended"; readonly action: Action; readonly because: readonly Reason[] }
  | { readonly kind: "receipt"; readonly receipt: Receipt }
  | { readonly kind: "withheld"; readonly action: ActionKind; readonly because: readonly Reason[] }
  | { readonly kind: "held"; readonly because: readonly Reason[] }
  /** What became known of the guard itself; decides nothing. */
  | { readonly kind: "noted"; readonly because: readonly Reason[] }
  | { readonly kind: "finished"; readonly phase: FinalPhase; readonly because: readonly Reason[]; readonly badServed: number };

/** A sentence for people about one entry of a guard, rendered once and sent everywhere. `id` is stable: receivers de-duplicate by it. */
export interface Message {
  readonly id: string;
  readonly guard: string;
  readonly workload: WorkloadRef;
  readonly cluster: string;
  readonly at: Ms;
  readonly kind: "opened" | "noted" | "braked" | "released" | "rolled-back" | "withheld" | "held" | "finished" | "failed";
  readonly severity: "info" | "warning" | "critical";
  readonly title: string;
  readonly text: string;
  readonly because: readonly Reason[];
  /** Command or step that helps a person now; empty when there is nothing to do. */
  readonly next: string;
  readonly phase: Phase;
  /** Guard's own time: from opening to now or its end. */
  readonly openedAt: Ms;
}

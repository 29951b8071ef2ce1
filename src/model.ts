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
  /** In cores and bytes; what is absent in it has no limit. Absent for init containers, and in records of the version before. */
  readonly limits?: { readonly cpu?: number; readonly memory?: number };
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

/** Somebody else who believes to own the template (docs/operations.md). `mark` is the label, annotation or reference that says so. */
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
  /** Field manager that wrote the new template (`kubectl-set`, `helm`); absent where that is not certain. */
  readonly changedBy?: string;
}

/** Another workload, not rolling out, that went over what it may do at the same time; ratios 0–1. */
export interface SufferingPeer {
  readonly name: string;
  readonly ratio: number;
  readonly limit: number;
}

/** Counters of one scraped process at one instant, summed over its series (docs/judging.md: the formula). */
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
  /** The first of these that is there holds the text. */
  readonly texts: readonly string[];
}

/** Log lines that count, of one pod since counting began. */
export interface PodLines {
  readonly pod: string;
  readonly lines: number;
}

/** What one call of a probe found; `error`: it could not ask properly, which says nothing of the service. */
export interface ProbeFinding {
  readonly outcome: "good" | "failed" | "error";
  /** What was called and what came of it, without secrets. */
  readonly detail: string;
  /** That the service showed, and the days until it runs out; 0 when it has. */
  readonly certificate?: { readonly host: string; readonly days: number };
}

/** How a Job stands. `error`: it could not do its work, which says nothing of the service; not final while it may still come to. */
export type JobFinding =
  | { readonly outcome: "running"; readonly waiting?: string }
  | { readonly outcome: "passed"; readonly log?: string }
  | { readonly outcome: "failed"; readonly detail: string; readonly log: string }
  | { readonly outcome: "error"; readonly detail: string; readonly final: boolean };

/** What one container uses at an instant. A container that was started again is another one, by its id where that is told. */
export interface ContainerUsage {
  readonly pod: string;
  readonly container: string;
  readonly id: string;
  readonly cpuCores?: number;
  /** Working set: what the kernel kills for at the limit. */
  readonly memoryBytes?: number;
}

/** Of one pattern, what one pod logged. */
export interface PodLinesOfPattern {
  readonly pod: string;
  readonly lines: number;
  readonly first: Ms;
  readonly last: Ms;
}

/** Lines that are alike but for their values, so that they have the same pattern. */
export interface PatternLines {
  readonly pattern: string;
  readonly lines: number;
  /** Not all where there are many. */
  readonly pods: readonly PodLinesOfPattern[];
}

/** Error lines of one side that were read themselves, not only counted: those of (from, to]. */
export interface LinesRead {
  readonly from: Ms;
  readonly to: Ms;
  readonly lines: number;
  /** Lines without any field that holds a text. */
  readonly textless: number;
  /** False: there were more lines, or more patterns, than are read at once. */
  readonly whole: boolean;
  readonly patterns: readonly PatternLines[];
  /** Patterns that were looked for by themselves where not all lines were read; sure: a line like it would have been found. */
  readonly checked?: readonly { readonly pattern: string; readonly sure: boolean }[];
}

/** A side's lines, or why they could not be read. */
export type LinesOrWhy = LinesRead | { readonly because: string };

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
      /** What the lines say: evidence that is shown, never judged. Absent where it was not asked for. */
      readonly read?: { readonly fresh: LinesOrWhy; readonly old?: LinesOrWhy };
      /** Error lines of the last minute in the namespace of the guard that name no pod. */
      readonly podless?: number;
    }
  | { readonly kind: "values"; readonly at: Ms; readonly values: readonly SeriesValue[] }
  | { readonly kind: "probe"; readonly at: Ms; readonly finding: ProbeFinding }
  | { readonly kind: "job"; readonly at: Ms; readonly finding: JobFinding }
  | { readonly kind: "usage"; readonly at: Ms; readonly containers: readonly ContainerUsage[] }
  | { readonly kind: "no-data"; readonly at: Ms; readonly because: string }
  | { readonly kind: "error"; readonly at: Ms; readonly because: string };

export interface SeriesValue {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The five outcomes of one sample of one signal (docs/architecture.md). */
export type Outcome = "healthy" | "breach" | "no-data" | "error" | "too-few";

/** What set the effective limit of a block (docs/judging.md: the formula). */
export type LimitSource = "limit" | "baseline" | "live-control";

/** How evidence is weighed: `burn` has a guaranteed bound, the others an approximate one (docs/judging.md: the formula, ways of weighing evidence). */
export type EvidenceMode = "burn" | "fast" | "independent";

/** One block of one signal with everything needed to redo its arithmetic by hand (docs/judging.md: reading the audit). */
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

// The seam between the sandbox's Kubernetes (which makes pods) and its traffic (which flows through them).

/** How the process in a pod behaves. Read from annotations of the pod `sandbox.rearguard.dev/<key>`, then overridden by effects. */
export interface Behaviour {
  /** `error-rate`: share of requests answered 500, 0–1. */
  readonly errorRate: number;
  /** `error-lines-per-minute`: lines of level error that a running pod logs, where the sandbox logs at all. Absent: none. */
  readonly errorLinesPerMinute: number;
  /** `error-text`: what these lines say; a number that differs from line to line follows it. */
  readonly errorText: string;
  /** `p50-ms`, `p95-ms`: lognormal latency. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** `ready-after`: seconds from start to Ready; absent key: 2 s; "never". */
  readonly readyAfterMs: number | null;
  /** `unready-after`: seconds from start until it is Ready no more, running all the same; absent: never. */
  readonly unreadyAfterMs: number | null;
  /** `crash-after`: seconds from start to exit 1, again and again with the kubelet's back-off; absent: never. */
  readonly crashAfterMs: number | null;
  /** `leak-mib-per-minute`: memory grows from 150 MiB on; at its limit of 512 MiB the process is killed for it (OOMKilled, 137). Absent: no leak. */
  readonly leakMibPerMinute: number | null;
  /** `saw-mib`, `saw-minutes`: memory rises by so much above 150 MiB and falls back, again and again, as with a garbage collector. Absent: none. */
  readonly sawMib: number;
  readonly sawMinutes: number;
  /** `warm-mib`: memory fills up by so much more in the first minutes, ever slower. Absent: 0. */
  readonly warmMib: number;
  /** `cpu-cores`: what it uses while it runs; 0.2 unless told. */
  readonly cpuCores: number;
  /** `traffic-share`: part of its share of the requests that reaches a ready pod, 0–1; the rest goes to the others. Absent: 1. */
  readonly trafficShare: number;
  /** `image-pull: fail` (not there) or `unreachable` (no registry): ErrImagePull, then ImagePullBackOff. */
  readonly imagePullFails: boolean;
}

/** A pod as the traffic sees it. */
export interface SandboxPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly ip: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly podTemplateHash: string;
  readonly running: boolean;
  readonly ready: boolean;
  readonly terminating: boolean;
  /** Start of the process that runs now: counters begin at 0 there. */
  readonly startedAt: number;
}

/** Changes a behaviour for a while, as an incident does. */
export type Effect = (pod: SandboxPod, now: number) => Partial<Behaviour>;

/** Pseudo-random numbers in [0, 1): the same seed gives the same world. */
export type Random = () => number;

/** Part of the world that moves only when it is told the time. */
export interface Moving {
  /** Brings this part from where it is to `now`, step by step; never goes back. */
  advance(now: number): void;
}

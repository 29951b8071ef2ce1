// What keeps pods from starting, as nouns. Like model.ts: imports nothing but nouns, does nothing.
import type { Ms, WorkloadRef } from "./model.ts";

/** Told apart by what a person does about them. */
export type Ailment =
  | "quota"
  | "not-created"
  | "unschedulable"
  | "image-pull"
  | "missing-object"
  | "bad-config"
  | "mount"
  | "sandbox"
  | "init"
  | "cannot-run"
  | "out-of-memory"
  | "liveness"
  | "crash"
  | "startup"
  | "readiness"
  | "evicted"
  | "node"
  | "unknown";

/** Something that a template names and that is needed before a container can start. */
export interface NeededObject {
  readonly kind: "ConfigMap" | "Secret";
  readonly name: string;
}

/** One thing that is wrong, and with which pods. */
export interface Finding {
  readonly ailment: Ailment;
  /** Those it is wrong with: at most five names, of so many. For pods that could not be created: none. */
  readonly pods: readonly string[];
  readonly count: number;
  /** In the server's own words, cut and without secrets; "" where there are none. */
  readonly words: string;
  readonly container?: string;
  readonly image?: string;
  readonly exitCode?: number;
  readonly object?: NeededObject;
  readonly node?: string;
  /** The end of what the container wrote before it ended, cut and without secrets. */
  readonly log?: string;
}

/** Why pods of a workload do not start, as far as could be seen at `at`. */
export interface Diagnosis {
  readonly at: Ms;
  readonly workload: WorkloadRef;
  /** Pods that are to be there, that are there, and of them those that are ready. */
  readonly desired: number;
  readonly there: number;
  readonly ready: number;
  readonly findings: readonly Finding[];
  /** What could not be looked at, and what it would need. */
  readonly unseen: readonly string[];
}

/** One finding of a diagnosis as a reason. */
export type DiagnosisReason = Readonly<{
  code: "diagnosis";
  namespace: string;
  kind: WorkloadRef["kind"];
  name: string;
  finding: Finding;
  /** Pods that are to be there. */
  of: number;
}>;

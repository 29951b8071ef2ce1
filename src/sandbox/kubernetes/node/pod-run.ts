/** What the node remembers about one pod's process and the API does not show. */
export interface PodRun {
  step: "creating" | "pull-failed" | "running" | "exited" | "back-off" | "done";
  /** When the step began. */
  since: number;
  /** When the step ends by itself; Infinity: not by time alone. */
  until: number;
  /** Start of the process that runs, or ran last. */
  startedAt: number;
  restarts: number;
  /** Whether its last end was the kernel's doing, at its memory limit. */
  outOfMemory?: boolean;
  /** Of a process that runs once and has ended. */
  exitCode?: number;
  pullFailures: number;
  /** What of this the API shows already: saves comparing whole statuses when effects are asked every second. */
  shown?: string;
  /** When the process will have ended after its deletion. */
  killedAt?: number;
}

const firstBackOffMs = 10_000;
const mostBackOffMs = 300_000;

/** The kubelet's wait before the n-th restart: none, then 10 s, 20 s, 40 s … 5 min. */
export function restartBackOffMs(restarts: number): number {
  return restarts === 0 ? 0 : Math.min(mostBackOffMs, firstBackOffMs * 2 ** (restarts - 1));
}

/** Its wait before pulling an image again after n failures: 10 s, 20 s … 5 min. */
export function pullBackOffMs(failures: number): number {
  return Math.min(mostBackOffMs, firstBackOffMs * 2 ** (failures - 1));
}

import type { ContainerState, Ms, PodState } from "../../src/model.ts";

/** A pod of a replay. `readyAt` null: it never becomes ready. */
export interface LivePod {
  readonly name: string;
  /** Its ReplicaSet. */
  readonly set: string;
  readonly created: Ms;
  readonly readyAt: Ms | null;
  readonly crashes: boolean;
  readonly gone?: Ms;
}

/** How long a crashing container lives, and how long kubelet waits before each restart (doubling from 10 s to 5 min). */
const LIVES: Ms = 10_000;
const LONGEST_BACK_OFF: Ms = 300_000;

export function podState({ name, set, created, readyAt, crashes, gone }: LivePod, now: Ms): PodState {
  const ready = readyAt !== null && readyAt <= now && gone === undefined;
  return {
    uid: `uid-${name}`,
    name,
    podTemplateHash: set.slice(set.lastIndexOf("-") + 1),
    created,
    node: "replayed",
    ...(readyAt === null || readyAt > now ? {} : { readySince: readyAt }),
    ready,
    ...(gone === undefined ? {} : { terminatingSince: gone, gone }),
    containers: [crashes ? crashing(created, now) : { name: "server", ready, restarts: 0 }],
  };
}

function crashing(created: Ms, now: Ms): ContainerState {
  let died = created + LIVES;
  if (now < died) return { name: "server", ready: false, restarts: 0 };
  for (let restarts = 0, wait = 10_000; ; restarts++, wait = Math.min(2 * wait, LONGEST_BACK_OFF)) {
    const terminated = { reason: "Error", exitCode: 1, at: died };
    const started = died + wait;
    if (now < started) {
      const waiting = { reason: "CrashLoopBackOff", message: "back-off restarting failed container" };
      return { name: "server", ready: false, restarts, waiting, terminated };
    }
    if (now < started + LIVES) return { name: "server", ready: false, restarts: restarts + 1, terminated };
    died = started + LIVES;
  }
}

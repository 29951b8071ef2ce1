import type { Behaviour, Effect, SandboxPod } from "../world.ts";

const prefix = "sandbox.rearguard.dev/";

/** Asked at every step of the world; annotations are values and never change. */
const known = new WeakMap<SandboxPod["annotations"], Behaviour>();

/** How the pod's process behaves now: its annotations, then the effects in order. */
export function behaviourOf(pod: SandboxPod, effects: readonly Effect[], now: number): Behaviour {
  let behaviour = known.get(pod.annotations) ?? toldBehaviour(pod);
  known.set(pod.annotations, behaviour);
  for (const effect of effects) behaviour = { ...behaviour, ...effect(pod, now) };
  return behaviour;
}

function toldBehaviour({ annotations }: SandboxPod): Behaviour {
  const told = (key: string) => annotations[prefix + key];
  const ready = told("ready-after");
  const unready = told("unready-after");
  const crash = told("crash-after");
  const leak = told("leak-mib-per-minute");
  return {
    errorRate: Number(told("error-rate") ?? 0),
    errorLinesPerMinute: Number(told("error-lines-per-minute") ?? 0),
    errorText: told("error-text") ?? "Unhandled error: connect ECONNREFUSED",
    p50Ms: Number(told("p50-ms") ?? 20),
    p95Ms: Number(told("p95-ms") ?? 60),
    readyAfterMs: ready === "never" ? null : seconds(ready ?? "2") * 1000,
    unreadyAfterMs: unready === undefined ? null : seconds(unready) * 1000,
    crashAfterMs: crash === undefined ? null : seconds(crash) * 1000,
    leakMibPerMinute: leak === undefined ? null : Number(leak),
    sawMib: Number(told("saw-mib") ?? 0),
    sawMinutes: Number(told("saw-minutes") ?? 10),
    warmMib: Number(told("warm-mib") ?? 0),
    cpuCores: Number(told("cpu-cores") ?? 0.2),
    trafficShare: Number(told("traffic-share") ?? 1),
    imagePullFails: ["fail", "unreachable"].includes(told("image-pull") ?? ""),
  };
}

/** What the container runtime says of an image that it cannot pull: the registry's answer, or that there is none. */
export function pullProblem(annotations: Readonly<Record<string, string>>, image: string): string {
  const problem = annotations[`${prefix}image-pull`] === "unreachable" ? "dial tcp 10.0.0.9:443: connect: connection refused" : "not found";
  return `failed to pull and unpack image "${image}": ${problem}`;
}

/** What a container that crashes writes before it ends. */
export function lastWords(annotations: Readonly<Record<string, string>>): string | undefined {
  return annotations[`${prefix}last-words`];
}

/** The scheduler leaves such a pod pending. */
export function isUnschedulable(annotations: Readonly<Record<string, string>>): boolean {
  const told = annotations[`${prefix}unschedulable`];
  return told !== undefined && told !== "false";
}

/** `5` and `5s` are the same. */
function seconds(text: string): number {
  const value = Number(text.replace(/s$/, ""));
  if (!Number.isFinite(value)) throw new Error(`${prefix}… wants seconds, not "${text}"`);
  return value;
}

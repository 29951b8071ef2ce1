import { foldResources, type Life, type Load, noResources, type ResourcesRule } from "../../src/judging/resources.ts";
import { HOLD_SPANS, resourcesVerdict } from "../../src/judging/resources-verdict.ts";
import type { Ms } from "../../src/model.ts";
import type { Random } from "../judging/random.ts";
import type { Course } from "./memory.ts";

export interface Pods {
  readonly fresh: Course;
  readonly old: Course;
  /** Age of the old pods at the rollout; hours unless told. */
  readonly oldMinutes?: number;
}

/** Minutes from the first readiness of a new pod; null: never within the guard. */
export interface Found {
  readonly breach: number | null;
  readonly hold: number | null;
  /** The slope by itself, with nothing to compare it with. */
  readonly slope: number | null;
  /** When the first new pod is at its limit. */
  readonly full: number | null;
}

const minute: Ms = 60_000;
const blockMs: Ms = 15_000;
const scrapeMs: Ms = 30_000;
const limit = 512 * 2 ** 20;
const rule: ResourcesRule = { cpu: null, memory: 0.9, forMs: 5 * minute, fullWithinMs: 60 * minute, warmUpMs: 5 * minute, blockMs };
const perRevision = 4;
const stepMs: Ms = 40_000;
const windowMs: Ms = 30 * minute;
const startedAt: Ms = 1_790_000_000_000 - (1_790_000_000_000 % blockMs);

interface Pod {
  readonly name: string;
  readonly side: Load["side"];
  readonly born: Ms;
  readonly ends: Ms;
  readonly memory: (ageMinutes: number) => number;
}

/** One guard: an hour of old pods, then a rollout pod by pod, then its window. */
export function simulate(pods: Pods, random: Random): Found {
  const all = podsOf(pods, random);
  const shown = new Map<string, number>();
  let state = noResources;
  let found: Found = { breach: null, hold: null, slope: null, full: null };
  const end = startedAt + perRevision * stepMs + windowMs;
  for (let at = startedAt - 60 * minute; at <= end; at += blockMs) {
    const loads = all.filter(({ born, ends }) => born < at && at < ends).map((pod) => loadOf(pod, at, shown));
    const isDue = at >= startedAt + 3 * minute;
    state = foldResources(state, { kind: "loads", at, loads, isDue }, rule);
    const verdict = resourcesVerdict(state, rule, "memory", at, 5 * minute);
    const after = (at - startedAt) / minute;
    const isSlope = [...state.lives.values()].some((life: Life) => life.side === "new" && life.filling >= HOLD_SPANS);
    const isFull = loads.some(({ side, memory }) => side === "new" && (memory?.used ?? 0) >= limit);
    found = {
      breach: found.breach ?? (verdict.state === "breach" ? after : null),
      hold: found.hold ?? (verdict.state === "hold" ? after : null),
      slope: found.slope ?? (isSlope ? after : null),
      full: found.full ?? (isFull ? after : null),
    };
  }
  return found;
}

function podsOf({ fresh, old, oldMinutes }: Pods, random: Random): readonly Pod[] {
  return Array.from({ length: perRevision }, (_, order): readonly Pod[] => {
    const ready = startedAt + order * stepMs;
    const age = (oldMinutes ?? 180 + 2000 * random()) * minute;
    const course = (of: Course) => of({ random, phase: random() });
    return [
      { name: `old-${order}`, side: "old", born: startedAt - age, ends: ready + stepMs / 2, memory: course(old) },
      { name: `new-${order}`, side: "new", born: ready, ends: Infinity, memory: course(fresh) },
    ];
  }).flat();
}

/** As the last scrape of the kubelet left it. */
function loadOf(pod: Pod, at: Ms, shown: Map<string, number>): Load {
  if (at % scrapeMs === 0 || !shown.has(pod.name)) {
    shown.set(pod.name, Math.min(1, Math.max(0, pod.memory((at - pod.born) / minute))) * limit);
  }
  const { side, name, born } = pod;
  return { side, pod: name, container: "app", id: "", born, memory: { used: shown.get(name) ?? 0, limit } };
}

// CPU and memory of every container against its limits: the fold. A plain rule, without a bound on wrong breaches (docs/judging.md: plain rules).
import type { Ms, Outcome } from "../model.ts";
import { type Floors, type Growth, growthOf, noFloors, spanOf, withValue } from "./growth.ts";
import { GAP_BLOCKS, type ValuesState } from "./values.ts";

export type Resource = "cpu" | "memory";

export interface ResourcesRule {
  /** Shares of the container's limit, 0–1; null: not judged. */
  readonly cpu: number | null;
  readonly memory: number | null;
  readonly forMs: Ms;
  /** Null: growth is not judged. */
  readonly fullWithinMs: Ms | null;
  readonly warmUpMs: Ms;
  readonly blockMs: Ms;
}

/** What one container uses, cores or bytes, and its limit; null: it has none. */
export interface Use {
  readonly used: number;
  readonly limit: number | null;
}

/** A container at the end of a block. */
export interface Load {
  readonly side: "new" | "old";
  readonly pod: string;
  readonly container: string;
  readonly id: string;
  /** When its pod was made; absent where that is not known. */
  readonly born?: Ms;
  readonly cpu?: Use;
  readonly memory?: Use;
}

export interface Loads {
  readonly kind: "loads";
  readonly at: Ms;
  readonly loads: readonly Load[];
  /** New pods are there that must show in what the source answers. */
  readonly isDue: boolean;
}

/** No answer. Before the rollout that is no silence: only old pods could have been seen. */
export interface NoLoads {
  readonly kind: "no-data" | "error";
  readonly at: Ms;
  readonly because: string;
  readonly isDue: boolean;
}

/** One resource of one container so far. */
export interface Track {
  readonly from: Ms;
  readonly used: number;
  readonly limit: number;
  /** Above the rule's share without a break since; null while it is not. */
  readonly since: Ms | null;
  readonly longestMs: Ms;
  /** The most it ever used. */
  readonly most: number;
}

/** One container from its start to its end. */
export interface Life {
  readonly side: "new" | "old";
  readonly pod: string;
  readonly container: string;
  readonly born: Ms;
  readonly lastAt: Ms;
  readonly cpu: Track | null;
  readonly memory: Track | null;
  readonly floors: Floors;
  /** Of a new container. */
  readonly growth: Growth | null;
  /** Spans in a row, up to the newest, in which its memory was filling. */
  readonly filling: number;
}

export interface ResourcesState {
  readonly lives: ReadonlyMap<string, Life>;
  /** Containers of new pods without the limit that is asked about, by resource. */
  readonly unlimited: Readonly<Record<Resource, readonly string[]>>;
  readonly outcome: Outcome | null;
  readonly lastAt: Ms | null;
  /** Newest block in which a container of a new pod could be judged. */
  readonly lastUsableAt: Ms | null;
  readonly silence: ValuesState<never>["silence"];
}

/** A container that crashes again and again has a life each time: the oldest are forgotten. */
const MOST_LIVES = 2000;

export const noResources: ResourcesState = {
  lives: new Map(),
  unlimited: { cpu: [], memory: [] },
  outcome: null,
  lastAt: null,
  lastUsableAt: null,
  silence: null,
};

/** Folds one block; one at or before the last answered one changes nothing. */
export function foldResources(state: ResourcesState, answer: Loads | NoLoads, rule: ResourcesRule): ResourcesState {
  const { at } = answer;
  if (state.lastAt !== null && at <= state.lastAt) return state;
  if (answer.kind !== "loads") return unheard(state, answer);
  const lives = new Map(state.lives);
  for (const load of answer.loads) {
    const key = `${load.pod} ${load.container} ${load.id}`;
    const before = lives.get(key);
    lives.delete(key);
    lives.set(key, stepLife(before, load, at, rule));
  }
  for (const key of lives.keys()) {
    if (lives.size <= MOST_LIVES) break;
    lives.delete(key);
  }
  const next = { ...state, lives, unlimited: unlimitedAfter(state.unlimited, answer.loads, rule), lastAt: at };
  const missing = answer.isDue ? resourcesOf(rule).filter((resource) => !seesNew(answer.loads, resource)) : [];
  if (missing.length > 0) return unheard({ ...next, lastAt: state.lastAt }, { ...answer, kind: "no-data", because: nothingOf(missing) });
  const judged = [...lives.values()].filter((life) => life.side === "new" && life.lastAt === at && (life.cpu ?? life.memory) !== null);
  if (judged.length === 0) return { ...next, outcome: "too-few", silence: null };
  const beyond = judged.some((life) => (life.cpu?.since ?? life.memory?.since ?? null) !== null || life.filling > 0);
  return { ...next, outcome: beyond ? "breach" : "healthy", lastUsableAt: at, silence: null };
}

/** What the rule asks about. */
export function resourcesOf({ cpu, memory, fullWithinMs }: Pick<ResourcesRule, "cpu" | "memory" | "fullWithinMs">): readonly Resource[] {
  return [...(cpu === null ? [] : (["cpu"] as const)), ...(memory === null && fullWithinMs === null ? [] : (["memory"] as const))];
}

function stepLife(before: Life | undefined, load: Load, at: Ms, rule: ResourcesRule): Life {
  const { side, pod, container } = load;
  // A new pod counts from its readiness, so its first sight is its start; old ones were there before anybody looked.
  const born = before?.born ?? (side === "old" ? (load.born ?? at) : at);
  const gapMs = GAP_BLOCKS * rule.blockMs;
  const isBroken = before !== undefined && at - before.lastAt > gapMs;
  const isWarm = at - born >= rule.warmUpMs;
  const life: Life = {
    ...(before ?? { floors: noFloors, growth: null, filling: 0 }),
    side,
    pod,
    container,
    born,
    lastAt: at,
    cpu:
      rule.cpu === null || !isWarm
        ? (before?.cpu ?? null)
        : stepTrack(before?.cpu, bounded(load, "cpu"), { at, share: rule.cpu, isBroken }),
    memory: stepTrack(before?.memory, bounded(load, "memory"), { at, share: rule.memory ?? Infinity, isBroken }),
  };
  return isWarm ? grown(life, bounded(load, "memory"), at, rule) : life;
}

/** Old pods without a limit use nothing of it: a limit that comes with the new revision is the new revision's. */
function bounded(load: Load, resource: Resource): Bounded | undefined {
  const { used, limit = null } = load[resource] ?? {};
  if (used === undefined || (limit === null && load.side === "new")) return undefined;
  return { used, limit: limit ?? Infinity };
}

interface Bounded {
  readonly used: number;
  readonly limit: number;
}

function stepTrack(
  before: Track | null | undefined,
  use: Bounded | undefined,
  { at, share, isBroken }: { readonly at: Ms; readonly share: number; readonly isBroken: boolean },
): Track | null {
  if (use === undefined) return before ?? null;
  const { used, limit } = use;
  const since = used > share * limit ? ((isBroken ? null : before?.since) ?? at) : null;
  const longestMs = Math.max(before?.longestMs ?? 0, since === null ? 0 : at - since);
  return { from: before?.from ?? at, used, limit, since, longestMs, most: Math.max(before?.most ?? 0, used) };
}

/** Judged once for each span that is over. */
function grown(life: Life, memory: Bounded | undefined, at: Ms, rule: ResourcesRule): Life {
  if (rule.fullWithinMs === null || memory === undefined) return life;
  const floors = withValue(life.floors, at, memory.used, spanOf(rule.fullWithinMs, rule.blockMs));
  if (floors.closed === life.floors.closed) return { ...life, floors };
  // Of the many old ones only the floors are kept: what they come to is asked when a new one grows.
  if (life.side === "old") return { ...life, floors };
  const growth = growthOf(floors, memory.limit, rule.fullWithinMs);
  return { ...life, floors, growth, filling: growth?.filling === true ? life.filling + 1 : 0 };
}

function unlimitedAfter(before: ResourcesState["unlimited"], loads: readonly Load[], rule: ResourcesRule): ResourcesState["unlimited"] {
  const found = (resource: Resource): readonly string[] => {
    const names = loads.filter((load) => load.side === "new" && load[resource]?.limit === null).map(({ container }) => container);
    const fresh = names.filter((name) => !before[resource].includes(name));
    return fresh.length === 0 ? before[resource] : [...new Set([...before[resource], ...fresh])].toSorted();
  };
  const asked = resourcesOf(rule);
  return {
    cpu: asked.includes("cpu") ? found("cpu") : before.cpu,
    memory: asked.includes("memory") ? found("memory") : before.memory,
  };
}

function seesNew(loads: readonly Load[], resource: Resource): boolean {
  return loads.some((load) => load.side === "new" && load[resource] !== undefined);
}

function nothingOf(missing: readonly Resource[]): string {
  return `no ${missing.join(" and no ")} of the new pods' containers is there, though that of others may be`;
}

function unheard(state: ResourcesState, { kind, at, because, isDue }: NoLoads): ResourcesState {
  // Nobody answered: the block is still owed.
  const lastAt = kind === "error" ? state.lastAt : at;
  const since = state.silence?.since ?? state.lastUsableAt ?? at;
  const silence = kind === "error" || isDue ? { outcome: kind, since, detail: because } : null;
  return { ...state, outcome: kind, lastAt, silence };
}

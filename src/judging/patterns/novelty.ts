// Which error patterns the new revision logs that the old one did not. Outside the statistical bound: it only tells.
import type { LinesRead, Ms, PodLinesOfPattern } from "../../model.ts";

/** Patterns remembered of each side: more than this no mask can tell apart, and more nobody reads. */
const mostFresh = 200;
const mostKnown = 2000;
const mostPods = 20;

/** A line that is logged once or twice may be an odd name that the mask does not know; what matters is logged again. */
export const leastLines = 3;

interface FreshPattern {
  readonly lines: number;
  readonly pods: ReadonlyMap<string, PodLinesOfPattern>;
}

/** What was read of one guard's lines so far. */
export interface LinesMemory {
  /** What new pods logged since the rollout began. */
  readonly fresh: ReadonlyMap<string, FreshPattern>;
  /** What old pods logged, since then and in the time before. */
  readonly known: ReadonlySet<string>;
  readonly freshThrough: Ms | null;
  readonly oldThrough: Ms | null;
  /** All lines of new (old) pods were read so far. */
  readonly freshWhole: boolean;
  readonly oldWhole: boolean;
  /** What was looked for among the old pods' lines by itself, and whether a line like it would surely have been found. */
  readonly checked: ReadonlyMap<string, boolean>;
  /** Lines of new pods without a text. */
  readonly textless: number;
  /** Why they could not be read the last time. */
  readonly trouble?: string;
}

export const noLines: LinesMemory = {
  fresh: new Map(),
  known: new Set(),
  freshThrough: null,
  oldThrough: null,
  freshWhole: true,
  oldWhole: true,
  checked: new Map(),
  textless: 0,
};

/** Adds what new pods logged. A part that was read before is not counted again. */
export function foldFresh(memory: LinesMemory, read: LinesRead): LinesMemory {
  if (memory.freshThrough !== null && read.to <= memory.freshThrough) return memory;
  const fresh = new Map(memory.fresh);
  let isFull = false;
  for (const { pattern, lines, pods } of read.patterns) {
    const before = fresh.get(pattern);
    if (before === undefined && fresh.size >= mostFresh) {
      isFull = true;
      continue;
    }
    const ofPods = new Map(before?.pods);
    for (const one of pods) {
      const of = ofPods.get(one.pod);
      if (of === undefined && ofPods.size >= mostPods) continue;
      const [first, last] = [Math.min(of?.first ?? one.first, one.first), Math.max(of?.last ?? one.last, one.last)];
      ofPods.set(one.pod, { pod: one.pod, lines: (of?.lines ?? 0) + one.lines, first, last });
    }
    fresh.set(pattern, { lines: (before?.lines ?? 0) + lines, pods: ofPods });
  }
  const { trouble: _mended, ...rest } = memory;
  return {
    ...rest,
    fresh,
    freshThrough: read.to,
    freshWhole: memory.freshWhole && read.whole && !isFull,
    textless: memory.textless + read.textless,
  };
}

/** Adds what old pods logged. */
export function foldOld(memory: LinesMemory, read: LinesRead): LinesMemory {
  const known = new Set(memory.known);
  let isFull = false;
  for (const { pattern } of read.patterns) {
    if (known.size < mostKnown) known.add(pattern);
    else isFull ||= !known.has(pattern);
  }
  return {
    ...memory,
    known,
    checked: new Map([...memory.checked, ...(read.checked ?? []).map(({ pattern, sure }) => [pattern, sure] as const)]),
    oldThrough: Math.max(memory.oldThrough ?? read.to, read.to),
    oldWhole: memory.oldWhole && read.whole && !isFull,
  };
}

/** A pattern with what is said of it. */
export interface Quoted {
  readonly pattern: string;
  readonly lines: number;
  /** Pods that logged it, the loudest first. */
  readonly pods: readonly string[];
  readonly first: Ms;
  readonly last: Ms;
}

/** The patterns of which new pods logged most. */
export function loudest({ fresh }: LinesMemory, most: number): readonly Quoted[] {
  return [...fresh]
    .map(([pattern, found]) => quoted(pattern, found))
    .toSorted((one, other) => other.lines - one.lines || one.first - other.first)
    .slice(0, most);
}

/** Not among the lines of old pods; `sure`: nor could it be among those that were not read. */
export interface New extends Quoted {
  readonly sure: boolean;
}

export interface NoveltyRule {
  readonly blockMs: Ms;
  /** When a pod was Ready for the first time; undefined while it never was. */
  readonly readySince: (pod: string) => Ms | undefined;
}

/**
 * Patterns that new pods logged and old pods did not, the first one first. Old pods get a block to log the same: what fails for all begins
 * somewhere. What a pod logs as it starts every revision may log as it starts, long ago: that counts only where a pod does it again and again.
 */
export function newPatterns(memory: LinesMemory, rule: NoveltyRule): readonly New[] {
  const { oldWhole, checked } = memory;
  return unknownPatterns(memory, rule).flatMap((one) => {
    if (oldWhole) return [{ ...one, sure: true }];
    const sure = checked.get(one.pattern);
    return sure === undefined ? [] : [{ ...one, sure }];
  });
}

/** Those of which it must be asked by itself whether old pods logged them, since not all of their lines were read. */
export function doubtful(memory: LinesMemory, rule: NoveltyRule): readonly string[] {
  if (memory.oldWhole) return [];
  return unknownPatterns(memory, rule).flatMap(({ pattern }) => (memory.checked.has(pattern) ? [] : [pattern]));
}

function unknownPatterns({ fresh, known, oldThrough }: LinesMemory, rule: NoveltyRule): readonly Quoted[] {
  if (oldThrough === null) return [];
  return [...fresh]
    .flatMap(([pattern, found]): Quoted[] => {
      if (known.has(pattern) || found.lines < leastLines || !isInService(found, rule)) return [];
      const one = quoted(pattern, found);
      return oldThrough >= one.first + rule.blockMs ? [one] : [];
    })
    .toSorted((one, other) => one.first - other.first || other.lines - one.lines);
}

function isInService({ pods }: FreshPattern, { blockMs, readySince }: NoveltyRule): boolean {
  return [...pods.values()].some(({ pod, lines, last }) => lines >= leastLines || last > (readySince(pod) ?? Infinity) + blockMs);
}

function quoted(pattern: string, { lines, pods }: FreshPattern): Quoted {
  const all = [...pods.values()].toSorted((one, other) => other.lines - one.lines);
  return {
    pattern,
    lines,
    pods: all.map(({ pod }) => pod),
    first: Math.min(...all.map(({ first }) => first)),
    last: Math.max(...all.map(({ last }) => last)),
  };
}

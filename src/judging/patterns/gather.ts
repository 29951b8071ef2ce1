import type { LinesRead, Ms, PatternLines } from "../../model.ts";
import { patternOf } from "./mask.ts";

/** One line of level error as it was found; `text` is absent where none of the fields of the text is there. */
export interface FoundLine {
  readonly text?: string;
  readonly pod: string;
  readonly at: Ms;
}

/** Patterns kept of what is read at once, and pods kept of each: an answer's size must not be up to those who log. */
const mostPatterns = 200;
const mostPods = 20;

interface Gathered {
  lines: number;
  readonly pods: Map<string, { lines: number; first: Ms; last: Ms }>;
}

/** Gathers lines by pattern as they come in, so that no line has to be kept. */
export interface Gatherer {
  add(line: FoundLine): void;
  /** `whole`: all lines of (from, to] were added. */
  read(from: Ms, to: Ms, whole: boolean): LinesRead;
}

export function createGatherer(): Gatherer {
  const patterns = new Map<string, Gathered>();
  let [lines, textless, isFull] = [0, 0, false];

  return {
    add({ text, pod, at }) {
      lines += 1;
      if (text === undefined) textless += 1;
      const pattern = text === undefined ? undefined : patternOf(text);
      if (pattern === undefined) return;
      if (!patterns.has(pattern) && patterns.size >= mostPatterns) {
        isFull = true;
        return;
      }
      const found = patterns.get(pattern) ?? { lines: 0, pods: new Map() };
      patterns.set(pattern, found);
      found.lines += 1;
      const of = found.pods.get(pod);
      if (of === undefined && found.pods.size >= mostPods) return;
      found.pods.set(pod, {
        lines: (of?.lines ?? 0) + 1,
        first: Math.min(of?.first ?? at, at),
        last: Math.max(of?.last ?? at, at),
      });
    },
    read(from, to, whole) {
      const read = [...patterns].map(([pattern, found]): PatternLines => ({
        pattern,
        lines: found.lines,
        pods: [...found.pods].map(([pod, of]) => ({ pod, ...of })),
      }));
      return { from, to, lines, textless, whole: whole && !isFull, patterns: read };
    },
  };
}

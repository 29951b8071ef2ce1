// Does memory grow towards its limit? Judged by its floors, since what a garbage collector gives back is no leak.
import type { Ms } from "../model.ts";
import { medianOf, type Point, theilSen } from "./theil-sen.ts";

/** The lowest value of each span of time, oldest first; the newest one is still open. Bytes. */
export interface Floors {
  readonly closed: readonly Point[];
  readonly open: Point | null;
}

export interface Growth {
  /** Bytes per ms, by the median of all pairs of floors. */
  readonly perMs: number;
  /** The newest floor. */
  readonly level: number;
  /** Time to the limit at that slope; Infinity for memory that does not grow. */
  readonly fullInMs: Ms;
  /** Where it ends if it goes on to slow down as it does; Infinity if it does not slow down. */
  readonly endsAt: number;
  /** It grows for sure, and so fast that it is full in time. */
  readonly filling: boolean;
}

export const noFloors: Floors = { closed: [], open: null };

/** A horizon of 1 h makes spans of 30 s. */
const SPANS_OF_HORIZON = 120;
/** 10 min of a horizon of 1 h: less says nothing. */
export const LEAST_FLOORS = 20;
/** 20 min of it: what was before says little of now. */
const MOST_FLOORS = 40;
/** Over 30 min of it is seen whether it slows down. */
const MOST_SHAPE = 60;
/** 1 h of it is remembered: a garbage collector that falls back once in 20 min does not grow in an hour. */
const KEPT_FLOORS = 3 * MOST_FLOORS;
/** By this much the second half may look slower than the first by chance. */
const TOLERANCE = 0.05;

export function spanOf(horizonMs: Ms, blockMs: Ms): Ms {
  return Math.max(1, Math.round(horizonMs / SPANS_OF_HORIZON / blockMs)) * blockMs;
}

/** One more value. Spans are aligned to the epoch, so that every fold of the same values makes the same floors. */
export function withValue({ closed, open }: Floors, at: Ms, value: number, spanMs: Ms): Floors {
  const end = Math.ceil(at / spanMs) * spanMs;
  if (open?.at === end) return { closed, open: { at: end, value: Math.min(open.value, value) } };
  return { closed: open === null ? closed : [...closed.slice(1 - KEPT_FLOORS), open], open: { at: end, value } };
}

/** Null while there are too few floors to tell. */
export function growthOf(floors: Floors, limit: number, horizonMs: Ms): Growth | null {
  const closed = floors.closed.slice(-MOST_FLOORS);
  const last = closed.at(-1);
  if (closed.length < LEAST_FLOORS || last === undefined) return null;
  const level = last.value;
  const room = limit - level;
  const rough = roughSlope(closed);
  // Most memory stays where it is: what does not grow half as fast as it must is not looked at closely.
  if (2 * rough * horizonMs < room) return { perMs: rough, level, fullInMs: fullIn(room, rough), endsAt: level, filling: false };
  const shape = floors.closed.slice(-MOST_SHAPE);
  const whole = theilSen(closed);
  const [first, second] = [theilSen(shape.slice(0, shape.length >> 1)), theilSen(shape.slice(shape.length >> 1))];
  if (whole === null || first === null || second === null) return null;
  const halfMs = (last.at - (shape[0]?.at ?? last.at)) / 2;
  return {
    perMs: whole.median,
    level,
    fullInMs: fullIn(room, whole.median),
    endsAt: level + growthLeft(first.median, second.median, halfMs),
    filling: whole.low > 0 && whole.low * horizonMs >= room && second.median * horizonMs >= room,
  };
}

function fullIn(room: number, perMs: number): Ms {
  return perMs > 0 ? Math.max(0, room) / perMs : Infinity;
}

/** From the middle value of the first quarter to that of the last. */
function roughSlope(points: readonly Point[]): number {
  const quarter = points.length >> 2;
  const middle = (part: readonly Point[]) => medianOf(part.map(({ value }) => value).toSorted((a, b) => a - b));
  const rise = middle(points.slice(-quarter)) - middle(points.slice(0, quarter));
  const spanMs = (points.at(-1)?.at ?? 0) - (points[0]?.at ?? 0);
  return rise / (spanMs * (1 - quarter / points.length));
}

/** Bytes per ms over all that is remembered, thinned to what costs little; null while there are too few floors to tell. */
export function longSlopeOf({ closed }: Floors): number | null {
  if (closed.length < LEAST_FLOORS) return null;
  const every = Math.ceil(closed.length / MOST_FLOORS);
  return theilSen(closed.filter((_, index) => (closed.length - 1 - index) % every === 0))?.median ?? null;
}

/**
 * How far it still grows if each half of the time adds the same part of what the one before added, as what fills up does. 10 MiB in the
 * first half and 6 in the second, r = 0.6 + 0.05: 6 x (0.65 + 0.42 + …) = 6 x 0.65 / 0.35 = 11 MiB more, then it is over. A leak has r = 1.
 */
function growthLeft(first: number, second: number, halfMs: Ms): number {
  const ratio = (first > 0 ? second / first : 1) + TOLERANCE;
  return ratio >= 1 ? Infinity : (second * halfMs * ratio) / (1 - ratio);
}

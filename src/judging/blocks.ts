import type { Ms } from "../model.ts";

/** Block ends in (after, upTo], aligned to the epoch, so that every start of the process asks for the same instants. */
export function blockEnds(afterMs: Ms, upToMs: Ms, blockMs: Ms): readonly Ms[] {
  const ends: Ms[] = [];
  for (let end = (Math.floor(afterMs / blockMs) + 1) * blockMs; end <= upToMs; end += blockMs) ends.push(end);
  return ends;
}

import type { Ms } from "../../model.ts";

/** True while no more than `most` were let through in the last `perMs`. */
export function createRate(most: number, perMs: Ms, now: () => Ms): () => boolean {
  let left = most;
  let filledAt = now();
  return () => {
    const at = now();
    left = Math.min(most, left + (Math.max(0, at - filledAt) * most) / perMs);
    filledAt = at;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
}

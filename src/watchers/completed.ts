import { isComplete } from "../guards/complete.ts";
import type { Workload } from "../model.ts";

/** A revision that was seen complete; its number tells when, since each rollout takes a higher one. */
export interface Completed {
  readonly podTemplateHash: string;
  readonly number: number;
}

/** More than two would be of no use: only what came right before the current revision is asked for. */
const kept = 2;

/** Adds the current revision once it is complete. Returns the same array when there is nothing new. */
export function noteCompleted(seen: readonly Completed[], workload: Workload): readonly Completed[] {
  const { current } = workload;
  if (current === undefined || !isComplete(workload)) return seen;
  const { podTemplateHash, number } = current;
  const newest = seen[0];
  if (newest?.podTemplateHash === podTemplateHash && newest.number === number) return seen;
  return [{ podTemplateHash, number }, ...seen].slice(0, kept);
}

/**
 * Hash of the last revision that was complete before the current one came; undefined when none was seen.
 * A(1) complete, B(2) unfinished, C(3): A. A(1) complete, B(2) unfinished, undone to A(3): A, which is the current one.
 */
export function completedBefore(seen: readonly Completed[], workload: Workload): string | undefined {
  const { current } = workload;
  return current === undefined ? undefined : seen.find((each) => each.number < current.number)?.podTemplateHash;
}

import type { Flow } from "./flow.ts";

/**
 * True when a person has paused all action since it was last looked at, perhaps through another replica: what was decided before must
 * not be done, and is decided again.
 */
export async function isPausedMeanwhile({ edges }: Pick<Flow, "edges">): Promise<boolean> {
  const before = edges.governorState?.();
  await edges.readGovernorState?.();
  const after = edges.governorState?.();
  return after?.pause !== undefined && before?.pause === undefined;
}

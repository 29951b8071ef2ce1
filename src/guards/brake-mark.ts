/** Annotation on a workload whose rollout we paused: JSON with the guard, since when, and the command that releases it. */
export const brakedBy = "rearguard.dev/braked-by";

/** The guard whose brake these annotations speak of, if any. */
export function brakingGuard(annotations: Readonly<Record<string, string>> | undefined): string | undefined {
  const mark = annotations?.[brakedBy];
  if (mark === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(mark);
    const guard = typeof parsed === "object" && parsed !== null && "guard" in parsed ? parsed.guard : undefined;
    return typeof guard === "string" ? guard : undefined;
  } catch {
    // Somebody wrote something else there: then it is not our brake.
    return undefined;
  }
}

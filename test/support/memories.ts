import type { Memory } from "../../src/actions/tell/target.ts";

/** What one target keeps for each guard, as the Guards would. */
export function memories() {
  const kept = new Map<string, string>();
  return {
    kept,
    of: (guard: string): Memory => ({ handle: kept.get(guard), keep: (handle) => kept.set(guard, handle) }),
  };
}

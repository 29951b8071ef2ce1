import type { Reason } from "../reason.ts";

/** A person ordered it: evidence is not asked for. */
export function isOrdered(because: readonly Reason[]): boolean {
  return because.some(({ code }) => code === "ordered");
}

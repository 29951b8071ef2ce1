import type { Entry } from "../entry.ts";
import type { Ms } from "../model.ts";
import type { Reason } from "../reason.ts";

/** The last environment hold of a signal that was written down before `at`: it binds, whatever is folded again. */
export function environmentHold(
  entries: readonly Entry[],
  signal: string,
  at: Ms,
): { readonly at: Ms; readonly because: Reason } | undefined {
  for (const entry of entries.toReversed()) {
    if (entry.kind !== "held" || entry.at >= at) continue;
    const because = entry.because.find((reason) => reason.code === "environment" && reason.signal === signal);
    if (because !== undefined) return { at: entry.at, because };
  }
  return undefined;
}

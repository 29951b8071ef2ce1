import { z } from "zod";
import type { Ms } from "../model.ts";
import { duration } from "./duration.ts";

const day = 86_400_000;

export const pods = z
  .strictObject({
    restarts: z.int().min(1).max(1000).default(2).describe("A container of a new pod that restarted this often is a crash loop."),
    stuckFor: duration(1, day).prefault("2m").describe("How long a new pod may be stuck (image pull, configuration, scheduling)."),
    oomKills: z
      .int()
      .min(1)
      .max(1000)
      .default(2)
      .describe("So many new pods that ran out of memory (OOMKilled) are the revision's fault; a smaller workload needs all of its pods."),
    notReadyFor: duration(1, day)
      .prefault("2m")
      .describe("How long a new pod that was ready may not be ready although its containers run."),
    readyWithin: duration(1, day)
      .optional()
      .describe(
        "How long a new pod may take to become ready once it was created or restarted; without it only the progress deadline limits that.",
      ),
  })
  .describe("State of the new pods; needs no metric and has no statistical bound.");

export interface PodsSignal {
  readonly kind: "pods";
  readonly restarts: number;
  readonly stuckForMs: Ms;
  readonly oomKills: number;
  readonly notReadyForMs: Ms;
  /** Absent: as long as the progress deadline allows. */
  readonly readyWithinMs?: Ms;
}

export function podsSignalOf({ restarts, stuckFor, oomKills, notReadyFor, readyWithin }: z.output<typeof pods>): PodsSignal {
  const start = readyWithin === undefined ? {} : { readyWithinMs: readyWithin };
  return { kind: "pods", restarts, stuckForMs: stuckFor, oomKills, notReadyForMs: notReadyFor, ...start };
}

import { z } from "zod";
import type { Ms } from "../model.ts";
import { duration } from "./duration.ts";
import { percent } from "./ratio.ts";
import { told } from "./told.ts";

const minute = 60_000;
const hour = 60 * minute;
const asked = ["cpu", "memory", "memoryFullWithin"] as const;

export const resources = z
  .strictObject({
    cpu: percent(0, 1).optional().describe("Share of its CPU limit that a container of a new pod may use."),
    memory: percent(0, 1).optional().describe("Share of its memory limit that a container of a new pod may use."),
    for: duration(0, 24 * hour)
      .prefault("5m")
      .describe("How long cpu or memory must be above its share before it counts."),
    memoryFullWithin: duration(10 * minute, 7 * 24 * hour)
      .optional()
      .describe("Memory that grows so steadily that it reaches its limit within this time is a leak."),
    warmUp: duration(0, 6 * hour)
      .prefault("5m")
      .describe("What a new container does in this time says nothing of its CPU, nor of how its memory grows."),
    source: z
      .enum(["prometheus", "metrics-api"])
      .default("prometheus")
      .describe("Who tells the use: cAdvisor's metrics in Prometheus, or the metrics API, which keeps no history."),
  })
  .superRefine((written, context) => {
    if (asked.some((key) => written[key] !== undefined)) return;
    context.addIssue({ code: "custom", message: told("nothing is asked", `at least one of ${asked.join(", ")}`) });
  })
  .meta({ anyOf: asked.map((key) => ({ required: [key] })) })
  .describe("CPU and memory of each container against its limits; a plain rule. At least one of cpu, memory and memoryFullWithin.");

/** A leak must be seen for this part of `memoryFullWithin`: 12 min of 1 h. */
export function seenForMs(fullWithinMs: Ms): Ms {
  return fullWithinMs / 5;
}

export interface ResourcesSignal {
  readonly kind: "resources";
  /** Shares of the container's limit, 0–1; null: not judged. */
  readonly cpu: number | null;
  readonly memory: number | null;
  readonly forMs: Ms;
  /** Null: growth is not judged. */
  readonly fullWithinMs: Ms | null;
  readonly warmUpMs: Ms;
  readonly source: "prometheus" | "metrics-api";
}

export function resourcesSignalOf(written: z.output<typeof resources>): ResourcesSignal {
  const { cpu = null, memory = null, for: forMs, memoryFullWithin: fullWithinMs = null, warmUp: warmUpMs, source } = written;
  return { kind: "resources", cpu, memory, forMs, fullWithinMs, warmUpMs, source };
}

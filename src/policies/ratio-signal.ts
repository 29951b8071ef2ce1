import { z } from "zod";
import { labelName } from "./label-name.ts";
import { percent, worseTimes } from "./ratio.ts";
import { type MetricSelector, parseSelector } from "./selector.ts";

const selector = z
  .string()
  .min(1)
  .max(1000)
  .meta({ examples: ['orders_total{kind="paid"}'] });

export const ratio = z
  .strictObject({
    bad: selector.describe("Counter of what went wrong, with label matchers where needed; absent beside total it counts as 0."),
    total: selector.describe("Counter of everything, from the same process as bad."),
    podLabel: labelName.default("pod").describe("Label that carries the pod's name: pod, exported_pod, kubernetes_pod_name …"),
    limit: percent(0, 0.99).describe("Share of total that may be bad."),
    worseThanOld: worseTimes().prefault("1.5x"),
  })
  .superRefine(...readableSelectors())
  .describe("Two counters of each pod, new against limit and against old: bad may be at most a share of total.");

export interface RatioSignal {
  readonly kind: "ratio";
  readonly bad: MetricSelector;
  readonly total: MetricSelector;
  readonly podLabel: string;
  readonly limit: number;
  readonly worseThanOld: number;
}

export function ratioSignalOf({ bad, total, ...rest }: z.output<typeof ratio>): RatioSignal {
  return { kind: "ratio", ...rest, bad: selectorOf(bad, rest.podLabel), total: selectorOf(total, rest.podLabel) };
}

/** Of a text that the schema has read. */
function selectorOf(text: string, podLabel: string): MetricSelector {
  const parsed = parseSelector(text, addedLabels(podLabel));
  if ("problem" in parsed) throw new TypeError("A ratio signal with a broken selector was not read through signalSchema.");
  return parsed;
}

/** `pod` too where the pods' names stand elsewhere: it is then a label of the scrape and means another pod. */
function addedLabels(podLabel: string): readonly string[] {
  return ["namespace", "pod", podLabel];
}

/** Refines `ratio`: both selectors, by the label that carries the pod's name. */
function readableSelectors() {
  const refine = (value: { bad: string; total: string; podLabel: string }, context: z.RefinementCtx): void => {
    for (const key of ["bad", "total"] as const) {
      const parsed = parseSelector(value[key], addedLabels(value.podLabel));
      if ("problem" in parsed) context.addIssue({ code: "custom", path: [key], message: parsed.problem });
    }
  };
  // Beside other problems too, so that all are told at once.
  const when = ({ value }: z.core.ParsePayload): boolean =>
    typeof value === "object" &&
    value !== null &&
    ["bad", "total"].every((key) => typeof (value as Record<string, unknown>)[key] === "string");
  return [refine, { when }] as const;
}

import { z } from "zod";
import type { Ms } from "../model.ts";
import { duration } from "./duration.ts";
import { labelName } from "./label-name.ts";

const day = 86_400_000;
const text = z.string().min(1).max(200);

export const alert = z
  .strictObject({
    names: z.array(text).min(1).max(100).describe("Any of these alertnames; * stands for any text."),
    labels: z.record(labelName, text).optional().describe("All of these labels of the alert; * stands for any text."),
    for: duration(0, day).prefault("0s").describe("How long it must have been firing before it counts, beside what its own rule waits."),
    after: duration(0, day)
      .prefault("1m")
      .describe("One that begins sooner after the start of the rollout is not laid to it: its rule still looks at the time before."),
    from: z
      .strictObject({
        namespace: labelName.default("namespace").describe("Label that names the namespace."),
        workload: labelName
          .optional()
          .describe("Label that names the workload; deployment, statefulset, daemonset or workload unless told."),
        pod: labelName.default("pod").describe("Label that names a pod, where none names the workload."),
      })
      .prefault({})
      .describe("Which labels of an alert say whom it is about."),
  })
  .describe("Alerts that Alertmanager posts about this workload while the guard is open; judged by rules of others, without a bound.");

/** Which labels of an alert name whom it is about. */
export interface AlertLabels {
  readonly namespace: string;
  /** Absent: the usual ones. */
  readonly workload?: string;
  readonly pod: string;
}

export interface AlertSignal {
  readonly kind: "alert";
  readonly names: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly forMs: Ms;
  readonly afterMs: Ms;
  readonly from: AlertLabels;
}

export function alertSignalOf({ names, labels = {}, for: forMs, after: afterMs, from }: z.output<typeof alert>): AlertSignal {
  const { workload, ...rest } = from;
  return { kind: "alert", names, labels, forMs, afterMs, from: workload === undefined ? rest : { ...rest, workload } };
}

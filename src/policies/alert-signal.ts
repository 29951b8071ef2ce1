import { z } from "zod";
import type { Ms } from "../model.ts";
import { duration } from "./duration.ts";
import { labelName } from "./label-name.ts";

const day = 86_400_000;
const text = z.string().min(1).max(200);

const names = z.array(text).min(1).max(100).describe("Any of these alertnames; * stands for any text.");
const labels = z.record(labelName, text).optional().describe("All of these labels of the alert; * stands for any text.");
const firingFor = duration(0, day)
  .prefault("0s")
  .describe("How long it must have been firing before it counts, beside what its own rule waits.");
const from = z
  .strictObject({
    namespace: labelName.default("namespace").describe("Label that names the namespace."),
    workload: labelName.optional().describe("Label that names the workload; deployment, statefulset, daemonset or workload unless told."),
    pod: labelName.default("pod").describe("Label that names a pod, where none names the workload."),
  })
  .prefault({})
  .describe("Which labels of an alert say whom it is about.");

/** Which alerts are meant, and whom they are about: alike wherever a policy asks for alerts. */
export const alertSelection = { names, labels, for: firingFor, from };

export const alert = z
  .strictObject({
    names,
    labels,
    for: firingFor,
    after: duration(0, day)
      .prefault("1m")
      .describe("One that begins sooner after the start of the rollout is not laid to it: its rule still looks at the time before."),
    from,
  })
  .describe("Alerts that Alertmanager posts about this workload while the guard is open; judged by rules of others, without a bound.");

/** Which labels of an alert name whom it is about. */
export interface AlertLabels {
  readonly namespace: string;
  /** Absent: the usual ones. */
  readonly workload?: string;
  readonly pod: string;
}

/** Which alerts are asked for. */
export interface AlertWanted {
  readonly names: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly forMs: Ms;
  readonly from: AlertLabels;
}

export interface AlertSignal extends AlertWanted {
  readonly kind: "alert";
  readonly afterMs: Ms;
}

export function alertSignalOf({ after, ...wanted }: z.output<typeof alert>): AlertSignal {
  return { kind: "alert", ...alertWantedOf(wanted), afterMs: after };
}

export function alertWantedOf(written: Omit<z.output<typeof alert>, "after">): AlertWanted {
  const { workload, ...rest } = written.from;
  return {
    names: written.names,
    labels: written.labels ?? {},
    forMs: written.for,
    from: workload === undefined ? rest : { ...rest, workload },
  };
}

// What every kind of policy has: its name, whom it is for, and whether it acts.
import { z } from "zod";
import { named, told } from "./told.ts";

const dnsLabel = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const labelAllowed = "lower-case letters, digits and -, at most 63";

/** A name such as Kubernetes takes for a label; `what` is what it names. */
export function nameOf(what: string) {
  return z.string().regex(dnsLabel, { error: ({ input }) => told(`${named(input)} cannot name ${what}`, labelAllowed) });
}

export function metadataOf(what: string) {
  return z.strictObject({ name: nameOf(what) });
}

const glob = z.string().regex(/^[a-z0-9*]([a-z0-9.*-]*[a-z0-9*])?$/, {
  error: ({ input }) => told(`${named(input)} is no Kubernetes name`, "lower-case letters, digits, . and -; * stands for any text"),
});

const labelKey = z
  .string()
  .regex(/^([a-z0-9.-]+\/)?[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?$/, { error: ({ input }) => told(`${named(input)} is no Kubernetes label`) });
const labelValue = z.string().regex(/^([A-Za-z0-9]([\w.-]*[A-Za-z0-9])?)?$/, {
  error: ({ input }) =>
    told(`${named(input)} is no value of a label`, "letters, digits, ., _ and -; labels are compared whole, * is not read"),
});

/** Which workloads a policy of any kind is for. */
export const matchSchema = z.strictObject({
  namespaces: z.array(glob).min(1).optional().describe("Any of these; * stands for any text."),
  labels: z.record(labelKey, labelValue).optional().describe("All of these labels of the workload, exactly."),
  kinds: z
    .array(z.enum(["Deployment", "StatefulSet", "DaemonSet"]))
    .min(1)
    .optional()
    .describe("Any of these kinds."),
  names: z.array(glob).min(1).optional().describe("Any of these names; * stands for any text."),
});

export const modeSchema = z
  .enum(["observe", "enforce"], {
    error: ({ input }) =>
      input === "approve"
        ? told("approve is not built yet", "observe or enforce", "approval comes with a later version; observe tells without acting")
        : told(`${named(input)} is no mode`, "observe or enforce"),
  })
  .default("observe");

import { z } from "zod";
import { RearguardError } from "../errors.ts";
import { duration } from "./duration.ts";
import { jsonSchemaOf } from "./json-schema.ts";
import { matchSchema, metadataOf, modeSchema } from "./kind.ts";
import { problemsOf } from "./place.ts";
import { renderProblem } from "./problem.ts";
import { conditionsSchema } from "./remediation-conditions.ts";
import { type Step, stepOf, stepsSchema } from "./remediation-steps.ts";
import { triggerSchema } from "./remediation-trigger.ts";

const minute = 60_000;

const spec = z.strictObject({
  match: matchSchema.describe(
    "Which workloads; all given keys must hold, {} is every workload. Where several answer one alert, the most specific wins.",
  ),
  mode: modeSchema.describe("observe: tell what would be done, change nothing. enforce: do it."),
  on: triggerSchema,
  when: conditionsSchema.optional().describe("All of these must hold before anything is done."),
  do: stepsSchema,
  verify: z
    .strictObject({
      within: duration(1000, 24 * 60 * minute)
        .prefault("10m")
        .describe("So long a step has to help; then the next one is up."),
    })
    .prefault({})
    .describe("A step has helped when the alert is over; without an alert, when the conditions hold no more."),
});

/** A policy for a workload without a rollout to blame. Input is what people write; encoding gives the written form back. */
export const remediationSchema = z
  .strictObject({
    apiVersion: z.literal("rearguard.dev/v1alpha1"),
    kind: z.literal("Remediation"),
    metadata: metadataOf("a remediation"),
    spec,
  })
  .meta({ title: "Rearguard remediation", description: "What is done about a workload that is in trouble without a rollout to blame." });

export type Remediation = z.output<typeof remediationSchema>;
export type WrittenRemediation = z.input<typeof remediationSchema>;

export function stepsOf(remediation: Remediation): readonly Step[] {
  return remediation.spec.do.map(stepOf);
}

/** In the language it was written in, defaults filled in: plain JSON for a Guard. */
export function storeRemediation(remediation: Remediation): WrittenRemediation {
  return z.encode(remediationSchema, remediation);
}

/** Of a form that `storeRemediation` made. Throws POLICY_INVALID on anything else. */
export function storedRemediation(stored: unknown): Remediation {
  const parsed = remediationSchema.safeParse(stored);
  if (parsed.success) return parsed.data;
  const document = { value: stored, at: () => ({ line: 0, column: 0 }) };
  const problems = problemsOf(parsed.error.issues, document, "stored remediation", jsonSchemaOf(remediationSchema));
  throw new RearguardError("POLICY_INVALID", problems.map(renderProblem).join("; "));
}

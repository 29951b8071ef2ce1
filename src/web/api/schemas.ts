import { z } from "zod";
import { finalPhases, type Phase } from "../../entry.ts";
import type { GuardLine, HistoryLine } from "../guard-view.ts";
import type { RemediationLine } from "../remediation-view.ts";

/** Schemas that have a name in the OpenAPI document. */
export const named = z.registry<{ id: string }>();

export const phases = ["pending", "observing", "breached", "acting", "verifying", ...finalPhases] as const satisfies readonly Phase[];

const instant = z.iso.datetime();

export const failure = z
  .object({
    error: z.string().describe("One sentence: what is wrong."),
    hint: z.string().optional().describe("What helps."),
  })
  .register(named, { id: "Failure" });

export const guardLine = z
  .object({
    name: z.string(),
    namespace: z.string(),
    workload: z.string().describe("Such as deployment/web."),
    revision: z.int(),
    oldRevision: z.int().nullable(),
    policy: z.string(),
    mode: z.string(),
    phase: z.enum(phases),
    braked: z.boolean(),
    message: z.string().describe("What happened last and why."),
    evidence: z.number().nullable().describe("Against the new revision, 1 is none; null when the guard has ended."),
    evidenceNeeded: z.number(),
    evidenceMode: z.enum(["burn", "fast", "independent"]),
    openedAt: instant,
  })
  .register(named, { id: "GuardLine" }) satisfies z.ZodType<GuardLine>;

/** Of a guard without a rollout. */
export const remediationLine = z
  .object({
    name: z.string(),
    namespace: z.string(),
    workload: z.string().describe("Such as deployment/web."),
    trigger: z.enum(["alert", "schedule", "manual"]).describe("What opened it."),
    policy: z.string(),
    mode: z.string(),
    phase: z.enum(phases),
    message: z.string().describe("What happened last and why."),
    openedAt: instant,
    step: z.int().describe("Which step is up, from 1."),
    steps: z.array(z.string()).describe("What the policy does, in its order."),
  })
  .register(named, { id: "RemediationLine" }) satisfies z.ZodType<RemediationLine>;

export const historyLine = z
  .object({
    seq: z.int(),
    at: instant,
    kind: z.string(),
    phase: z.enum(phases).describe("After this entry."),
    braked: z.boolean(),
    message: z.string(),
    words: z.array(z.string()).describe("The reasons, a sentence each."),
  })
  .register(named, { id: "HistoryLine" }) satisfies z.ZodType<Omit<HistoryLine, "kind">>;

/** Of ours, as it is: its shape may grow. */
const anything = z
  .custom<object>((value) => typeof value === "object" && value !== null && !Array.isArray(value))
  .meta({ type: "object", additionalProperties: true });

export const wholeGuard = guardLine
  .extend({
    record: anything.describe("As it is written down."),
    signals: z.record(z.string(), anything).describe("By signal, while the guard is open."),
    verdicts: z.array(anything),
    history: z.array(historyLine),
  })
  .register(named, { id: "Guard" });

export const wholeRemediation = remediationLine
  .extend({
    record: anything.describe("As it is written down."),
    conditions: z
      .array(z.object({ condition: z.string(), state: z.enum(["holds", "soon", "not", "unknown"]), words: z.array(z.string()) }))
      .describe("As they stand now, while the guard is open."),
    history: z.array(historyLine),
  })
  .register(named, { id: "Remediation" });

export const guardList = z
  .object({ guards: z.array(z.union([guardLine, remediationLine])).describe("Newest first.") })
  .register(named, { id: "GuardList" });

/** What people write: one line with something in it. Its length is part of the pattern, because JSON Schema counts characters, and zod their halves. */
export const why = z
  .string({ error: "the reason is missing" })
  // oxlint-disable-next-line no-control-regex
  .regex(/^[^\x00-\x1f\x7f]{1,300}$/u, "the reason is one line of at most 300 characters")
  // oxlint-disable-next-line no-control-regex
  .regex(/[^\x00-\x20\x7f]/u, "the reason is empty")
  .describe("Why, in one line: it is recorded and told.");

/** Of the order: repeated under the same id it is the same order. */
const orderId = z
  .string()
  .regex(/^[\w.:-]{1,64}$/, "an id is made of letters, digits, _, ., : and -, at most 64")
  .describe("Of the order: the same id again is the same order, and nothing is done twice. Made up where it is left out.");

export const commandBody = z
  .strictObject({
    kind: z.enum(["abort", "undo", "cancel"]).describe("abort: end the guard. undo: roll back now. cancel: do not do what was announced."),
    reason: why,
    id: orderId.optional(),
  })
  .register(named, { id: "CommandBody" });

export const commandTaken = z
  .object({
    guard: z.string(),
    command: z.object({ id: z.string(), kind: z.enum(["abort", "undo", "cancel"]), by: z.string(), reason: z.string() }),
    again: z.boolean().describe("It was written down before."),
  })
  .register(named, { id: "CommandTaken" });

export const remediateBody = z
  .strictObject({
    remediation: z.string().min(1).describe("Name of the policy of kind Remediation."),
    workload: z
      .strictObject({ namespace: z.string().min(1), kind: z.enum(["Deployment", "StatefulSet", "DaemonSet"]), name: z.string().min(1) })
      .optional()
      .describe("Left out: every workload that the remediation matches."),
    reason: why,
    id: orderId.optional(),
  })
  .register(named, { id: "RemediateBody" });

export const remediateTaken = z
  .object({
    id: z.string().describe("Of the order."),
    guards: z.array(
      z.object({
        guard: z.string(),
        outcome: z
          .enum(["opened", "exists", "busy"])
          .describe("exists: the same person ordered it under this id before. busy: one for this workload is open."),
      }),
    ),
  })
  .register(named, { id: "RemediateTaken" });

export const pauseBody = z.strictObject({ reason: why }).register(named, { id: "PauseBody" });

export const pauseState = z
  .object({
    paused: z.boolean(),
    by: z.string().optional(),
    reason: z.string().optional(),
    since: instant.optional(),
    readAt: instant.describe("When this instance last read it."),
  })
  .register(named, { id: "PauseState" });

const policyLine = z
  .object({
    name: z.string(),
    mode: z.string(),
    file: z.string(),
    line: z.int(),
    match: anything.describe("As written."),
    workloads: z.object({
      count: z.int().describe("Workloads it is for."),
      names: z.array(z.string()).describe("At most 100 of them."),
    }),
  })
  .register(named, { id: "PolicyLine" });

export const policyList = z
  .object({
    policies: z.array(policyLine).describe("Each workload is guarded by the most specific one."),
    remediations: z.array(policyLine).describe("Each with all workloads that it matches."),
    unguarded: z.int().describe("Workloads that no policy matches, or that are taken out by annotation."),
    problems: z.array(z.string()).describe("Of the last edit; the policies above are the last good set then. Empty when all is well."),
  })
  .register(named, { id: "PolicyList" });

export const namePath = z.strictObject({ name: z.string().min(1) });

const digits = (value: unknown) => (typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : value);

export const guardFilter = z.strictObject({
  phase: z.enum(phases).optional().describe("Only guards in this phase."),
  namespace: z
    .string()
    .regex(/^[a-z0-9-]{1,63}$/, "a namespace is made of a-z, 0-9 and -, at most 63")
    .optional()
    .describe("Only guards of this namespace."),
  limit: z.preprocess(digits, z.int().min(1).max(1000)).optional().describe("At most so many, the newest ones."),
});

export const openApiDocument = anything.describe("OpenAPI 3.1.");

import { z } from "zod";
import type { GuardAlert } from "../alert.ts";
import type { Baseline } from "../guards/guard.ts";
import type { JobMemory } from "../judging/job.ts";
import type { ProbeMemory } from "../judging/probe.ts";
import { type Entry, finalPhases, type Phase } from "../entry.ts";
import type { BlockAudit, PodState, Rollout } from "../model.ts";
import type { RemediationEntry, Trigger } from "../remediation.ts";

export const guardKind = {
  group: "rearguard.dev",
  version: "v1alpha1",
  plural: "guards",
  singular: "guard",
  kind: "Guard",
  shortNames: ["grd"],
} as const;

/** Label by which the guards of one workload are found. */
export const workloadUidLabel = "rearguard.dev/workload-uid";

const phases = ["pending", "observing", "breached", "acting", "verifying", ...finalPhases] as const satisfies readonly Phase[];

/**
 * Data of ours whose shape is model.ts' alone: the API server keeps it as it is, so that a newer Rearguard may add to it.
 * Only what reading depends on is looked at here.
 */
function ours<T>(description: string, has: (value: Readonly<Record<string, unknown>>) => boolean) {
  const check = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value) && has({ ...value });
  return z.custom<T>(check).meta({ description, type: "object", "x-kubernetes-preserve-unknown-fields": true });
}

const entry = ours<Entry>("One line of the record.", (it) => {
  return Number.isInteger(it["seq"]) && typeof it["at"] === "number" && typeof it["kind"] === "string";
});
const pod = ours<PodState>("A pod this guard has seen.", (it) => typeof it["uid"] === "string" && Array.isArray(it["containers"]));
const baseline = ours<Baseline>("Counts of one signal before the rollout.", (it) => typeof it["total"] === "number");
const probe = ours<ProbeMemory>("Calls of one probe that a restart must know.", (it) => Array.isArray(it["failures"]));
const job = ours<JobMemory>("The Job of one smoke test.", (it) => typeof it["startedAt"] === "number");
const alert = ours<GuardAlert>("One firing of an alert.", (it) => typeof it["startsAt"] === "number" && typeof it["labels"] === "object");
const block = ours<BlockAudit>("One judged block with its arithmetic.", (it) => typeof it["at"] === "number");
const rollout = ours<Omit<Rollout, "workload">>("The passage from the old revision to the new.", (it) => {
  return typeof it["new"] === "object" && typeof it["templateDigest"] === "string" && typeof it["startedAt"] === "number";
});

const workload = z
  .object({ namespace: z.string(), kind: z.enum(["Deployment", "StatefulSet", "DaemonSet"]), name: z.string(), uid: z.string() })
  .describe("What is guarded.");

export const guardSpec = z
  .object({
    workload,
    rollout,
    policy: ours<Readonly<Record<string, unknown>>>(
      "The policy as it was when the guard opened; it stays this guard's policy.",
      () => true,
    ),
    openedAt: z.iso.datetime().describe("When the guard opened."),
  })
  .describe("Snapshot from the opening; never changed.");

export const guardStatus = z
  .object({
    phase: z.enum(phases).describe("Follows from the entries."),
    braked: z.boolean().describe("Whether Rearguard has paused the rollout."),
    message: z.string().describe("What happened last and why."),
    evidence: z.number().describe("Evidence against the new revision; 1 is none."),
    revision: z.int().min(0).describe("Number of the revision under guard."),
    updatedAt: z.iso.datetime(),
    entries: z.array(entry).describe("Append-only record; phases follow from these alone."),
    pods: z.array(pod).describe("Every pod seen, gone ones too."),
    baselines: z.record(z.string(), baseline).describe("By signal."),
    probes: z.record(z.string(), probe).optional().describe("By signal; absent without probes."),
    jobs: z.record(z.string(), job).optional().describe("By signal; absent without smoke tests."),
    alerts: z.record(z.string(), z.array(alert)).optional().describe("By signal; absent without alerts."),
    audit: z.record(z.string(), z.array(block)).describe("Blocks at brake, breach and end by signal, capped."),
    handles: z
      .record(z.string(), z.string())
      .optional()
      .describe("What receivers of messages call their thing for this guard, by receiver."),
    toldThrough: z.int().min(0).describe("Messages before this entry have been handed to every receiver."),
  })
  .describe("Phases and decisions, written at transitions.");

/** A Guard as the API server gives it. Created in two steps, so `status` may be absent for a moment. */
export const guardObject = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string(), uid: z.string(), resourceVersion: z.string() }),
  spec: guardSpec,
  status: guardStatus.optional(),
});

const remedyEntry = ours<RemediationEntry>("One line of the record.", (it) => {
  return Number.isInteger(it["seq"]) && typeof it["at"] === "number" && typeof it["kind"] === "string";
});
const trigger = ours<Trigger>("What opened a guard without a rollout.", (it) => typeof it["kind"] === "string");

/** The same resource for a guard without a rollout: `trigger` in place of `rollout`. */
export const remediationSpec = z
  .object({ ...guardSpec.omit({ rollout: true }).shape, trigger })
  .describe("Snapshot from the opening; never changed. Either a rollout or a trigger.");

export const remediationStatus = z.object({
  ...guardStatus.pick({ phase: true, message: true, updatedAt: true, handles: true, toldThrough: true }).shape,
  entries: z.array(remedyEntry).describe("Append-only record; phases follow from these alone."),
  firings: z.array(alert).describe("Of a guard without a rollout: every firing of an alert that it answers."),
});

export const remediationObject = z.object({
  ...guardObject.pick({ metadata: true }).shape,
  spec: remediationSpec,
  status: remediationStatus.optional(),
});

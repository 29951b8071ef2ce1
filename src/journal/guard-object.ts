import { z } from "zod";
import { RearguardError } from "../errors.ts";
import type { GuardRecord, GuardSummary } from "../guards/guard.ts";
import type { BlockAudit, PodState } from "../model.ts";
import { storedPolicy, storePolicy } from "../policies/policy.ts";
import { redact } from "../redact.ts";
import { guardKind, guardObject, workloadUidLabel } from "./guard-schema.ts";
import type { guardSpec, guardStatus } from "./guard-schema.ts";

export type GuardStatus = z.output<typeof guardStatus>;

/** A Guard as it is written; the server adds the rest of `metadata`. */
export interface GuardObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: z.output<typeof guardSpec>;
  readonly status: GuardStatus;
}

export interface StoredGuard {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly record: GuardRecord;
  /** Absent while the guard was created but its first status was not written. */
  readonly summary?: GuardSummary;
}

/** The API server takes 1.5 MiB for an object; the rest is for what others add (managedFields). */
export const mostBytes = 1_000_000;

/** The custom resource of a record, at most about 1 MiB: the audit is cut first, then the words of pods. Entries are never cut. */
export function guardObjectOf(record: GuardRecord, summary: GuardSummary): GuardObject {
  const { workload, ...rollout } = record.rollout;
  const policy = storePolicy(record.policy);
  const whole: GuardObject = {
    apiVersion: `${guardKind.group}/${guardKind.version}`,
    kind: guardKind.kind,
    metadata: { name: record.name, namespace: record.namespace, labels: { [workloadUidLabel]: workload.uid } },
    spec: { workload, rollout, policy: { ...policy }, openedAt: new Date(record.openedAt).toISOString() },
    status: {
      phase: summary.phase,
      braked: summary.braked,
      message: summary.message,
      // Four digits are what a person reads; the exact figure is in the entries and folded again from the metrics.
      evidence: Number(summary.evidence.toPrecision(4)),
      revision: record.rollout.new.number,
      updatedAt: new Date(summary.updatedAt).toISOString(),
      entries: [...record.entries],
      pods: [...record.pods],
      baselines: { ...record.baselines },
      ...(record.probes === undefined ? {} : { probes: { ...record.probes } }),
      ...(record.jobs === undefined ? {} : { jobs: { ...record.jobs } }),
      ...(record.alerts === undefined
        ? {}
        : { alerts: Object.fromEntries(Object.entries(record.alerts).map(([signal, alerts]) => [signal, [...alerts]])) }),
      audit: Object.fromEntries(Object.entries(record.audit).map(([signal, blocks]) => [signal, [...blocks]])),
      toldThrough: record.toldThrough,
      ...(record.handles === undefined ? {} : { handles: { ...record.handles } }),
    },
  };
  return fit(cleaned(whole));
}

/**
 * Reads a Guard back; entries, pods, baselines and audit come back exactly.
 * @returns a sentence when it is not one of ours: another version's, or edited by hand.
 */
export function readGuardObject(raw: unknown): StoredGuard | string {
  const parsed = guardObject.safeParse(raw);
  if (!parsed.success) return z.prettifyError(parsed.error).replaceAll("\n", " ");
  const { metadata, spec, status } = parsed.data;
  const { uid, resourceVersion, name, namespace } = metadata;
  try {
    const record: GuardRecord = {
      name,
      namespace,
      openedAt: Date.parse(spec.openedAt),
      rollout: { workload: spec.workload, ...spec.rollout },
      policy: storedPolicy(spec.policy),
      entries: status?.entries ?? [],
      pods: status?.pods ?? [],
      baselines: status?.baselines ?? {},
      ...(status?.probes === undefined ? {} : { probes: status.probes }),
      ...(status?.jobs === undefined ? {} : { jobs: status.jobs }),
      ...(status?.alerts === undefined ? {} : { alerts: status.alerts }),
      audit: status?.audit ?? {},
      toldThrough: status?.toldThrough ?? 0,
      ...(status?.handles === undefined ? {} : { handles: status.handles }),
    };
    if (status === undefined) return { uid, resourceVersion, record };
    const { phase, braked, message, evidence } = status;
    return { uid, resourceVersion, record, summary: { phase, braked, message, evidence, updatedAt: Date.parse(status.updatedAt) } };
  } catch (error) {
    if (error instanceof RearguardError) return `its policy cannot be read: ${error.message.replaceAll("\n", " ")}`;
    throw error;
  }
}

/** JSON knows no infinity (it would become null and be refused), and words from pods and servers may hold secrets. */
function cleaned(guard: GuardObject): GuardObject {
  const replacer = (key: string, value: unknown) => {
    if (value === Number.POSITIVE_INFINITY) return Number.MAX_VALUE;
    return (key === "message" || key === "detail") && typeof value === "string" ? redact(value) : value;
  };
  return JSON.parse(JSON.stringify(guard, replacer)) as GuardObject;
}

function fit(guard: GuardObject): GuardObject {
  let fitted = guard;
  for (let most = 1024; bytesOf(fitted) > mostBytes && most >= 1; most = Math.floor(most / 2)) {
    fitted = withStatus(fitted, { audit: mapValues(fitted.status.audit, (blocks) => newest(blocks, most)) });
  }
  if (bytesOf(fitted) > mostBytes) fitted = withStatus(fitted, { audit: {}, pods: fitted.status.pods.map(withoutWords) });
  return fitted;
}

function withStatus(guard: GuardObject, status: Partial<GuardStatus>): GuardObject {
  return { ...guard, status: { ...guard.status, ...status } };
}

function newest(blocks: readonly BlockAudit[], most: number): BlockAudit[] {
  return blocks.slice(-most);
}

function withoutWords(pod: PodState): PodState {
  const containers = pod.containers.map((container) =>
    container.waiting === undefined ? container : { ...container, waiting: { ...container.waiting, message: "" } },
  );
  return { ...pod, containers };
}

function mapValues<T>(record: Readonly<Record<string, T>>, map: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

function bytesOf(guard: GuardObject): number {
  return new TextEncoder().encode(JSON.stringify(guard)).length;
}

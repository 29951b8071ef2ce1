import { z } from "zod";
import { RearguardError } from "../errors.ts";
import type { GuardSummary } from "../guards/guard.ts";
import { openRemediation, type RemediationRecord } from "../guards/remediation/record.ts";
import { storedRemediation, storeRemediation } from "../policies/remediation.ts";
import { redact } from "../redact.ts";
import { guardKind, remediationObject, workloadUidLabel } from "./guard-schema.ts";
import type { remediationSpec, remediationStatus } from "./guard-schema.ts";

export type RemediationStatus = z.output<typeof remediationStatus>;

/** A Guard of a remediation as it is written; the server adds the rest of `metadata`. */
export interface RemediationObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: z.output<typeof remediationSpec>;
  readonly status: RemediationStatus;
}

export interface StoredRemediation {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly record: RemediationRecord;
  readonly summary?: GuardSummary;
}

export function remediationObjectOf(record: RemediationRecord, summary: GuardSummary): RemediationObject {
  const { workload, trigger } = record;
  const whole: RemediationObject = {
    apiVersion: `${guardKind.group}/${guardKind.version}`,
    kind: guardKind.kind,
    metadata: { name: record.name, namespace: record.namespace, labels: { [workloadUidLabel]: workload.uid } },
    spec: { workload, trigger, policy: { ...storeRemediation(record.policy) }, openedAt: new Date(record.openedAt).toISOString() },
    status: {
      phase: summary.phase,
      message: summary.message,
      updatedAt: new Date(summary.updatedAt).toISOString(),
      entries: [...record.entries],
      firings: [...record.alerts],
      toldThrough: record.toldThrough,
      ...(record.handles === undefined ? {} : { handles: { ...record.handles } }),
    },
  };
  return cleaned(whole);
}

/** Reads one back exactly. @returns a sentence when it is not one of ours: another version's, or edited by hand. */
export function readRemediationObject(raw: unknown): StoredRemediation | string {
  const parsed = remediationObject.safeParse(raw);
  if (!parsed.success) return z.prettifyError(parsed.error).replaceAll("\n", " ");
  const { metadata, spec, status } = parsed.data;
  const { uid, resourceVersion, name, namespace } = metadata;
  try {
    const { workload, trigger } = spec;
    const opened = openRemediation({ name, workload, trigger, policy: storedRemediation(spec.policy) }, Date.parse(spec.openedAt));
    // Its maker stopped between the two writes of the opening: it goes on from what opened it.
    if (status === undefined) return { uid, resourceVersion, record: opened };
    const { phase, message, updatedAt, entries, firings, toldThrough, handles } = status;
    const record: RemediationRecord = {
      ...opened,
      namespace,
      entries,
      alerts: firings,
      toldThrough,
      ...(handles === undefined ? {} : { handles }),
    };
    return { uid, resourceVersion, record, summary: { phase, braked: false, message, evidence: 1, updatedAt: Date.parse(updatedAt) } };
  } catch (error) {
    if (error instanceof RearguardError) return `its policy cannot be read: ${error.message.replaceAll("\n", " ")}`;
    throw error;
  }
}

/** JSON knows no infinity, and words from pods and servers may hold secrets. */
function cleaned(object: RemediationObject): RemediationObject {
  const replacer = (key: string, value: unknown) => {
    if (value === Number.POSITIVE_INFINITY) return Number.MAX_VALUE;
    return (key === "message" || key === "detail" || key === "summary") && typeof value === "string" ? redact(value) : value;
  };
  return JSON.parse(JSON.stringify(object, replacer)) as RemediationObject;
}

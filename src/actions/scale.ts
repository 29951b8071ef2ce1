import type { KubernetesApi } from "../clients/kubernetes/api.ts";
import { lastWriterOf } from "../clients/kubernetes/field-writer.ts";
import { dig, number, text } from "../clients/kubernetes/raw.ts";
import type { RawObject } from "../clients/kubernetes/raw.ts";
import { kedaTarget, targetsWorkload } from "../clients/kubernetes/scale-target.ts";
import { scalerNames } from "../explain/effect.ts";
import { explainReason } from "../explain/reason.ts";
import type { EffectReason } from "../reason/effect.ts";
import type { WorkloadRef } from "../model.ts";
import type { Remedy, ScaleOwner } from "../remediation.ts";
import { refused } from "./attempt.ts";
import type { Result, Tries } from "./attempt.ts";
import { appsPath, getOrGone, isResult, readDeployment } from "./deployment.ts";
import type { PatchOp } from "./json-patch.ts";
import type { Edges } from "./write.ts";
import { asWanted, write } from "./write.ts";

type Scale = Extract<Remedy, { kind: "scale" }>;
type Autoscaler = Extract<ScaleOwner, { name: string }>;

/** The number that decides how many pods there are at least, as it stands now. */
interface Count {
  /** Where it is written. */
  readonly path: string;
  readonly uid: string;
  /** Of `spec`; of the Scale where the workload decides itself. */
  readonly field: "replicas" | "minReplicas" | "minReplicaCount";
  readonly value: number | null;
  /** What it may be at most, and the field that says so. */
  readonly max?: { readonly field: string; readonly value: number | null; readonly pods: number };
  /** Somebody scaled the workload to 0. With KEDA that is its everyday way to rest, and switches nothing off. */
  readonly isOff: boolean;
  /** What it is called in a sentence. */
  readonly called: string;
  /** The object as read. */
  readonly raw: RawObject;
}

/** What KEDA takes where a ScaledObject is silent. */
const kedaMax = 100;

/**
 * Changes how many pods there are where that is decided: at the workload, or as the least that its autoscaler keeps. Refused where the
 * number is not the one that was read: whoever changed it meanwhile wins. Never to 0, and never over an autoscaler's maximum.
 */
export async function scale(edges: Edges, action: Scale, tries: Tries): Promise<Result> {
  const count = await readCount(edges.api, action);
  if (isResult(count)) return count;
  const { from, to } = action;
  const { value, max, called } = count;
  if (value === to) return asWanted(tries, `${called} is ${inWords(to)}`);
  if (value !== from) return changedBySomebody(count, action);
  if (count.isOff && action.purpose === "remedy")
    return limitation(`${action.workload.name} has 0 pods: what somebody switched off stays off`);
  if (isToNothing(action)) return limitation("nothing is ever scaled to 0");
  if (isDown(action)) return limitation("a remedy never scales down");
  if (max !== undefined && to !== null && to > max.pods) return overMaximum(action, max.pods);
  return write(edges, count.path, patchOf(count, to), `${called} is changed from ${inWords(from)} to ${inWords(to)}`, tries);
}

async function readCount(api: Pick<KubernetesApi, "get">, { workload, owner }: Scale): Promise<Count | Result> {
  const live = await readDeployment(api, workload);
  if (isResult(live)) return live;
  const isOff = live.replicas === 0;
  if (owner.kind !== "workload") return readBound(api, workload, owner, isOff);
  const path = `${appsPath(workload.namespace, "deployments", workload.name)}/scale`;
  const called = `the number of pods of ${workload.name}`;
  return { path, uid: live.uid, field: "replicas", value: live.replicas, isOff, called, raw: live.raw };
}

async function readBound(
  api: Pick<KubernetesApi, "get">,
  workload: WorkloadRef,
  owner: Autoscaler,
  isOff: boolean,
): Promise<Count | Result> {
  const isHpa = owner.kind === "hpa";
  const of = isHpa ? "/apis/autoscaling/v2" : "/apis/keda.sh/v1alpha1";
  const path = `${of}/namespaces/${workload.namespace}/${isHpa ? "horizontalpodautoscalers" : "scaledobjects"}/${owner.name}`;
  const raw = await getOrGone(api, path);
  const called = `${scalerNames[owner.kind]} ${owner.name}`;
  if (raw === undefined || dig(raw, "metadata", "deletionTimestamp") !== undefined) return conflict(`${called} is gone`);
  const uid = text(dig(raw, "metadata", "uid"));
  if (uid !== owner.uid) return conflict(`another ${scalerNames[owner.kind]} is called ${owner.name} now`);
  if (!targetsWorkload(raw, workload, isHpa ? {} : kedaTarget)) return conflict(`${called} does not scale ${workload.name} any more`);
  const field = isHpa ? "minReplicas" : "minReplicaCount";
  const maxField = isHpa ? "maxReplicas" : "maxReplicaCount";
  const max = number(dig(raw, "spec", maxField)) ?? null;
  return {
    path,
    uid,
    field,
    value: number(dig(raw, "spec", field)) ?? null,
    max: { field: maxField, value: max, pods: max ?? kedaMax },
    isOff: isHpa && isOff,
    called: `${field} of ${called}`,
    raw,
  };
}

/** A `test` for null passes where the field is absent. The maximum is tested too: below it nothing may be lost to a lower one. */
function patchOf({ uid, field, value, max }: Count, to: number | null): readonly PatchOp[] {
  const path = `/spec/${field}`;
  const isChanged =
    to === null ? ({ op: "remove", path } as const) : ({ op: value === null ? "add" : "replace", path, value: to } as const);
  return [
    { op: "test", path: "/metadata/uid", value: uid },
    { op: "test", path, value },
    ...(max === undefined ? [] : [{ op: "test", path: `/spec/${max.field}`, value: max.value } as const]),
    isChanged,
  ];
}

function isDown({ from, to, purpose }: Scale): boolean {
  return purpose === "remedy" && from !== null && to !== null && to < from;
}

/** An autoscaler's least of 0, or none, is put back where it was so before us. */
function isToNothing({ owner, to, purpose }: Scale): boolean {
  if (to !== null && to > 0) return false;
  return owner.kind === "workload" || purpose === "remedy";
}

function changedBySomebody({ field, value, called, raw }: Count, { from, purpose }: Scale): Result {
  const who = lastWriterOf(raw, field)?.manager;
  const since = purpose === "restore" ? "which is what was set" : "as it was when this was decided";
  return conflict(`${called} is ${inWords(value)}${who === undefined ? "" : ` by ${who}`}, not ${inWords(from)}, ${since}; it is left so`);
}

function overMaximum({ owner, from, to }: Scale, max: number): Result {
  if (owner.kind === "workload") return conflict("its autoscaler is gone");
  const because: EffectReason = { code: "at-maximum", owner: owner.kind, name: owner.name, max, least: from, wanted: to ?? 0 };
  return refused(explainReason(because), because);
}

function conflict(detail: string): Result {
  return refused(detail, { code: "conflict", detail });
}

function limitation(detail: string): Result {
  return refused(detail, { code: "limitation", detail });
}

function inWords(value: number | null): string {
  return value === null ? "not set" : String(value);
}

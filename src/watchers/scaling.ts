import type { KubernetesApi } from "../clients/kubernetes/api.ts";
import { hasStatus } from "../clients/kubernetes/kubernetes-error.ts";
import { dig, number, objects, strings, text } from "../clients/kubernetes/raw.ts";
import type { RawObject } from "../clients/kubernetes/raw.ts";
import { kedaTarget, targetsWorkload } from "../clients/kubernetes/scale-target.ts";
import { sentence } from "../errors.ts";
import type { WorkloadRef } from "../model.ts";
import type { Scaling } from "../remediation.ts";
import { ownerMarks } from "./ownership.ts";

/** Why nobody may scale: without a sure answer nothing is assumed. */
type Problem = { readonly problem: string };
type Bound = Pick<Scaling, "owner" | "least">;

/** Never rejects: what cannot be asked is a problem too. */
export type ReadScaling = (workload: WorkloadRef) => Promise<Scaling | Problem>;

/** What KEDA takes where a ScaledObject is silent. */
const kedaMax = 100;
const pausedByHand = ["autoscaling.keda.sh/paused-replicas", "autoscaling.keda.sh/paused"];

/** Asks the cluster how many pods a workload has, and who decides that. */
export function createScalingReader({ api }: { readonly api: Pick<KubernetesApi, "get" | "list"> }): ReadScaling {
  return async (workload) => {
    try {
      return await read(api, workload);
    } catch (error) {
      // What may not be seen must not count as not there; the server's words name the right.
      const isRefused = hasStatus(error, 403) || hasStatus(error, 401);
      const why = isRefused ? "a right of deploy/rbac/remediate.yaml is missing: " : "";
      return { problem: `how many pods it has, and who decides that, is not known: ${why}${sentence(error)}` };
    }
  };
}

async function read(api: Pick<KubernetesApi, "get" | "list">, workload: WorkloadRef): Promise<Scaling | Problem> {
  const { namespace, kind, name } = workload;
  if (kind !== "Deployment") return { problem: `Rearguard cannot scale a ${kind} yet` };
  const inNamespace = (group: string, resource: string) => `/apis/${group}/namespaces/${namespace}/${resource}`;
  const [scale, hpas, scaledObjects] = await Promise.all([
    orWhenUnknown(undefined, api.get(`${inNamespace("apps/v1", "deployments")}/${name}/scale`)),
    api.list(inNamespace("autoscaling/v2", "horizontalpodautoscalers")),
    // A cluster without KEDA does not know the kind.
    orWhenUnknown([], api.list(inNamespace("keda.sh/v1alpha1", "scaledobjects"))),
  ]);
  if (scale === undefined) return { problem: "it no longer exists" };
  if (dig(scale, "metadata", "uid") !== workload.uid) return { problem: "another Deployment has its name now" };
  const replicas = number(dig(scale, "spec", "replicas")) ?? 0;
  const found = boundOf(
    hpas.filter((hpa) => targetsWorkload(hpa, workload)),
    scaledObjects.filter((scaled) => targetsWorkload(scaled, workload, kedaTarget)),
  );
  if (found === undefined) return { owner: { kind: "workload" }, replicas, least: replicas };
  return "problem" in found ? found : { ...found, replicas };
}

/** Undefined where nothing but the workload itself says how many pods it has. */
function boundOf(hpas: readonly RawObject[], scaledObjects: readonly RawObject[]): Bound | Problem | undefined {
  if (hpas.length > 1) return { problem: `more than one HorizontalPodAutoscaler scales it: ${hpas.map(nameOf).join(", ")}` };
  if (scaledObjects.length > 1) return { problem: `more than one ScaledObject scales it: ${scaledObjects.map(nameOf).join(", ")}` };
  const [hpa] = hpas;
  const [scaled] = scaledObjects;
  const parent = hpa === undefined ? undefined : scaledObjectOf(hpa);
  if (hpa !== undefined && parent === undefined) {
    if (scaled === undefined) return hpaBound(hpa);
    return { problem: `both HorizontalPodAutoscaler ${nameOf(hpa)} and ScaledObject ${nameOf(scaled)} scale it` };
  }
  if (parent !== undefined && (scaled === undefined || nameOf(scaled) !== parent)) {
    return { problem: `its HorizontalPodAutoscaler belongs to ScaledObject ${parent}, which does not scale it` };
  }
  // KEDA writes its HPA again after any change, so the ScaledObject is the one to ask, also before it has made an HPA.
  return scaled === undefined ? undefined : kedaBound(scaled);
}

function hpaBound(hpa: RawObject): Bound | Problem {
  const [name, uid, max] = [nameOf(hpa), text(dig(hpa, "metadata", "uid")), number(dig(hpa, "spec", "maxReplicas"))];
  if (uid === undefined || max === undefined) return { problem: `HorizontalPodAutoscaler ${name} cannot be read` };
  const least = number(dig(hpa, "spec", "minReplicas")) ?? null;
  return undoneBy(hpa, "autoscaling", "HorizontalPodAutoscaler") ?? { owner: { kind: "hpa", name, uid, max }, least };
}

function kedaBound(scaled: RawObject): Bound | Problem {
  const [name, uid, max] = [
    nameOf(scaled),
    text(dig(scaled, "metadata", "uid")),
    number(dig(scaled, "spec", "maxReplicaCount")) ?? kedaMax,
  ];
  if (uid === undefined) return { problem: `ScaledObject ${name} cannot be read` };
  const paused = pausedByHand.find((key) => strings(dig(scaled, "metadata", "annotations"))[key] !== undefined);
  if (paused !== undefined) return { problem: `ScaledObject ${name} is paused by the annotation ${paused}` };
  const least = number(dig(scaled, "spec", "minReplicaCount")) ?? null;
  return undoneBy(scaled, "keda.sh", "ScaledObject") ?? { owner: { kind: "keda", name, uid, max }, least };
}

/** Whoever made this autoscaler and would make it so again. Helm writes only when somebody calls it. */
function undoneBy(scaler: RawObject, group: string, kind: string): Problem | undefined {
  const mark = ownerMarks(scaler, kind, group).find((each) => each.kind !== "helm" && each.kind !== "flux-helm");
  if (mark === undefined) return undefined;
  return { problem: `${kind} ${nameOf(scaler)} belongs to ${mark.name} (${mark.mark}), which would undo a change` };
}

/** Name of the ScaledObject that made this HPA. */
function scaledObjectOf(hpa: RawObject): string | undefined {
  const owners = objects(dig(hpa, "metadata", "ownerReferences"));
  const keda = owners.find((owner) => owner["kind"] === "ScaledObject" && (text(owner["apiVersion"]) ?? "").startsWith("keda.sh/"));
  return text(keda?.["name"]);
}

async function orWhenUnknown<Found, Else>(otherwise: Else, asked: Promise<Found>): Promise<Found | Else> {
  try {
    return await asked;
  } catch (error) {
    if (hasStatus(error, 404)) return otherwise;
    throw error;
  }
}

function nameOf(object: RawObject): string {
  return text(dig(object, "metadata", "name")) ?? "";
}

import { controllerOf, dig, objects, strings, text } from "../clients/kubernetes/raw.ts";
import type { RawObject } from "../clients/kubernetes/raw.ts";
import type { OwnerMark } from "../model.ts";

type Labels = Readonly<Record<string, string>>;

/** Who else believes to own a raw workload, or what scales it (docs/operations.md); empty when nobody does. `group`: of its API. */
export function ownerMarks(workload: RawObject, kind: string, group = "apps"): readonly OwnerMark[] {
  const labels = strings(dig(workload, "metadata", "labels"));
  const annotations = strings(dig(workload, "metadata", "annotations"));
  const flux = [
    ...fluxMark("flux-kustomization", "kustomize.toolkit.fluxcd.io", labels),
    ...fluxMark("flux-helm", "helm.toolkit.fluxcd.io", labels),
  ];
  // Flux installs by Helm's own library, which leaves Helm's own marks.
  const helm = flux.some((mark) => mark.kind === "flux-helm") ? [] : helmMark(labels, annotations);
  return [
    ...argoMark(workload, `${group}/${kind}`, labels, annotations),
    ...flux,
    ...helm,
    ...rolloutsMark(annotations),
    ...controllerMark(workload),
  ];
}

/** A copied manifest carries the tracking id of its original, and Helm charts set the instance label too: neither is a mark. */
function argoMark(workload: RawObject, groupAndKind: string, labels: Labels, annotations: Labels): readonly OwnerMark[] {
  const key = "argocd.argoproj.io/tracking-id";
  const [app, of, rest] = splitTrackingId(annotations[key] ?? "");
  const namespace = text(dig(workload, "metadata", "namespace")) ?? "";
  const name = text(dig(workload, "metadata", "name")) ?? "";
  if (app !== "" && of === groupAndKind && rest === `${namespace}/${name}`) {
    return [{ kind: "argocd", name: app, mark: `annotation ${key}` }];
  }
  const managers = objects(dig(workload, "metadata", "managedFields")).map((entry) => entry["manager"]);
  if (!managers.includes("argocd-controller")) return [];
  return [{ kind: "argocd", name: labels["app.kubernetes.io/instance"] ?? "unknown", mark: "field manager argocd-controller" }];
}

/** `<app>:<group>/<kind>:<namespace>/<name>`. */
function splitTrackingId(id: string): readonly [string, string, string] {
  const [app = "", group = "", rest = ""] = id.split(":");
  return [app, group, rest];
}

function fluxMark(kind: "flux-kustomization" | "flux-helm", prefix: string, labels: Labels): readonly OwnerMark[] {
  const name = labels[`${prefix}/name`];
  const namespace = labels[`${prefix}/namespace`];
  return name === undefined || namespace === undefined ? [] : [{ kind, name: `${namespace}/${name}`, mark: `label ${prefix}/name` }];
}

function helmMark(labels: Labels, annotations: Labels): readonly OwnerMark[] {
  const release = annotations["meta.helm.sh/release-name"];
  const namespace = annotations["meta.helm.sh/release-namespace"];
  if (labels["app.kubernetes.io/managed-by"] !== "Helm" || release === undefined || namespace === undefined) return [];
  return [{ kind: "helm", name: `${namespace}/${release}`, mark: "annotation meta.helm.sh/release-name" }];
}

function rolloutsMark(annotations: Labels): readonly OwnerMark[] {
  const key = "rollout.argoproj.io/revision";
  return annotations[key] === undefined ? [] : [{ kind: "argo-rollouts", name: `revision ${annotations[key]}`, mark: `annotation ${key}` }];
}

function controllerMark(workload: RawObject): readonly OwnerMark[] {
  const owner = controllerOf(workload);
  if (owner === undefined) return [];
  const kind = text(owner["kind"]) ?? "unknown";
  const group = (text(owner["apiVersion"]) ?? "").split("/")[0] ?? "";
  const name = text(owner["name"]) ?? "unknown";
  return [{ kind: ownerKind(group, kind), name, mark: `controller ownerReference ${kind}/${name}` }];
}

function ownerKind(group: string, kind: string): OwnerMark["kind"] {
  if (group === "argoproj.io" && kind === "Rollout") return "argo-rollouts";
  return group === "flagger.app" && kind === "Canary" ? "flagger" : "controller";
}

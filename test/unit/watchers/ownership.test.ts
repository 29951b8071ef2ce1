import { expect, it } from "vitest";
import { ownerMarks } from "../../../src/watchers/ownership.ts";

const tracking = "argocd.argoproj.io/tracking-id";
const helm = {
  labels: { "app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/instance": "shop" },
  annotations: { "meta.helm.sh/release-name": "shop", "meta.helm.sh/release-namespace": "prod" },
};
const fluxHelm = { "helm.toolkit.fluxcd.io/name": "shop", "helm.toolkit.fluxcd.io/namespace": "flux" };
const controlledBy = (apiVersion: string, kind: string) => ({
  ownerReferences: [{ apiVersion, kind, name: "boss", uid: "u", controller: true }],
});

const rows: readonly [string, Readonly<Record<string, unknown>>, readonly string[]][] = [
  ["a bare Deployment is nobody's", {}, []],
  ["Argo CD's tracking id that names this object", { annotations: { [tracking]: "shop:apps/Deployment:prod/shop" } }, ["argocd shop"]],
  [
    "Argo CD's application in another namespace",
    { annotations: { [tracking]: "argo_shop:apps/Deployment:prod/shop" } },
    ["argocd argo_shop"],
  ],
  ["a tracking id copied from another object", { annotations: { [tracking]: "shop:apps/Deployment:prod/shop-old" } }, []],
  ["a tracking id copied from another namespace", { annotations: { [tracking]: "shop:apps/Deployment:dev/shop" } }, []],
  ["a tracking id of another kind", { annotations: { [tracking]: "shop:apps/StatefulSet:prod/shop" } }, []],
  ["the instance label alone, which Helm charts set too", { labels: { "app.kubernetes.io/instance": "shop" } }, []],
  [
    "the instance label with Argo CD as field manager",
    { labels: { "app.kubernetes.io/instance": "shop" }, managedFields: [{ manager: "argocd-controller" }] },
    ["argocd shop"],
  ],
  ["kubectl as field manager", { managedFields: [{ manager: "kubectl-client-side-apply" }] }, []],
  ["Helm by hand", helm, ["helm prod/shop"]],
  ["Helm's label without its annotations", { labels: helm.labels }, []],
  ["Helm's annotations without its label", { annotations: helm.annotations }, []],
  [
    "a Flux Kustomization",
    { labels: { "kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux" } },
    ["flux-kustomization flux/apps"],
  ],
  ["a Flux HelmRelease, which bears Helm's marks too", { ...helm, labels: { ...helm.labels, ...fluxHelm } }, ["flux-helm flux/shop"]],
  ["a Flagger Canary", controlledBy("flagger.app/v1beta1", "Canary"), ["flagger boss"]],
  ["an Argo Rollout", controlledBy("argoproj.io/v1alpha1", "Rollout"), ["argo-rollouts boss"]],
  ["the annotation of Argo Rollouts", { annotations: { "rollout.argoproj.io/revision": "4" } }, ["argo-rollouts revision 4"]],
  ["any other controller", controlledBy("example.com/v1", "Database"), ["controller boss"]],
  ["an owner that is no controller", { ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: "boss", uid: "u" }] }, []],
  [
    "two owners at once",
    { ...helm, annotations: { ...helm.annotations, [tracking]: "shop:apps/Deployment:prod/shop" } },
    ["argocd shop", "helm prod/shop"],
  ],
];

it.each(rows)("%s", (_, metadata, expected) => {
  const marks = ownerMarks({ metadata: { name: "shop", namespace: "prod", uid: "u", ...metadata } }, "Deployment");

  expect(marks.map((mark) => `${mark.kind} ${mark.name}`)).toEqual(expected);
  expect(marks.every((mark) => mark.mark !== "")).toBe(true);
});

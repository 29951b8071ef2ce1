import { expect, test } from "vitest";
import { lastWriterOf } from "../../../src/clients/kubernetes/field-writer.ts";
import { targetsWorkload } from "../../../src/clients/kubernetes/scale-target.ts";

const wrote = (manager: string, time: string, field: string, subresource?: string) => ({
  manager,
  time,
  fieldsV1: { "f:spec": { [`f:${field}`]: {} } },
  ...(subresource === undefined ? {} : { subresource }),
});
const [first, second] = ["2026-11-23T14:00:00Z", "2026-11-23T14:00:01Z"];

test.each<[what: string, managedFields: readonly object[], manager: string | undefined]>([
  ["the last of two", [wrote("helm", first, "replicas"), wrote("kubectl", second, "replicas")], "kubectl"],
  ["whoever wrote it by the scale subresource", [wrote("helm", first, "replicas"), wrote("hpa", second, "replicas", "scale")], "hpa"],
  ["nobody who wrote only a status", [wrote("helm", first, "replicas"), wrote("hpa", second, "replicas", "status")], "helm"],
  ["nobody who wrote another field", [wrote("helm", first, "replicas"), wrote("kubectl", second, "template")], "helm"],
  ["nobody where two wrote in one second", [wrote("helm", first, "replicas"), wrote("kubectl", first, "replicas")], undefined],
  ["nobody where the server does not tell", [], undefined],
])("the writer of the count is %s", (_what, managedFields, manager) => {
  expect(lastWriterOf({ metadata: { managedFields } }, "replicas")?.manager).toBe(manager);
});

const keda = { apiVersion: "apps/v1", kind: "Deployment" };

test.each<[what: string, target: object | undefined, silent: object, isOurs: boolean]>([
  ["by group, kind and name", { apiVersion: "apps/v1", kind: "Deployment", name: "web" }, {}, true],
  ["in another version of the group", { apiVersion: "apps/v1beta2", kind: "Deployment", name: "web" }, {}, true],
  ["in another group", { apiVersion: "argoproj.io/v1alpha1", kind: "Deployment", name: "web" }, {}, false],
  ["of another kind", { apiVersion: "apps/v1", kind: "StatefulSet", name: "web" }, {}, false],
  ["of another name", { apiVersion: "apps/v1", kind: "Deployment", name: "api" }, {}, false],
  ["by name alone, as an HPA may not", { name: "web" }, {}, false],
  ["by name alone, as a ScaledObject may", { name: "web" }, keda, true],
  ["not at all", undefined, keda, false],
])("an autoscaler whose target is named %s", (_what, scaleTargetRef, silent, isOurs) => {
  expect(targetsWorkload({ spec: { scaleTargetRef } }, { kind: "Deployment", name: "web" }, silent)).toBe(isOurs);
});

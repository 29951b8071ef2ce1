import { isObject } from "../object.ts";
import type { JsonObject, KubeObject, LabelSelector, Labels } from "../object.ts";
import { storageKey } from "../resource-type.ts";
import type { ResourceType } from "../resource-type.ts";
import { isSame } from "../same.ts";
import { matchesSelector } from "../selector.ts";
import { invalid, invalidValue, requiredValue } from "../status.ts";
import type { Cause } from "../status.ts";
import { validateBySchema } from "./schema-validation.ts";

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const subdomainSays =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/** Throws 422 with every wrong field. `current` is what an update replaces. */
export function validate(type: ResourceType, object: KubeObject, current?: KubeObject): void {
  const causes = [...nameCauses(object), ...specCauses(type, object, current)];
  if (causes.length > 0) throw invalid(type.group === "events.k8s.io" ? { ...type, group: "" } : type, object.metadata.name, causes);
}

function nameCauses(object: KubeObject): Cause[] {
  const { name } = object.metadata;
  if (name === "") return [requiredValue("metadata.name", "name or generateName is required")];
  return subdomain.test(name) && name.length <= 253 ? [] : [invalidValue("metadata.name", name, subdomainSays)];
}

function specCauses(type: ResourceType, object: KubeObject, current: KubeObject | undefined): Cause[] {
  if (type.custom) return validateBySchema(type.custom.schema, object, "");
  const spec = isObject(object["spec"]) ? object["spec"] : {};
  switch (storageKey(type)) {
    case "apps/deployments":
      return [...workloadCauses(spec, current), ...strategyCauses(spec)];
    case "apps/replicasets":
      return workloadCauses(spec, current);
    case "/pods":
      return containerCauses(spec, "spec");
    case "batch/jobs":
      return jobCauses(spec);
    case "autoscaling/horizontalpodautoscalers":
      return autoscalerCauses(spec);
    case "policy/poddisruptionbudgets":
      return budgetCauses(spec);
    case "/events":
      return eventCauses(object);
    case "coordination.k8s.io/leases":
      return leaseCauses(spec);
    case "apiextensions.k8s.io/customresourcedefinitions":
      return definitionCauses(object.metadata.name, spec);
    default:
      return [];
  }
}

function jobCauses(spec: JsonObject): Cause[] {
  const podSpec = isObject(spec["template"]) && isObject(spec["template"]["spec"]) ? spec["template"]["spec"] : {};
  const policy = podSpec["restartPolicy"];
  const causes = containerCauses(podSpec, "spec.template.spec");
  if (policy !== "Never" && policy !== "OnFailure") {
    causes.push(invalidValue("spec.template.spec.restartPolicy", policy, 'supported values: "OnFailure", "Never"'));
  }
  return causes;
}

function autoscalerCauses(spec: JsonObject): Cause[] {
  const [min, max] = [Number(spec["minReplicas"]), Number(spec["maxReplicas"] ?? 0)];
  const target = isObject(spec["scaleTargetRef"]) ? spec["scaleTargetRef"] : {};
  return [
    ...(min < 1 ? [invalidValue("spec.minReplicas", min, "must be greater than or equal to 1")] : []),
    ...(max < 1 ? [invalidValue("spec.maxReplicas", max, "must be greater than 0")] : []),
    ...(max < min ? [invalidValue("spec.maxReplicas", max, "must be greater than or equal to `minReplicas`")] : []),
    ...["kind", "name"].filter((key) => !target[key]).map((key) => requiredValue(`spec.scaleTargetRef.${key}`)),
  ];
}

function budgetCauses(spec: JsonObject): Cause[] {
  const isOver = spec["minAvailable"] !== undefined && spec["maxUnavailable"] !== undefined;
  return isOver ? [invalidValue("spec", spec, "minAvailable and maxUnavailable cannot be both set")] : [];
}

function workloadCauses(spec: JsonObject, current: KubeObject | undefined): Cause[] {
  const selector = spec["selector"] as LabelSelector | undefined;
  const template = isObject(spec["template"]) ? spec["template"] : {};
  const labels = (isObject(template["metadata"]) ? template["metadata"]["labels"] : undefined) as Labels | undefined;
  const causes: Cause[] = [];
  for (const field of ["replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"]) {
    const value = spec[field];
    if (typeof value === "number" && value < 0) causes.push(invalidValue(`spec.${field}`, value, "must be greater than or equal to 0"));
  }
  if (!selector) causes.push(requiredValue("spec.selector"));
  if (!matchesSelector(selector, labels)) {
    causes.push(invalidValue("spec.template.metadata.labels", labels, "`selector` does not match template `labels`"));
  }
  causes.push(...containerCauses(isObject(template["spec"]) ? template["spec"] : {}, "spec.template.spec"));
  const before = isObject(current?.["spec"]) ? current["spec"]["selector"] : selector;
  if (!isSame(before, selector)) causes.push(invalidValue("spec.selector", selector, "field is immutable"));
  return causes;
}

function containerCauses(spec: JsonObject, path: string): Cause[] {
  const containers = Array.isArray(spec["containers"]) ? spec["containers"].filter(isObject) : [];
  if (containers.length === 0) return [requiredValue(`${path}.containers`)];
  return containers.flatMap((container, index) =>
    ["name", "image"].filter((key) => !container[key]).map((key) => requiredValue(`${path}.containers[${index}].${key}`)),
  );
}

function strategyCauses(spec: JsonObject): Cause[] {
  const strategy = isObject(spec["strategy"]) ? spec["strategy"] : {};
  const limits = isObject(strategy["rollingUpdate"]) ? strategy["rollingUpdate"] : undefined;
  const isZero = (value: unknown) => value === 0 || value === "0%";
  if (strategy["type"] === "Recreate" && limits) {
    return [
      {
        reason: "FieldValueForbidden",
        message: "Forbidden: may not be specified when strategy `type` is 'Recreate'",
        field: "spec.strategy.rollingUpdate",
      },
    ];
  }
  if (!limits || !isZero(limits["maxSurge"]) || !isZero(limits["maxUnavailable"])) return [];
  return [invalidValue("spec.strategy.rollingUpdate.maxUnavailable", limits["maxUnavailable"], "may not be 0 when `maxSurge` is 0")];
}

function eventCauses(object: KubeObject): Cause[] {
  const about = isObject(object["involvedObject"]) ? object["involvedObject"]["namespace"] : undefined;
  const namespace = object.metadata.namespace ?? "";
  // One with an eventTime is of the new kind, whichever group it comes by.
  const asked = { reportingController: "reportingComponent", reportingInstance: "reportingInstance", action: "action", reason: "reason" };
  const missing = Object.entries(asked)
    .filter(([, key]) => object["eventTime"] && !object[key])
    .map(([field]) => requiredValue(field));
  // An event about an object of the whole cluster lives in `default`.
  if (about === namespace || (about === undefined && namespace === "default")) return missing;
  return [...missing, invalidValue("involvedObject.namespace", about ?? "", "does not match event.namespace")];
}

function leaseCauses(spec: JsonObject): Cause[] {
  const seconds = spec["leaseDurationSeconds"];
  const transitions = spec["leaseTransitions"];
  const causes: Cause[] = [];
  if (typeof seconds === "number" && seconds <= 0)
    causes.push(invalidValue("spec.leaseDurationSeconds", seconds, "must be greater than 0"));
  if (typeof transitions === "number" && transitions < 0) {
    causes.push(invalidValue("spec.leaseTransitions", transitions, "must be greater than or equal to 0"));
  }
  return causes;
}

function definitionCauses(name: string, spec: JsonObject): Cause[] {
  const names = isObject(spec["names"]) ? spec["names"] : {};
  const wanted = `${String(names["plural"])}.${String(spec["group"])}`;
  return name === wanted ? [] : [invalidValue("metadata.name", name, `must be spec.names.plural+"."+spec.group`)];
}

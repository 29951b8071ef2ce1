import { isObject, textOf } from "../object.ts";
import type { JsonObject, KubeObject } from "../object.ts";
import { storageKey } from "../resource-type.ts";
import type { ResourceType } from "../resource-type.ts";
import { defaultFromSchema } from "./schema.ts";
import { defaultPod, defaultPodSpec } from "./pod-defaults.ts";

/** Fills in what the API server of 1.37 fills in. Changes the object. */
export function applyDefaults(type: ResourceType, object: KubeObject): void {
  if (type.custom) return defaultFromSchema(type.custom.schema, object);
  switch (storageKey(type)) {
    case "apps/deployments":
      return defaultDeployment(specOf(object));
    case "apps/replicasets":
      return defaultReplicaSet(specOf(object), object);
    case "batch/jobs":
      return defaultJob(specOf(object));
    case "autoscaling/horizontalpodautoscalers":
      return defaultAutoscaler(specOf(object));
    case "/pods":
      return defaultPod(specOf(object));
    case "/services":
      return defaultService(specOf(object), object);
    case "/namespaces":
      object.metadata.labels = { ...object.metadata.labels, "kubernetes.io/metadata.name": object.metadata.name };
      object["spec"] ??= { finalizers: ["kubernetes"] };
      object["status"] ??= { phase: "Active" };
      return;
    case "/secrets":
      object["type"] ??= "Opaque";
      return;
    case "/events":
      return defaultEvent(object);
    case "apiextensions.k8s.io/customresourcedefinitions":
      return defaultDefinition(specOf(object));
  }
}

function specOf(object: KubeObject): JsonObject {
  const spec = isObject(object["spec"]) ? object["spec"] : {};
  object["spec"] = spec;
  return spec;
}

function defaultTemplate(spec: JsonObject): void {
  const template = isObject(spec["template"]) ? spec["template"] : {};
  spec["template"] = template;
  // An empty stamp of older clients; the server has left it out since 1.34.
  const { creationTimestamp: _, ...metadata } = isObject(template["metadata"]) ? template["metadata"] : {};
  template["metadata"] = metadata;
  const podSpec = isObject(template["spec"]) ? template["spec"] : {};
  template["spec"] = podSpec;
  defaultPodSpec(podSpec);
}

function defaultDeployment(spec: JsonObject): void {
  spec["replicas"] ??= 1;
  defaultTemplate(spec);
  const strategy = isObject(spec["strategy"]) ? spec["strategy"] : {};
  spec["strategy"] = strategy;
  strategy["type"] ??= "RollingUpdate";
  if (strategy["type"] === "RollingUpdate") {
    const limits = isObject(strategy["rollingUpdate"]) ? strategy["rollingUpdate"] : {};
    strategy["rollingUpdate"] = limits;
    limits["maxUnavailable"] ??= "25%";
    limits["maxSurge"] ??= "25%";
  }
  spec["revisionHistoryLimit"] ??= 10;
  spec["progressDeadlineSeconds"] ??= 600;
  // omitempty: a false or 0 is not written.
  if (spec["paused"] === false) delete spec["paused"];
  if (spec["minReadySeconds"] === 0) delete spec["minReadySeconds"];
}

function defaultReplicaSet(spec: JsonObject, object: KubeObject): void {
  spec["replicas"] ??= 1;
  defaultTemplate(spec);
  if (spec["minReadySeconds"] === 0) delete spec["minReadySeconds"];
  object["status"] ??= { replicas: 0 };
}

function defaultJob(spec: JsonObject): void {
  spec["parallelism"] ??= 1;
  spec["completions"] ??= 1;
  spec["backoffLimit"] ??= 6;
  spec["completionMode"] ??= "NonIndexed";
  spec["suspend"] ??= false;
  defaultTemplate(spec);
}

function defaultAutoscaler(spec: JsonObject): void {
  spec["minReplicas"] ??= 1;
  spec["metrics"] ??= [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } }];
}

function defaultService(spec: JsonObject, object: KubeObject): void {
  for (const port of Array.isArray(spec["ports"]) ? spec["ports"].filter(isObject) : []) {
    port["protocol"] ??= "TCP";
    port["targetPort"] ??= port["port"];
  }
  spec["type"] ??= "ClusterIP";
  spec["sessionAffinity"] ??= "None";
  spec["ipFamilies"] ??= ["IPv4"];
  spec["ipFamilyPolicy"] ??= "SingleStack";
  spec["internalTrafficPolicy"] ??= "Cluster";
  object["status"] ??= { loadBalancer: {} };
}

function defaultEvent(object: KubeObject): void {
  object["source"] ??= {};
  object["firstTimestamp"] ??= null;
  object["lastTimestamp"] ??= null;
  object["eventTime"] ??= null;
  object["reportingComponent"] ??= "";
  object["reportingInstance"] ??= "";
}

function defaultDefinition(spec: JsonObject): void {
  const names = isObject(spec["names"]) ? spec["names"] : {};
  const kind = textOf(names["kind"]);
  names["singular"] ??= kind.toLowerCase();
  names["listKind"] ??= `${kind}List`;
  spec["conversion"] ??= { strategy: "None" };
}

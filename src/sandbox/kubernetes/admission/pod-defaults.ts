import { isObject } from "../object.ts";
import type { JsonObject } from "../object.ts";

/** Fills in what the API server fills in for `spec.template.spec` and a pod's own `spec`. Changes `spec`. */
export function defaultPodSpec(spec: JsonObject): void {
  for (const container of objects(spec["containers"])) defaultContainer(container);
  for (const container of objects(spec["initContainers"])) defaultContainer(container);
  for (const volume of objects(spec["volumes"])) defaultVolume(volume);
  spec["restartPolicy"] ??= "Always";
  spec["terminationGracePeriodSeconds"] ??= 30;
  spec["dnsPolicy"] ??= "ClusterFirst";
  if (typeof spec["serviceAccountName"] === "string") spec["serviceAccount"] ??= spec["serviceAccountName"];
  spec["securityContext"] ??= {};
  spec["schedulerName"] ??= "default-scheduler";
}

/** Defaults a pod gets and a template does not. */
export function defaultPod(spec: JsonObject): void {
  defaultPodSpec(spec);
  const forFiveMinutes = { operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 };
  spec["tolerations"] ??= ["not-ready", "unreachable"].map((key) => ({ key: `node.kubernetes.io/${key}`, ...forFiveMinutes }));
  spec["priority"] ??= 0;
  spec["enableServiceLinks"] ??= true;
  spec["preemptionPolicy"] ??= "PreemptLowerPriority";
}

function defaultContainer(container: JsonObject): void {
  for (const port of objects(container["ports"])) port["protocol"] ??= "TCP";
  for (const variable of objects(container["env"])) {
    const from = isObject(variable["valueFrom"]) ? variable["valueFrom"]["fieldRef"] : undefined;
    if (isObject(from)) from["apiVersion"] ??= "v1";
  }
  for (const probe of ["livenessProbe", "readinessProbe", "startupProbe"]) {
    const found = container[probe];
    if (isObject(found)) defaultProbe(found);
  }
  container["resources"] ??= {};
  container["terminationMessagePath"] ??= "/dev/termination-log";
  container["terminationMessagePolicy"] ??= "File";
  container["imagePullPolicy"] ??= pullPolicy(container["image"]);
}

function pullPolicy(image: unknown): string {
  const name = typeof image === "string" ? (image.split("/").at(-1) ?? "") : "";
  return name.includes("@") || (name.includes(":") && !name.endsWith(":latest")) ? "IfNotPresent" : "Always";
}

function defaultProbe(probe: JsonObject): void {
  if (isObject(probe["httpGet"])) {
    probe["httpGet"]["path"] ??= "/";
    probe["httpGet"]["scheme"] ??= "HTTP";
  }
  probe["timeoutSeconds"] ??= 1;
  probe["periodSeconds"] ??= 10;
  probe["successThreshold"] ??= 1;
  probe["failureThreshold"] ??= 3;
}

function defaultVolume(volume: JsonObject): void {
  for (const source of ["configMap", "secret", "projected", "downwardAPI"]) {
    const found = volume[source];
    if (isObject(found)) found["defaultMode"] ??= 0o644;
  }
}

function objects(list: unknown): JsonObject[] {
  return Array.isArray(list) ? list.filter(isObject) : [];
}

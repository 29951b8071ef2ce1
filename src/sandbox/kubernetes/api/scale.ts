import { isObject, textOf } from "../object.ts";
import type { JsonObject, KubeObject, LabelSelector } from "../object.ts";
import { selectorText } from "../selector.ts";
import { badRequest, conflict, invalid, invalidValue } from "../status.ts";
import type { ResourceType } from "../resource-type.ts";

/** The workload as autoscaling/v1 sees it. Zero replicas are left out of `spec`, as Go does. */
export function scaleOf(object: KubeObject): JsonObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const spec = isObject(object["spec"]) ? object["spec"] : {};
  const status = isObject(object["status"]) ? object["status"] : {};
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: spec["replicas"] === 0 ? {} : { replicas: spec["replicas"] },
    status: { replicas: status["replicas"] ?? 0, selector: selectorText(spec["selector"] as LabelSelector | undefined) },
  };
}

/** The workload with the size a Scale asks for. Throws 400, 409 (another version) or 422 (less than none). */
export function withScale(type: ResourceType, object: KubeObject, scale: unknown): KubeObject {
  if (!isObject(scale)) throw badRequest("the object provided is unrecognized (must be of type Scale)");
  const { name, uid, resourceVersion } = object.metadata;
  const metadata = isObject(scale["metadata"]) ? scale["metadata"] : {};
  if (metadata["resourceVersion"] && metadata["resourceVersion"] !== resourceVersion) throw conflict(type, name);
  if (metadata["uid"] && metadata["uid"] !== uid) {
    throw conflict(type, name, `Precondition failed: UID in precondition: ${textOf(metadata["uid"])}, UID in object meta: ${uid}`);
  }
  const replicas = (isObject(scale["spec"]) ? scale["spec"]["replicas"] : undefined) ?? 0;
  if (typeof replicas !== "number" || !Number.isInteger(replicas))
    throw badRequest(`json: cannot unmarshal ${typeof replicas} into Go struct field ScaleSpec.spec.replicas of type int32`);
  if (replicas < 0) {
    throw invalid({ group: "autoscaling", kind: "Scale" }, name, [
      invalidValue("spec.replicas", replicas, "must be greater than or equal to 0"),
    ]);
  }
  return { ...object, spec: { ...(isObject(object["spec"]) ? object["spec"] : {}), replicas } };
}

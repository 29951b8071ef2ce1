import { isObject, textOf } from "../object.ts";
import type { JsonObject } from "../object.ts";
import { apiVersionOf, storageKey } from "../resource-type.ts";
import type { ResourceType } from "../resource-type.ts";

const microTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/;

/**
 * Why the body cannot be read as the type: what Go's decoder would trip over, as far as clients have been seen to
 * get it wrong (times without six fraction digits, counts that are not numbers). Undefined: it can.
 */
export function decodeProblem(type: ResourceType, object: JsonObject): string | undefined {
  const spec = isObject(object["spec"]) ? object["spec"] : {};
  const times = storageKey(type) === "coordination.k8s.io/leases" ? [spec["acquireTime"], spec["renewTime"]] : [object["eventTime"]];
  const wrongTime = times.find((time) => typeof time === "string" && !microTime.test(time));
  if (typeof wrongTime === "string" && (storageKey(type) === "/events" || type.kind === "Lease")) return timeProblem(wrongTime);
  const replicas = spec["replicas"];
  if (type.scale && replicas !== undefined && replicas !== null && !Number.isInteger(replicas)) {
    return `json: cannot unmarshal ${typeof replicas} into Go struct field ${type.kind}Spec.spec.replicas of type int32`;
  }
  return undefined;
}

function timeProblem(time: string): string {
  const rest = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(.*)$/.exec(time)?.[1] ?? time;
  return `parsing time "${time}" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "${rest}" as ".000000"`;
}

/** What a POST or PUT is told when its body says it is something else. */
export function kindProblem(type: ResourceType, object: JsonObject): string | undefined {
  const { apiVersion, kind } = object;
  if (type.custom && (typeof kind !== "string" || typeof apiVersion !== "string"))
    return `Object 'Kind' is missing in '${JSON.stringify(object)}'`;
  const isOther = (kind !== undefined && kind !== type.kind) || (apiVersion !== undefined && apiVersion !== apiVersionOf(type));
  if (!isOther) return undefined;
  const version =
    textOf(apiVersion ?? type.version)
      .split("/")
      .at(-1) ?? "";
  const internal = `${type.group === "" ? "core" : type.group.split(".")[0]}.${type.kind}`;
  const why = `converting (${version}.${String(kind)}) to (${internal}): unknown conversion`;
  return `${String(kind)} in version "${version}" cannot be handled as a ${type.kind}: ${why}`;
}

import { decodeProblem, kindProblem } from "./admission/decode.ts";
import { isObject } from "./object.ts";
import type { KubeObject } from "./object.ts";
import { apiVersionOf, pods, resourceQuotas } from "./resource-type.ts";
import type { ResourceType } from "./resource-type.ts";
import { isSame } from "./same.ts";
import { badRequest, conflict, forbidden } from "./status.ts";
import type { Store } from "./store.ts";

/** What a DELETE asks for. */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number | undefined;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly orphan?: boolean;
  readonly dryRun?: boolean;
}

/** The object a request's body holds. Throws 400. */
export function readBody(type: ResourceType, body: unknown): KubeObject {
  if (!isObject(body)) {
    throw badRequest(`the object provided is unrecognized (must be of type ${type.kind}): couldn't get version/kind; json parse error`);
  }
  const wrongKind = kindProblem(type, body);
  if (wrongKind) throw badRequest(wrongKind);
  const wrong = decodeProblem(type, body);
  if (wrong) throw badRequest(`${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: ${wrong}`);
  const metadata = isObject(body["metadata"]) ? body["metadata"] : {};
  return structuredClone({ ...body, kind: type.kind, apiVersion: apiVersionOf(type), metadata }) as KubeObject;
}

/** Custom resources count every change but metadata and status; built-in ones their spec. */
export function isSpecChanged(type: ResourceType, object: KubeObject, current: KubeObject): boolean {
  if (!type.custom) return !isSame(object["spec"], current["spec"]);
  const counted = ({ metadata: _metadata, status, ...rest }: KubeObject) => (type.status ? rest : { ...rest, status });
  return !isSame(counted(object), counted(current));
}

/** The last finalizer has just been taken off an object that was to be deleted. */
export function isReadyToGo(object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata;
  return deletionTimestamp !== undefined && finalizers.length === 0 && deletionGracePeriodSeconds === 0 && object.kind !== "Namespace";
}

export function podGrace(pod: KubeObject, options: DeleteOptions): number {
  const spec = isObject(pod["spec"]) ? pod["spec"] : {};
  // A pod that no node has taken has nothing to wait for.
  if (spec["nodeName"] === undefined) return 0;
  const own = spec["terminationGracePeriodSeconds"];
  return options.gracePeriodSeconds ?? (typeof own === "number" ? own : 30);
}

export function checkPreconditions(type: ResourceType, current: KubeObject, options: DeleteOptions): void {
  const { name, uid, resourceVersion } = current.metadata;
  if (options.uid !== undefined && options.uid !== uid) {
    const why = `the UID in the precondition (${options.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`;
    throw conflict({ ...type, resource: type.kind }, name, why);
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion) {
    const why = `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`;
    throw conflict({ ...type, resource: type.kind }, name, why);
  }
}

/** Of quotas only the number of pods is kept. Throws 403. */
export function checkQuota(pod: KubeObject, store: Store): void {
  const { namespace, name } = pod.metadata;
  for (const quota of store.each(resourceQuotas)) {
    const spec = isObject(quota["spec"]) && isObject(quota["spec"]["hard"]) ? quota["spec"]["hard"] : {};
    if (quota.metadata.namespace !== namespace || spec["pods"] === undefined) continue;
    const used = [...store.each(pods)].filter((each) => each.metadata.namespace === namespace).length;
    const limited = Number(spec["pods"]);
    if (used < limited) continue;
    throw forbidden(pods, name, `exceeded quota: ${quota.metadata.name}, requested: pods=1, used: pods=${used}, limited: pods=${limited}`);
  }
}

export function assignClusterIp(service: KubeObject, store: Store): void {
  const spec = isObject(service["spec"]) ? service["spec"] : {};
  if (spec["clusterIP"] !== undefined || spec["type"] === "ExternalName") return;
  const address = `10.96.${(store.version >> 8) & 255}.${store.version & 255}`;
  spec["clusterIP"] = address;
  spec["clusterIPs"] = [address];
}

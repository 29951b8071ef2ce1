import type { ResourceType } from "../resource-type.ts";
import { forbidden } from "../status.ts";
import type { RequestPath } from "./request-path.ts";

export type Denied = (verb: string, resource: string, namespace: string) => boolean;

/** RBAC's verb for a request. */
export function verbOf(method: string, path: RequestPath, isWatch: boolean): string {
  switch (method) {
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return "patch";
    case "DELETE":
      return path.name === "" ? "deletecollection" : "delete";
    default:
      if (isWatch) return "watch";
      return path.name === "" ? "list" : "get";
  }
}

/** Throws 403 in the words of the RBAC authorizer. */
export function checkAccess(denied: Denied, user: string, verb: string, type: ResourceType, path: RequestPath): void {
  const resource = path.subresource === "" ? path.resource : `${path.resource}/${path.subresource}`;
  if (!denied(verb, resource, path.namespace)) return;
  const scope = path.namespace === "" ? "at the cluster scope" : `in the namespace "${path.namespace}"`;
  throw forbidden(type, path.name, `User "${user}" cannot ${verb} resource "${resource}" in API group "${type.group}" ${scope}`);
}

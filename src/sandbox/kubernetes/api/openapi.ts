import type { JsonObject } from "../object.ts";
import { apiVersionOf } from "../resource-type.ts";
import type { ResourceType } from "../resource-type.ts";

/**
 * As much of /openapi/v3 as kubectl reads before it applies: which groups there are, and that a PATCH of each kind
 * takes `fieldValidation`. No schemas. Undefined for any other path.
 */
export function openApi(types: readonly ResourceType[], path: string): JsonObject | undefined {
  const roots = new Map(types.map((type) => [type.group === "" ? `api/${type.version}` : `apis/${apiVersionOf(type)}`, type]));
  if (path === "/openapi/v3") {
    return { paths: Object.fromEntries([...roots.keys()].map((root) => [root, { serverRelativeURL: `/openapi/v3/${root}` }])) };
  }
  const asked = roots.get(path.replace("/openapi/v3/", ""));
  if (!asked) return undefined;
  const served = types.filter((type) => apiVersionOf(type) === apiVersionOf(asked));
  const paths = served.map((type) => [pathOf(type), { patch: patchOf(type) }]);
  return { openapi: "3.0.0", info: { title: "Rearguard sandbox", version: "v1.37.2" }, paths: Object.fromEntries(paths), components: {} };
}

function pathOf({ group, version, namespaced, resource }: ResourceType): string {
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  return `${root}${namespaced ? "/namespaces/{namespace}" : ""}/${resource}/{name}`;
}

function patchOf({ group, version, kind }: ResourceType): JsonObject {
  const parameters = ["fieldManager", "fieldValidation", "dryRun"].map((name) => ({ name, in: "query", schema: { type: "string" } }));
  return { parameters, responses: { "200": { description: "OK" } }, "x-kubernetes-group-version-kind": { group, version, kind } };
}

import type { JsonObject } from "../object.ts";
import { apiVersionOf, deployments, pods, replicaSets, services } from "../resource-type.ts";
import type { ResourceType } from "../resource-type.ts";

export const versionInfo: JsonObject = {
  major: "1",
  minor: "37",
  gitVersion: "v1.37.2",
  gitCommit: "sandbox",
  gitTreeState: "",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "",
  compiler: "",
  platform: "rearguard/sandbox",
};

/** Answers /api, /apis, /apis/GROUP and /api(s)/…/VERSION; undefined when there is no such group or version. */
export function discover(types: readonly ResourceType[], path: string): JsonObject | undefined {
  const [root, ...rest] = path.split("/").filter((part) => part !== "");
  if (root === "api") {
    if (rest.length === 0) return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] };
    return rest.length === 1 && rest[0] === "v1" ? resourceList(types, "", "v1") : undefined;
  }
  const groups = [...new Set(types.map((type) => type.group))].filter((group) => group !== "").map((group) => groupOf(types, group));
  const [name, version] = rest;
  if (name === undefined) return { kind: "APIGroupList", apiVersion: "v1", groups };
  const group = groups.find((candidate) => candidate.name === name);
  if (!group || rest.length > 2) return undefined;
  return version === undefined ? { kind: "APIGroup", apiVersion: "v1", ...group } : resourceList(types, name, version);
}

function groupOf(types: readonly ResourceType[], name: string) {
  const found = [...new Set(types.filter((type) => type.group === name).map((type) => type.version))];
  const versions = found.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions, preferredVersion: versions[0] };
}

function resourceList(types: readonly ResourceType[], group: string, version: string): JsonObject | undefined {
  const served = types.filter((type) => type.group === group && type.version === version);
  const [first] = served;
  if (!first) return undefined;
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion: apiVersionOf(first), resources: served.flatMap(resourcesOf) };
}

/** What `kubectl get all` means. */
const inAll = new Set([pods, services, deployments, replicaSets]);

function resourcesOf(type: ResourceType): JsonObject[] {
  const { resource, singular, namespaced, kind, shortNames } = type;
  const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
  const own = {
    name: resource,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(inAll.has(type) && { categories: ["all"] }),
  };
  const sub = (name: string, more: JsonObject) => ({
    name: `${resource}/${name}`,
    singularName: "",
    namespaced,
    ...more,
    verbs: ["get", "patch", "update"],
  });
  const scale = type.scale ? [sub("scale", { group: "autoscaling", version: "v1", kind: "Scale" })] : [];
  const eviction = {
    name: "pods/eviction",
    singularName: "",
    namespaced,
    group: "policy",
    version: "v1",
    kind: "Eviction",
    verbs: ["create"],
  };
  return [own, ...(type === pods ? [eviction] : []), ...scale, ...(type.status ? [sub("status", { kind })] : [])];
}

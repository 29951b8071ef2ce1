import { isObject, kubeTime } from "./object.ts";
import type { JsonObject, KubeObject } from "./object.ts";
import { builtInTypes, customResourceDefinitions } from "./resource-type.ts";
import type { PrinterColumn, ResourceType } from "./resource-type.ts";
import type { Store } from "./store.ts";

/** All types served now: the built-in ones and those of every CustomResourceDefinition. */
export function servedTypes(store: Store): ResourceType[] {
  return [...builtInTypes, ...[...store.each(customResourceDefinitions)].flatMap(typesOf)];
}

function typesOf(definition: KubeObject): ResourceType[] {
  const spec = isObject(definition["spec"]) ? definition["spec"] : {};
  const names = isObject(spec["names"]) ? spec["names"] : {};
  const versions = Array.isArray(spec["versions"]) ? spec["versions"].filter(isObject) : [];
  return versions
    .filter((version) => version["served"] === true)
    .map((version) => ({
      group: String(spec["group"]),
      version: String(version["name"]),
      resource: String(names["plural"]),
      singular: String(names["singular"]),
      kind: String(names["kind"]),
      namespaced: spec["scope"] === "Namespaced",
      shortNames: Array.isArray(names["shortNames"]) ? names["shortNames"].map(String) : [],
      status: isObject(version["subresources"]) && isObject(version["subresources"]["status"]),
      scale: false,
      counted: true,
      unconditionalUpdate: false,
      custom: { schema: schemaOf(version), columns: columnsOf(version) },
    }));
}

function schemaOf(version: JsonObject): unknown {
  return isObject(version["schema"]) ? version["schema"]["openAPIV3Schema"] : undefined;
}

function columnsOf(version: JsonObject): PrinterColumn[] {
  const columns = Array.isArray(version["additionalPrinterColumns"]) ? version["additionalPrinterColumns"].filter(isObject) : [];
  return columns.map((column) => ({
    name: String(column["name"]),
    type: String(column["type"]),
    jsonPath: String(column["jsonPath"]),
    ...(typeof column["priority"] === "number" && { priority: column["priority"] }),
  }));
}

/** What the server's own controller writes once it serves a definition: established, names accepted. */
export function establish(definition: KubeObject, now: number): JsonObject {
  const spec = isObject(definition["spec"]) ? definition["spec"] : {};
  const versions = Array.isArray(spec["versions"]) ? spec["versions"].filter(isObject) : [];
  const at = { status: "True", lastTransitionTime: kubeTime(now) };
  return {
    conditions: [
      { type: "NamesAccepted", ...at, reason: "NoConflicts", message: "no conflicts found" },
      { type: "Established", ...at, reason: "InitialNamesAccepted", message: "the initial names have been accepted" },
    ],
    acceptedNames: spec["names"],
    storedVersions: versions.filter((version) => version["storage"] === true).map((version) => version["name"]),
  };
}

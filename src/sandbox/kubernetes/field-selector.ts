import { isObject } from "./object.ts";
import { storageKey } from "./resource-type.ts";
import type { ResourceType } from "./resource-type.ts";
import type { Matcher } from "./selector.ts";
import { badRequest } from "./status.ts";

const everywhere = ["metadata.name", "metadata.namespace"];

const more: Readonly<Record<string, readonly string[]>> = {
  "/pods": ["spec.nodeName", "spec.restartPolicy", "spec.serviceAccountName", "status.phase", "status.podIP"],
  "/events": ["involvedObject.kind", "involvedObject.name", "involvedObject.namespace", "involvedObject.uid", "reason", "type"],
  "/namespaces": ["status.phase"],
  "/secrets": ["type"],
  "apps/replicasets": ["status.replicas"],
};

/** `metadata.name=web,status.phase!=Running`. Throws 400 for a field this type cannot be selected by. */
export function parseFieldSelector(text: string, type: ResourceType): Matcher {
  const known = [...everywhere, ...(more[storageKey(type)] ?? [])];
  const wanted = text
    .split(",")
    .filter((part) => part !== "")
    .map((part) => {
      const [, field = part, operator = "=", value = ""] = /^([^=!]+)(==|=|!=)(.*)$/.exec(part) ?? [];
      // Both event groups share one storage, where an event is about its `involvedObject`.
      const stored = field.replace(/^regarding\./, "involvedObject.");
      if (!known.includes(stored)) {
        const only = everywhere.map((name) => `"${name}"`).join(", ");
        throw badRequest(`"${field}" is not a known field selector: only ${only}`);
      }
      return { path: stored.split("."), equal: operator !== "!=", value };
    });
  return (object) => wanted.every(({ path, equal, value }) => (textAt(object, path) === value) === equal);
}

function textAt(object: unknown, path: readonly string[]): string {
  const found = path.reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), object);
  return typeof found === "string" || typeof found === "number" ? String(found) : "";
}

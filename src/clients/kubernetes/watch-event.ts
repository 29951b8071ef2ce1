import { KubernetesError } from "./kubernetes-error.ts";
import { dig, isObject, number, text } from "./raw.ts";
import type { RawObject } from "./raw.ts";

export type WatchEvent =
  | { readonly kind: "changed"; readonly object: RawObject; readonly version: string }
  | { readonly kind: "deleted"; readonly object: RawObject; readonly version: string }
  | { readonly kind: "bookmark"; readonly version: string };

/**
 * One line of a watch. An ERROR event is thrown with its code as status (410: list again).
 * Undefined for what is no event: counted by the caller, who starts the stream anew.
 */
export function parseWatchEvent(line: string): WatchEvent | undefined {
  const event = parse(line);
  const object = dig(event, "object");
  if (!isObject(object)) return undefined;
  const type = dig(event, "type");
  if (type === "ERROR") throw errorEvent(object);
  const version = text(dig(object, "metadata", "resourceVersion"));
  if (version === undefined) return undefined;
  if (type === "BOOKMARK") return { kind: "bookmark", version };
  if (text(dig(object, "metadata", "uid")) === undefined) return undefined;
  if (type === "ADDED" || type === "MODIFIED") return { kind: "changed", object, version };
  return type === "DELETED" ? { kind: "deleted", object, version } : undefined;
}

function errorEvent(status: RawObject): KubernetesError {
  const code = number(status["code"]);
  const message = text(status["message"]) ?? "the watch ended with an error";
  return new KubernetesError("KUBERNETES_UNREACHABLE", message, {
    serverMessage: message,
    ...(code === undefined ? {} : { status: code }),
  });
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

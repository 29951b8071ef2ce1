import { goType, applyJsonPatch } from "../json-patch.ts";
import { mergePatch } from "../merge-patch.ts";
import { isObject } from "../object.ts";
import type { JsonObject } from "../object.ts";
import type { ResourceType } from "../resource-type.ts";
import { badRequest, invalid, requiredValue, StatusError } from "../status.ts";
import { strategicMerge } from "../strategic-merge.ts";

export type PatchKind = "json" | "merge" | "strategic" | "apply";

const kinds: Readonly<Record<string, PatchKind>> = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
  "application/apply-patch+yaml": "apply",
};

/** Throws 415 for a content type that is no patch, or none this resource takes. */
export function patchKindOf(contentType: string, type: ResourceType): PatchKind {
  const kind = kinds[contentType];
  if (!kind) throw new StatusError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {});
  if (kind !== "strategic" || !type.custom) return kind;
  const accepted = Object.keys(kinds)
    .filter((name) => kinds[name] !== "strategic")
    .join(", ");
  throw new StatusError(
    415,
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
  );
}

/** Reads the body once; throws 400 for what is no JSON. */
export function readPatch(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw badRequest("invalid JSON patch");
  }
}

/** What the document becomes. Throws 400 or 422 as the API server does. */
export function applyPatch(kind: PatchKind, document: JsonObject, patch: unknown): unknown {
  if (kind === "json") return applyJsonPatch(document, patch);
  if (!isObject(patch))
    throw badRequest(`error decoding patch: json: cannot unmarshal ${goType(patch)} into Go value of type map[string]interface {}`);
  if (kind === "merge") return mergePatch(document, patch);
  return strategicMerge(document, patch);
}

/** An applied configuration needs somebody who owns it. */
export function checkApply(fieldManager: string | undefined): void {
  if (fieldManager) return;
  const cause = requiredValue("fieldManager", "is required for apply patch");
  throw invalid({ group: "meta.k8s.io", kind: "PatchOptions" }, "", [cause]);
}

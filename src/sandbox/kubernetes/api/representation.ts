import type { JsonObject, KubeObject } from "../object.ts";
import { apiVersionOf } from "../resource-type.ts";
import type { ResourceType } from "../resource-type.ts";
import { StatusError } from "../status.ts";
import { toTable } from "./table.ts";

/** In what form the client wants objects. */
export type Representation = "object" | "metadata" | "table";

/** Reads `Accept`. Throws 406 for what the server cannot write. */
export function representationOf(accept: string | undefined): Representation {
  for (const wanted of (accept ?? "*/*").split(",")) {
    const [mediaType = "", ...parameters] = wanted.split(";").map((part) => part.trim());
    if (!["application/json", "*/*", "application/*", ""].includes(mediaType)) continue;
    const as = parameters.find((parameter) => parameter.startsWith("as="))?.slice(3);
    if (as === undefined) return "object";
    if (as.startsWith("PartialObjectMetadata")) return "metadata";
    if (as === "Table") return "table";
  }
  const available =
    "application/json, application/yaml, application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";
  throw new StatusError(406, "NotAcceptable", `406: Not Acceptable\n\nAvailable representations: ${available}`, {});
}

const metaVersion = "meta.k8s.io/v1";

export function represent(object: KubeObject, type: ResourceType, form: Representation, now: number): JsonObject {
  if (form === "metadata") return partial(object);
  if (form === "table") return toTable(type, [object], { resourceVersion: object.metadata.resourceVersion }, now);
  return object;
}

function partial(object: KubeObject): JsonObject {
  return { kind: "PartialObjectMetadata", apiVersion: metaVersion, metadata: object.metadata };
}

/** Items of built-in kinds carry no kind of their own in a list; custom resources do. */
export function representList(
  items: readonly KubeObject[],
  type: ResourceType,
  form: Representation,
  metadata: JsonObject,
  now: number,
): JsonObject {
  if (form === "table") return toTable(type, items, metadata, now);
  if (form === "metadata") return { kind: "PartialObjectMetadataList", apiVersion: metaVersion, metadata, items: items.map(partial) };
  const bare = ({ kind: _kind, apiVersion: _version, ...rest }: KubeObject) => rest;
  return { kind: `${type.kind}List`, apiVersion: apiVersionOf(type), metadata, items: type.custom ? items : items.map(bare) };
}

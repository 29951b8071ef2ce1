import { isObject } from "./object.ts";
import type { JsonObject, KubeObject, ManagedFields } from "./object.ts";
import { isSame } from "./same.ts";

/** Who writes. */
export interface Writer {
  readonly manager: string;
  readonly operation?: "Apply" | "Update";
  readonly subresource?: string;
}

/**
 * Notes the writer in `metadata.managedFields`, with the fields of `spec` that this write made or changed: what somebody else had
 * written before is theirs no more. Deeper fields, and lists, are not told apart, and applying by two managers never conflicts here.
 * Changes the object.
 */
export function recordManager(
  object: KubeObject,
  current: KubeObject | undefined,
  writer: Writer & { readonly apiVersion: string },
  time: string,
): void {
  const { manager, operation = "Update", apiVersion, subresource } = writer;
  const isOwn = (known: ManagedFields) => known.manager === manager && known.operation === operation && known.subresource === subresource;
  const before = object.metadata.managedFields ?? [];
  const changed = changedFields(object, current);
  const own = { ...specFieldsOf(before.find(isOwn)), ...Object.fromEntries(changed.map((field) => [`f:${field}`, {}])) };
  const others = before.filter((known) => !isOwn(known)).map((known) => withoutFields(known, changed));
  const entry: ManagedFields = {
    manager,
    operation,
    apiVersion,
    time,
    fieldsType: "FieldsV1",
    fieldsV1: Object.keys(own).length === 0 ? {} : { "f:spec": own },
    ...(subresource !== undefined && { subresource }),
  };
  object.metadata.managedFields = [...others, entry];
}

function changedFields(object: KubeObject, current: KubeObject | undefined): readonly string[] {
  const [after, before] = [object, current].map((each) => (isObject(each?.["spec"]) ? each["spec"] : {}));
  return Object.keys(after ?? {}).filter((field) => !isSame(after?.[field], before?.[field]));
}

function specFieldsOf(entry: ManagedFields | undefined): JsonObject {
  const fields = isObject(entry?.["fieldsV1"]) ? entry["fieldsV1"]["f:spec"] : undefined;
  return isObject(fields) ? fields : {};
}

function withoutFields(entry: ManagedFields, taken: readonly string[]): ManagedFields {
  const kept = Object.entries(specFieldsOf(entry)).filter(([key]) => !taken.includes(key.slice("f:".length)));
  return { ...entry, fieldsV1: kept.length === 0 ? {} : { "f:spec": Object.fromEntries(kept) } };
}

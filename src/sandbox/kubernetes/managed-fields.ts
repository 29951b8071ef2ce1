import type { KubeObject, ManagedFields } from "./object.ts";

/** Who writes. */
export interface Writer {
  readonly manager: string;
  readonly operation?: "Apply" | "Update";
  readonly subresource?: string;
}

/**
 * Notes the writer in `metadata.managedFields`. Which fields it wrote is not tracked, but for the pod template: managers are
 * told apart by name, and applying by two managers never conflicts here. Changes the object.
 * @param writer.template whether this write made or changed `spec.template`.
 */
export function recordManager(
  object: KubeObject,
  writer: Writer & { readonly apiVersion: string; readonly template: boolean },
  time: string,
): void {
  const { manager, operation = "Update", apiVersion, subresource, template } = writer;
  const isOther = (known: ManagedFields) => known.manager !== manager || known.operation !== operation || known.subresource !== subresource;
  const before = object.metadata.managedFields ?? [];
  const entry: ManagedFields = {
    manager,
    operation,
    apiVersion,
    time,
    fieldsType: "FieldsV1",
    fieldsV1: template ? { "f:spec": { "f:template": {} } } : (before.find((known) => !isOther(known))?.fieldsV1 ?? {}),
    ...(subresource !== undefined && { subresource }),
  };
  object.metadata.managedFields = [...before.filter(isOther), entry];
}

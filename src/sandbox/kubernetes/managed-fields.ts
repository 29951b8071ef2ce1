import type { KubeObject, ManagedFields } from "./object.ts";

/** Who writes. */
export interface Writer {
  readonly manager: string;
  readonly operation?: "Apply" | "Update";
  readonly subresource?: string;
}

/**
 * Notes the writer in `metadata.managedFields`. Which fields it wrote is not tracked: managers are told apart by
 * name, and applying by two managers never conflicts here. Changes the object.
 */
export function recordManager(object: KubeObject, writer: Writer & { readonly apiVersion: string }, time: string): void {
  const { manager, operation = "Update", apiVersion, subresource } = writer;
  const entry: ManagedFields = {
    manager,
    operation,
    apiVersion,
    time,
    fieldsType: "FieldsV1",
    fieldsV1: {},
    ...(subresource !== undefined && { subresource }),
  };
  const isOther = (known: ManagedFields) => known.manager !== manager || known.operation !== operation || known.subresource !== subresource;
  object.metadata.managedFields = [...(object.metadata.managedFields ?? []).filter(isOther), entry];
}

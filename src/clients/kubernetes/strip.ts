import { dig, isObject, objects } from "./raw.ts";
import type { RawObject } from "./raw.ts";

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/** Without what takes most of the memory; of managedFields the names of the managers stay, they tell who owns an object. */
export function stripHeavy(object: RawObject): RawObject {
  const metadata = object["metadata"];
  if (!isObject(metadata)) return object;
  const { managedFields, annotations, ...light } = metadata;
  const managers = [...new Set(objects(managedFields).map((entry) => dig(entry, "manager")))].map((manager) => ({ manager }));
  const kept = isObject(annotations) ? Object.fromEntries(Object.entries(annotations).filter(([name]) => name !== lastApplied)) : undefined;
  return {
    ...object,
    metadata: {
      ...light,
      ...(kept === undefined ? {} : { annotations: kept }),
      ...(managers.length === 0 ? {} : { managedFields: managers }),
    },
  };
}

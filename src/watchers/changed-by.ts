import { lastWriterOf } from "../clients/kubernetes/field-writer.ts";
import type { FieldWriter } from "../clients/kubernetes/field-writer.ts";
import type { RawObject } from "../clients/kubernetes/raw.ts";

/** The last writer of the pod template; undefined where that is not certain. */
export function lastTemplateWriter(workload: RawObject): FieldWriter | undefined {
  return lastWriterOf(workload, "template");
}

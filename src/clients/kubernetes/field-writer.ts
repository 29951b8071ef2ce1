import { dig, objects, text } from "./raw.ts";
import type { RawObject } from "./raw.ts";

/** Who wrote a part of an object, as the API server keeps it; `at` in ms since the epoch. */
export interface FieldWriter {
  readonly manager: string;
  readonly at: number;
}

/**
 * The last writer of a field of `spec`, by itself or through the scale subresource. Undefined where the server does not tell, or tells of
 * two in the same second: then it is not known who it was.
 */
export function lastWriterOf(object: RawObject, field: string): FieldWriter | undefined {
  const writers = objects(dig(object, "metadata", "managedFields")).flatMap((entry) => {
    const manager = text(entry["manager"]);
    const at = Date.parse(text(entry["time"]) ?? "");
    const owns = dig(entry, "fieldsV1", "f:spec", `f:${field}`) !== undefined;
    return manager === undefined || entry["subresource"] === "status" || !owns || Number.isNaN(at) ? [] : [{ manager, at }];
  });
  const [last, ...before] = writers.toSorted((one, other) => other.at - one.at);
  return before.some(({ at, manager }) => at === last?.at && manager !== last.manager) ? undefined : last;
}

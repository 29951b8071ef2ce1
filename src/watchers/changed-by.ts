import { dig, objects, text } from "../clients/kubernetes/raw.ts";
import type { RawObject } from "../clients/kubernetes/raw.ts";
import type { Ms } from "../model.ts";

/** Who wrote a part of an object, as the API server keeps it. */
export interface TemplateWriter {
  readonly manager: string;
  readonly at: Ms;
}

/**
 * The last writer of the pod template. Undefined where the server does not tell, or tells of two in the same second: then it
 * is not known who it was.
 */
export function lastTemplateWriter(workload: RawObject): TemplateWriter | undefined {
  const writers = objects(dig(workload, "metadata", "managedFields")).flatMap((entry) => {
    const manager = text(entry["manager"]);
    const at = Date.parse(text(entry["time"]) ?? "");
    const isStatus = (text(entry["subresource"]) ?? "") !== "";
    const ownsTemplate = dig(entry, "fieldsV1", "f:spec", "f:template") !== undefined;
    return manager === undefined || isStatus || !ownsTemplate || Number.isNaN(at) ? [] : [{ manager, at }];
  });
  const [last, ...before] = writers.toSorted((one, other) => other.at - one.at);
  return before.some(({ at, manager }) => at === last?.at && manager !== last.manager) ? undefined : last;
}

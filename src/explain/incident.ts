import type { Entry } from "../entry.ts";
import type { AnyRecord } from "../guards/remediation/record.ts";
import type { RemediationEntry } from "../remediation.ts";
import { isEndedByOrder } from "./public.ts";

/** Of a guard that ends without saying that all is well: that nobody closes its incident but a person. "" where it has none, or people took it over. */
export function incidentStep({ handles }: Pick<AnyRecord, "handles">, entry: Entry | RemediationEntry): string {
  if (entry.kind !== "finished") return "";
  if (entry.phase !== "unresolved" && entry.phase !== "inconclusive" && !isEndedByOrder(entry)) return "";
  const id = openIncident(handles?.["statuspage"]);
  if (id === undefined) return "";
  return `The incident ${id} on the status page stays open, and nothing more is written to it: resolve it there when the trouble is over.`;
}

/** What the receiver calls it, as it keeps it in its handle. */
function openIncident(handle: string | undefined): string | undefined {
  try {
    const kept = JSON.parse(handle ?? "null") as { readonly id?: unknown; readonly theirs?: unknown } | null;
    return typeof kept?.id === "string" && kept.theirs !== true ? kept.id : undefined;
  } catch {
    return undefined;
  }
}

import type { KubernetesApi } from "../clients/kubernetes/api.ts";
import { hasStatus } from "../clients/kubernetes/kubernetes-error.ts";
import type { Clock } from "../clock.ts";
import { sentence } from "../errors.ts";
import type { Result, Tries } from "./attempt.ts";
import type { PatchOp } from "./json-patch.ts";

export type Edges = {
  readonly api: Pick<KubernetesApi, "get" | "patch" | "post">;
  readonly clock: Pick<Clock, "now" | "sleep">;
  /** Leadership, asked immediately before every write. */
  readonly mayAct: () => boolean;
  /** Digest of a raw pod template, the same as the watchers compute. */
  readonly digest: (template: unknown) => string;
};

/** The name under which the API server keeps what we wrote. */
export const fieldManager = "rearguard";
// Short, so that a few tries fit into one action's deadline.
const call = { fieldManager, deadlineMs: 3000 } as const;

/** Dry-run, leadership, then the write. `detail` is the receipt's sentence when it was applied. */
export async function write(edges: Edges, path: string, patch: readonly PatchOp[], detail: string, tries: Tries): Promise<Result> {
  const note = await rehearse(edges, path, patch);
  if (!edges.mayAct()) return lostLead();
  tries.sent = true;
  await edges.api.patch(path, patch, { ...call, type: "json" });
  return { outcome: "applied", detail: detail + note };
}

export function lostLead(): Result {
  return { outcome: "failed", detail: "this instance no longer leads; nothing was written" };
}

/** Already as wanted: by an earlier try whose answer was lost, or by somebody else. */
export function asWanted(tries: Tries, detail: string): Result {
  return tries.sent
    ? { outcome: "applied", detail: `${detail} (the answer to the write was lost, the write was not)` }
    : { outcome: "unchanged", detail };
}

/** Admission and validation speak before anything changes. A webhook with side effects cannot be rehearsed; that is no failure. */
async function rehearse({ api }: Edges, path: string, patch: readonly PatchOp[]): Promise<string> {
  try {
    await api.patch(path, patch, { ...call, type: "json", dryRun: true });
    return "";
  } catch (error) {
    if (hasStatus(error, 400) && /dry[ -]?run/i.test(sentence(error))) return " (dry-run unavailable)";
    throw error;
  }
}

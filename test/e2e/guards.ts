import type { Cluster } from "../servers/cluster.ts";
import type { KubeObject } from "../servers/kube-client.ts";
import { waitUntil } from "../servers/wait-until.ts";
import { finalPhases } from "../../src/entry.ts";

export type StoredReason = { readonly code: string; readonly [key: string]: unknown };

export type StoredEntry = {
  readonly seq: number;
  readonly at: number;
  readonly kind: string;
  readonly phase?: string;
  readonly action?: unknown;
  readonly receipt?: { readonly kind: string; readonly outcome: string; readonly at: number; readonly because?: StoredReason };
  readonly because?: readonly StoredReason[];
};

/** The Guard object as the API server has it: what the daemon wrote, seen without the daemon. */
export type StoredGuard = KubeObject & {
  readonly spec: {
    readonly openedAt: string;
    readonly workload: { readonly name: string };
    readonly rollout: { readonly startedAt: number; readonly new: { readonly podTemplateHash: string; readonly number: number } };
  };
  readonly status?: {
    readonly phase: string;
    readonly braked: boolean;
    readonly message: string;
    readonly evidence: number;
    readonly revision: number;
    readonly entries: readonly StoredEntry[];
    readonly audit: Readonly<Record<string, readonly object[]>>;
  };
};

export async function guardsIn(cluster: Cluster, namespace: string): Promise<readonly StoredGuard[]> {
  const path = `/apis/rearguard.dev/v1alpha1/namespaces/${namespace}/guards`;
  const { items } = await cluster.client.request<{ readonly items: readonly StoredGuard[] }>("GET", path);
  return items.toSorted((one, other) => (one.status?.revision ?? 0) - (other.status?.revision ?? 0));
}

/** Until the guard of this revision fits; by default until it exists. Says where it stood when it does not in time. */
export async function guardOf(
  cluster: Cluster,
  namespace: string,
  revision: number,
  fits: (guard: StoredGuard) => boolean = () => true,
  options: { readonly what?: string; readonly timeoutMs?: number } = {},
): Promise<StoredGuard> {
  let seen: StoredGuard | undefined;
  try {
    return await waitUntil(
      `the guard of revision ${revision} in ${namespace}${options.what === undefined ? "" : ` ${options.what}`}`,
      async () => {
        seen = (await guardsIn(cluster, namespace)).find((guard) => guard.status?.revision === revision);
        return seen !== undefined && fits(seen) && seen;
      },
      { timeoutMs: options.timeoutMs ?? 60_000, intervalMs: 100 },
    );
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${message}; it stands at ${JSON.stringify(seen?.status && storyOf(seen))}`, { cause: error });
  }
}

/** Until the guard of this revision has ended. */
export function endOf(cluster: Cluster, namespace: string, revision: number, timeoutMs = 90_000): Promise<StoredGuard> {
  return guardOf(cluster, namespace, revision, (guard) => finalPhases.some((phase) => phase === guard.status?.phase), {
    what: "ended",
    timeoutMs,
  });
}

/** Its entries in short: `["opened", "intended brake", "receipt brake applied", …]`. What it notes of itself may come before or after any. */
export function storyOf(guard: StoredGuard): readonly string[] {
  const entries = (guard.status?.entries ?? []).filter(({ kind }) => kind !== "noted");
  return entries.map(({ kind, phase, action, receipt }) => {
    const about = receipt ? ` ${receipt.kind} ${receipt.outcome}` : action === undefined ? "" : ` ${actionName(action)}`;
    return `${kind}${about}${phase === undefined ? "" : ` ${phase}`}`;
  });
}

/** An intent holds the whole action, a withheld one its name. */
function actionName(action: unknown): string {
  return typeof action === "object" && action !== null && "kind" in action ? String(action.kind) : String(action);
}

/** Codes of all reasons of entries of this kind. */
export function reasonsOf(guard: StoredGuard, kind: string): readonly string[] {
  return (guard.status?.entries ?? [])
    .filter((entry) => entry.kind === kind)
    .flatMap((entry) => [...(entry.because ?? []), ...(entry.receipt?.because ? [entry.receipt.because] : [])])
    .map(({ code }) => code);
}

// When things happened, as the servers wrote it down themselves.
import type { StoredGuard } from "../test/e2e/guards.ts";
import type { Write } from "../test/e2e/writes.ts";

/** End of the last block that a signal was judged at before this action was intended. */
export function decidingBlock({ status }: StoredGuard, signal: string, action: "brake" | "rollback"): number {
  const intended = status?.entries.find((entry) => entry.kind === "intended" && JSON.stringify(entry.action).includes(`"${action}"`));
  const blocks = (status?.audit[signal] ?? []) as readonly { readonly at: number }[];
  return Math.max(...blocks.map(({ at }) => at).filter((at) => at <= (intended?.at ?? 0)));
}

/** The first accepted write of this path, epoch ms by the API server's clock. */
export function firstWrite(writes: readonly Write[], path: string): number | undefined {
  return writes.find(({ paths, code }) => code === 200 && paths.includes(path))?.at;
}

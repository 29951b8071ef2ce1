import type { Flow } from "./flow.ts";

/** Why nobody could answer for the workload; undefined when somebody could. */
export interface Nobody {
  readonly outcome: "error";
  readonly detail: string;
}

/**
 * Scaled to 0, or no pod of any revision ready now, as after an eviction of the only one: that nobody answers then is not what this revision
 * answers. Pods that do not become ready are for the signal `pods`.
 */
export function nobodyAnswers(guard: string, { book, edges }: Pick<Flow, "book" | "edges">): Nobody | undefined {
  const record = book.open.get(guard)?.record;
  if (record === undefined) return undefined;
  const { workload } = record.rollout;
  if (edges.cluster.get(edges.cluster.keyOf(workload))?.desired === 0) return nobody("the workload has no replicas");
  const pods = edges.cluster.pods(workload.uid) ?? record.pods;
  // Before they were listed nothing is known of them.
  const isAnybody = pods.length === 0 || pods.some((pod) => pod.ready && pod.gone === undefined);
  return isAnybody ? undefined : nobody("no pod of the workload is ready");
}

function nobody(why: string): Nobody {
  return { outcome: "error", detail: `${why}: nothing is there to answer` };
}

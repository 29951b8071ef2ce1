import { sentence } from "../errors.ts";
import { aftermathDue, withAftermath } from "../guards/aftermath.ts";
import { isThere } from "../guards/drain.ts";
import type { Beside, DueWork } from "./beside.ts";
import type { Flow } from "./flow.ts";

/** Looks around every workload whose template is back: do its Services reach it? Its guard then takes a step. */
export function lookAfterRollbacks(flow: Flow, beside: Beside, step: (guard: string) => Promise<void>): void {
  const { book, edges } = flow;
  const now = edges.now();
  const due: DueWork[] = [];
  for (const [guard, run] of book.open) {
    const { workload: ref, new: condemned } = run.record.rollout;
    const target = run.standing.rollback?.target;
    const workload = target === undefined ? undefined : edges.cluster.get(edges.cluster.keyOf(ref));
    if (target === undefined || workload === undefined || !aftermathDue(run, workload, now)) continue;
    const restored = run.record.pods.filter((pod) => pod.podTemplateHash === target.podTemplateHash && isThere(pod, now));
    const work = () =>
      edges
        .lookAfter({ workload: ref, target, condemned, restored: restored.map(({ uid }) => uid) })
        .then((aftermath) => {
          const current = book.open.get(guard);
          if (current !== undefined) book.open.set(guard, withAftermath(current, aftermath));
          return step(guard);
        })
        .catch((error: unknown) => edges.log.error({ guard, error: sentence(error) }, "look after a rollback failed"));
    due.push({ key: guard, since: run.aftermath?.at ?? 0, work });
  }
  beside.begin(due);
}

import { type Clock, dueBetween } from "../clock.ts";
import type { Ledger } from "../journal/ledger.ts";
import type { Metrics } from "../journal/metrics.ts";
import type { Leader } from "../leader.ts";
import type { WorkloadRef } from "../model.ts";
import type { Pipeline } from "../pipeline.ts";
import type { Log } from "../pipeline/edges.ts";
import type { ScheduleEdges } from "../pipeline/schedules.ts";
import { mostSpecific } from "../policies/match.ts";
import type { WorkloadWatcher } from "../watchers/workloads.ts";
import type { PolicyKeeper } from "./policy-keeper.ts";

/** What schedules see of the world. */
export function scheduleEdgesOf(parts: {
  readonly clock: Clock;
  readonly leader: Leader;
  readonly ledger: Ledger;
  readonly policies: PolicyKeeper;
  readonly workloads: WorkloadWatcher;
  readonly pipeline: Pipeline;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly ownNamespace: string;
}): ScheduleEdges {
  const { clock, leader, ledger, policies, workloads, pipeline, metrics, log, ownNamespace } = parts;

  function workloadsOf(policy: string): readonly WorkloadRef[] {
    const remediation = policies.set().remediations.find(({ metadata }) => metadata.name === policy);
    if (remediation === undefined) return [];
    const matched = workloads
      .list()
      .filter(
        ({ ref, labels, annotations, deleting }) =>
          !deleting && mostSpecific([remediation], { ...ref, labels, annotations }, ownNamespace) !== undefined,
      );
    return matched.map(({ ref }) => ref);
  }

  return {
    now: () => clock.now(),
    leading: (now) => leader.leading(now),
    ledger,
    dueBetween,
    schedules: () =>
      policies.set().remediations.flatMap(({ metadata, spec }) => {
        const { schedule } = spec.on;
        return schedule === undefined ? [] : [{ policy: metadata.name, cron: schedule.cron, timeZone: schedule.timeZone }];
      }),
    workloads: workloadsOf,
    underWay: (policy, { uid }, due) =>
      pipeline
        .remediations()
        .open.some(
          ({ record: { workload, policy: of, trigger } }) =>
            workload.uid === uid && of.metadata.name === policy && !(trigger.kind === "schedule" && trigger.due === due),
        ),
    async remediate(trigger, policy, workload) {
      const remediated = await pipeline.remediate(trigger, policy, workload);
      if (!remediated.done) throw new Error(remediated.because);
    },
    scheduled: (policy, outcome, count) => metrics.scheduled(policy, outcome, count),
    log,
  };
}

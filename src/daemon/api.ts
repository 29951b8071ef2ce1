import type { Clock } from "../clock.ts";
import type { Leader } from "../leader.ts";
import type { Pipeline } from "../pipeline.ts";
import type { Settings } from "../settings.ts";
import type { WorkloadWatcher } from "../watchers/workloads.ts";
import type { ApiEdges } from "../web/api/api.ts";
import { createIdentify } from "../web/api/identity.ts";
import { createStreams } from "../web/api/stream.ts";
import { keysOf } from "./keys.ts";
import type { PauseKeeper } from "./pause-keeper.ts";
import type { PolicyKeeper } from "./policy-keeper.ts";

/** What the API sees of the daemon: functions, and nothing else of its parts. */
export function apiEdgesOf(parts: {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: () => number;
  readonly pipeline: Pipeline;
  readonly leader: Leader;
  readonly pauses: PauseKeeper;
  readonly policies: PolicyKeeper;
  readonly workloads: WorkloadWatcher;
  readonly version: string;
}): Omit<ApiEdges, "log"> {
  const { settings, clock, random, pipeline, leader, pauses, policies, workloads, version } = parts;
  const shown = {
    now: () => clock.now(),
    open: () => pipeline.open(),
    ended: () => pipeline.ended(),
    remediations: () => pipeline.remediations(),
  };
  // The ids of another process' events are none of ours.
  const epoch = `${clock.now().toString(36)}${Math.floor(random() * 1e9).toString(36)}`;
  return {
    ...shown,
    streams: createStreams({ ...shown, epoch }),
    identify: createIdentify(keysOf(settings.listen)),
    order: (guard, command) => pipeline.order(guard, command),
    remediate: (trigger, policy, workload) => pipeline.remediate(trigger, policy, workload),
    leader: () => leader.holder(),
    pause: pauses,
    policies: () => policies.set(),
    policyProblems: () => policies.problems(),
    workloads: () => workloads.list().map(({ ref, labels, annotations }) => ({ ...ref, labels, annotations })),
    ownNamespace: settings.leader.namespace,
    version,
  };
}

import type { Actions } from "../actions/actions.ts";
import type { Outbox } from "../actions/tell/outbox.ts";
import type { Clock } from "../clock.ts";
import { LeftToNext } from "../errors.ts";
import type { GuardJournal } from "../journal/guards.ts";
import type { Metrics } from "../journal/metrics.ts";
import type { Leader } from "../leader.ts";
import type { Edges, JobEdge, Log, PipelineSettings } from "../pipeline/edges.ts";
import { choosePolicy, mostSpecific } from "../policies/match.ts";
import type { Settings } from "../settings.ts";
import type { LookAfter } from "../signals/aftermath.ts";
import type { Diagnose } from "../signals/diagnosis.ts";
import type { Probe } from "../signals/probe.ts";
import type { Sample } from "../signals/sample.ts";
import type { PodWatcher } from "../watchers/pods.ts";
import type { ReadScaling } from "../watchers/scaling.ts";
import type { WorkloadWatcher } from "../watchers/workloads.ts";
import type { PauseKeeper } from "./pause-keeper.ts";
import type { PolicyKeeper } from "./policy-keeper.ts";

/** The parts of the daemon that the flow reaches through its edges. */
export interface Parts {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly leader: Leader;
  readonly workloads: WorkloadWatcher;
  /** Keys of workloads that changed since the flow last asked. */
  readonly changed: Set<string>;
  readonly pods: PodWatcher;
  readonly policies: PolicyKeeper;
  readonly sample: Sample;
  readonly probe: Probe;
  readonly diagnose: Diagnose;
  readonly lookAfter: LookAfter;
  readonly jobs: JobEdge;
  readonly actions: Actions;
  readonly scaling: ReadScaling;
  readonly journal: GuardJournal;
  readonly pauses: PauseKeeper;
  readonly outbox: Outbox;
  /** Ids of messages that only our own stop cut short. */
  readonly unsent: ReadonlySet<string>;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** What the flow sees of the world: functions, and nothing else of the parts. */
export function edgesOf(parts: Parts): Edges {
  const {
    settings,
    clock,
    leader,
    workloads,
    changed,
    pods,
    policies,
    sample,
    probe,
    diagnose,
    lookAfter,
    jobs,
    actions,
    scaling,
    journal,
    pauses,
    outbox,
    unsent,
    metrics,
    log,
  } = parts;
  return {
    now: () => clock.now(),
    sleep: (ms) => clock.sleep(ms),
    leading: (now) => leader.leading(now),
    cluster: {
      changed: () => drain(changed),
      get: (key) => workloads.get(key),
      list: () => workloads.list(),
      keyOf: ({ namespace, name }) => `${namespace}/${name}`,
      context: (workload) => workloads.context(workload),
      follow: ({ ref, selector }, remembered) => pods.follow({ uid: ref.uid, namespace: ref.namespace, selector }, remembered),
      unfollow: (uid) => pods.unfollow(uid),
      pods: (uid) => (pods.isSynced(uid) ? pods.pods(uid) : undefined),
    },
    remedies: {
      policies: () => policies.set().remediations,
      choose: (among, workload) => mostSpecific(among, workload, settings.leader.namespace),
    },
    choosePolicy: (workload) => choosePolicy(policies.set().policies, workload, settings.leader.namespace),
    sample,
    probe,
    diagnose,
    lookAfter,
    jobs,
    execute: (action) => actions.execute(action),
    remedy: (remedy) => actions.execute(remedy),
    scaling,
    journal: {
      list: () => journal.list(settings.kubernetes.namespaces),
      create: (record, summary) => journal.create(record, summary),
      save: (record, summary) => journal.save(record, summary),
      prune: (uid, keep, spared) => journal.prune(uid, keep, spared),
    },
    tell: async (messages) => {
      await Promise.all(messages.map((message) => outbox.tell(message)));
      // What only our own stop cut short must not count as told: whoever comes next tells it.
      if (messages.some(({ id }) => unsent.has(id))) throw new LeftToNext("stopped before every receiver had them");
    },
    withdraw: () => outbox.withdraw(),
    governorState: () => pauses.state(),
    readGovernorState: () => pauses.read(),
    observe: { ...metrics, acted: (receipt) => metrics.acted(receipt.kind, receipt.outcome) },
    log,
  };
}

export function pipelineSettingsOf({
  cluster,
  externalUrl,
  judging,
  prometheus,
  elasticsearch,
  verify,
  governor,
  alerts,
}: Settings): PipelineSettings {
  return {
    cluster,
    ...(externalUrl === undefined ? {} : { externalUrl }),
    pace: {
      blockMs: judging.block,
      scrapeMs: prometheus.scrapeInterval,
      warmUpLatencyMs: judging.warmUpLatency,
      ...(elasticsearch === undefined ? {} : { logLagMs: elasticsearch.lag }),
      ...(elasticsearch?.kibana === undefined ? {} : { kibana: spaceOf(elasticsearch.kibana) }),
    },
    takesAlerts: alerts !== undefined,
    settleMs: judging.settle,
    baselineMs: judging.baseline,
    verify: { withinMs: verify.within, blocks: verify.blocks, blockMs: judging.block },
    limits: {
      killSwitch: governor.killSwitch,
      rollback: {
        cooldownMs: governor.cooldown,
        perHour: governor.rollbacksPerHour,
        concurrent: governor.concurrent,
        flap: { times: governor.flap.rollbacks, withinMs: governor.flap.within },
      },
      remedy: {
        cooldownMs: governor.remedies.cooldown,
        perHour: governor.remedies.perHour,
        concurrent: governor.remedies.concurrent,
        flap: { times: governor.flap.remedies, withinMs: governor.flap.within },
      },
      sharedCause: { workloads: governor.sharedCause.workloads, withinMs: governor.sharedCause.within },
      minReady: governor.minReady,
    },
  };
}

function spaceOf({ url, space }: { readonly url: string; readonly space?: string | undefined }): string {
  return `${url.replace(/\/$/, "")}${space === undefined ? "" : `/s/${space}`}`;
}

function drain(keys: Set<string>): readonly string[] {
  const all = [...keys];
  keys.clear();
  return all;
}

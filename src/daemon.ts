import { createActions } from "./actions/actions.ts";
import { createJobStarter } from "./actions/smoke-job.ts";
import { createOutbox } from "./actions/tell/outbox.ts";
import type { Clock } from "./clock.ts";
import type { Clients } from "./connect.ts";
import { alertsAccessOf } from "./daemon/alerts-access.ts";
import { edgesOf, pipelineSettingsOf } from "./daemon/edges.ts";
import { apiEdgesOf } from "./daemon/api.ts";
import { createPauseKeeper } from "./daemon/pause-keeper.ts";
import { createListenerTls } from "./daemon/listener-tls.ts";
import { createPolicyKeeper } from "./daemon/policy-keeper.ts";
import { scheduleEdgesOf } from "./daemon/schedule-edges.ts";
import { createRestOfGroup } from "./daemon/rest-of-group.ts";
import { createTellingLog } from "./daemon/telling-log.ts";
import { RearguardError, remedyOf, sentence } from "./errors.ts";
import { createGuardJournal } from "./journal/guards.ts";
import { createLedger } from "./journal/ledger.ts";
import { createMetrics } from "./journal/metrics.ts";
import { createLeader } from "./leader.ts";
import type { Ms } from "./model.ts";
import { createPipeline, type Pipeline } from "./pipeline.ts";
import { createSchedules } from "./pipeline/schedules.ts";
import type { Settings } from "./settings.ts";
import { createAftermathReader } from "./signals/aftermath.ts";
import { createDiagnoser } from "./signals/diagnosis.ts";
import { createJobReader, createRemedyJobReader } from "./signals/job.ts";
import { createProber } from "./signals/probe.ts";
import { createSources } from "./signals/sources.ts";
import { createPodWatcher } from "./watchers/pods.ts";
import { createScalingReader } from "./watchers/scaling.ts";
import { templateDigest } from "./watchers/template-digest.ts";
import { createWorkloadWatcher } from "./watchers/workloads.ts";
import { createWeb } from "./web/server.ts";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";

export interface DaemonOptions {
  readonly settings: Settings;
  readonly clients: Clients;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: FastifyBaseLogger;
  /** Name of this process among its replicas. */
  readonly identity: string;
  readonly version: string;
}

export interface Daemon {
  /** Begins to listen, to watch and to beat; resolves when the port is open, not when the cluster was reached. */
  start(): Promise<{ readonly url: string }>;
  /** Stops in reverse order within `deadlineMs`; the lease is given back. Safe to call twice. */
  stop(deadlineMs: Ms): Promise<void>;
  readonly pipeline: Pipeline;
  /** One beat now: for tests on a hand-moved clock. */
  beat(): Promise<void>;
}

/** One cheap question to each source at the start: a wrong address must not first show at the first rollout. */
function checksOf({ prometheus, elasticsearch }: Clients, now: Ms) {
  const logs = elasticsearch === undefined ? [] : [{ name: "elasticsearch", works: () => elasticsearch.search(anything) }];
  return [{ name: "prometheus", works: () => prometheus.query("vector(1)", now) }, ...logs];
}

const anything = { index: "*", query: { match_none: {} }, aggs: {} };

/** Composition root of the service: makes the parts, hands each the others as functions. */
export function createDaemon({ settings, clients, clock, random, log, identity, version }: DaemonOptions): Daemon {
  const { leader: lease } = settings;
  const { kubernetes: api } = clients;
  const metrics = createMetrics({ version });
  const changed = new Set<string>();
  const unsent = new Set<string>();
  const tellingLog = createTellingLog(log);
  let synced = false;

  const policies = createPolicyKeeper({
    folder: settings.policies,
    log,
    loaded: (ok, set) =>
      metrics.policiesReloaded(ok, templateDigest({ policies: set.policies, remediations: set.remediations }), clock.now()),
    changed: () => {
      for (const { ref } of workloads.list()) changed.add(`${ref.namespace}/${ref.name}`);
    },
  });
  const leader = createLeader({
    api,
    namespace: lease.namespace,
    name: lease.name,
    identity,
    clock,
    random,
    log,
    leaseDurationMs: lease.leaseDuration,
    renewDeadlineMs: lease.renewDeadline,
    retryPeriodMs: lease.retryPeriod,
    enabled: lease.enabled,
    onChange: (leading) => metrics.leads(leading),
  });
  const { namespaces } = settings.kubernetes;
  const workloads = createWorkloadWatcher({
    api,
    clock,
    random,
    log,
    onChange: (key) => changed.add(key),
    ...(namespaces === undefined ? {} : { namespaces }),
  });
  const pods = createPodWatcher({
    api,
    clock,
    random,
    log,
    ownerOf: (uid) => workloads.ownerOf(uid),
    onChange: (uid) => pipeline.wake(uid),
  });
  const outbox = createOutbox({
    targets: clients.targets,
    clock,
    random,
    handles: {
      get: (guard, target) => pipeline.handles.get(guard, target),
      keep: (guard, target, handle) => pipeline.handles.keep(guard, target, handle),
    },
    dropped: (target, message, why) => {
      if (why === "stopped") unsent.add(message.id);
      metrics.messageDropped(target, why);
      tellingLog.dropped(target, message, why);
    },
    failed: (target, message, error) => tellingLog.failed(target, message, error),
    arrived: (target) => tellingLog.arrived(target),
  });
  const actions = createActions({ api, clock, random, mayAct: () => leader.leading(clock.now()), digest: templateDigest });
  const journal = createGuardJournal({
    api,
    unreadable: (guard, why) => log.error({ guard, why }, "guard object cannot be read; it is left alone"),
  });
  const ledger = createLedger({ api, namespace: lease.namespace, name: lease.ledger });
  const pauses = createPauseKeeper({
    ledger,
    clock,
    log,
    looked: (paused, at) => metrics.pauseRead(paused, at),
  });
  const { prometheus, elasticsearch } = clients;
  const sample = createSources({
    prometheus,
    kubernetes: api,
    now: () => clock.now(),
    log,
    ...(elasticsearch === undefined ? {} : { elasticsearch }),
  });
  const probe = createProber({ http: clients.http, now: () => clock.now() });
  const jobs = {
    create: createJobStarter({ api, mayAct: () => leader.leading(clock.now()) }),
    look: createJobReader({ api }),
    lookAtRemedy: createRemedyJobReader({ api }),
  };
  const parts = {
    settings,
    clock,
    leader,
    workloads,
    changed,
    pods,
    policies,
    sample,
    probe,
    lookAfter: createAftermathReader({ api, now: () => clock.now() }),
    diagnose: createDiagnoser({ api, now: () => clock.now() }),
    jobs,
    actions,
    scaling: createScalingReader({ api }),
    journal,
    pauses,
    outbox,
    unsent,
    metrics,
    log,
  };
  const pipeline = createPipeline(edgesOf(parts), pipelineSettingsOf(settings));
  const ownNamespace = lease.namespace;
  const schedules = createSchedules(scheduleEdgesOf({ clock, leader, ledger, policies, workloads, pipeline, metrics, log, ownNamespace }));
  const apiEdges = apiEdgesOf({ settings, clock, random, pipeline, leader, pauses, policies, workloads, version });
  const tls = settings.listen.tls === undefined ? undefined : createListenerTls(settings.listen.tls, log);
  let web: FastifyInstance | undefined;

  async function openWeb(): Promise<FastifyInstance> {
    return createWeb({
      ...apiEdges,
      // A bad edit later on leaves the last good set in force: no reason to take the process out of service.
      notReady: () => [...(synced ? [] : ["the cluster has not been listed yet"]), ...policies.missing()],
      metrics: async () => ({ contentType: metrics.contentType, body: await metrics.render() }),
      log,
      ...(tls === undefined ? {} : { certificate: await tls.read() }),
      takeAlerts: (alerts) => pipeline.alerts(alerts),
      alertsAccess: alertsAccessOf(settings),
      ...(clients.alertmanagers.length === 0 ? {} : { restOfGroup: createRestOfGroup(clients.alertmanagers) }),
    });
  }

  async function beat(): Promise<void> {
    const began = clock.now();
    await policies.reload();
    pauses.follow();
    apiEdges.streams.look();
    if (web !== undefined) await tls?.look(web.server);
    if (!synced) return;
    await pipeline.beat(began);
    schedules.beat(began);
    metrics.beat(clock.now() - began);
    metrics.outboxDepth(outbox.depths());
    for (const { path, restarts, lastEventAt } of workloads.health()) metrics.reflector(path, restarts, lastEventAt);
  }

  let stopBeat: (() => Promise<void>) | undefined;
  let stopping: Promise<void> | undefined;

  async function shutDown(deadlineMs: Ms): Promise<void> {
    await stopBeat?.();
    await within(
      deadlineMs / 2,
      schedules.idle().then(() => pipeline.idle()),
    );
    await outbox.drain(deadlineMs / 4);
    await Promise.all([pods.stop(), workloads.stop()]);
    await leader.stop();
    await web?.close();
    await clients.close();
    tellingLog.stopped();
    log.info({}, "stopped");
  }

  /** Waits for `work`, but no longer than that. */
  async function within(ms: Ms, work: Promise<void>): Promise<void> {
    const enough = new AbortController();
    await Promise.race([work.finally(() => enough.abort()), clock.sleep(ms, enough.signal)]);
  }

  return {
    pipeline,
    beat,
    async start() {
      await policies.reload();
      web = await openWeb();
      const { host, port } = settings.listen;
      const url = await web.listen({ host, port }).catch((error: unknown) => {
        throw new RearguardError("LISTEN_FAILED", `cannot listen at ${host}:${port}: ${sentence(error)}`, { cause: error });
      });
      for (const { name, works } of checksOf(clients, clock.now())) {
        works().catch((error: unknown) =>
          log.warn({ source: name, error: sentence(error), remedy: remedyOf(error) }, "source does not answer"),
        );
      }
      leader.start();
      workloads.start();
      void workloads.synced().then(() => {
        if (stopping !== undefined) return;
        synced = true;
        log.info({ workloads: workloads.list().length }, "cluster listed");
      });
      let late = 0;
      stopBeat = clock.everySecond(
        () => beat().catch((error: unknown) => log.error({ error: sentence(error) }, "heartbeat failed")),
        (missed) => {
          late += missed;
          metrics.missedBeats(missed);
          log.warn({ missed, since: late }, "heartbeat missed");
        },
      );
      log.info({ url, cluster: settings.cluster, identity }, "rearguard started");
      return { url };
    },
    stop(deadlineMs) {
      stopping ??= within(deadlineMs, shutDown(deadlineMs));
      return stopping;
    },
  };
}

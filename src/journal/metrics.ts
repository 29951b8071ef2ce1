import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { AlertOutcome } from "../alert.ts";
import type { ScheduleOutcome } from "../schedule.ts";
import type { ActionKind, Decision, Phase, Receipt } from "../entry.ts";
import type { Ms, Outcome } from "../model.ts";
import type { RemedyDecision, RemedyKind } from "../remediation.ts";

export interface Metrics {
  /** `Content-Type` of `render`. */
  readonly contentType: string;
  render(): Promise<string>;
  /** Guards by phase now; a phase that is not named has none. */
  guards(byPhase: Readonly<Partial<Record<Phase, number>>>): void;
  alerted(outcome: AlertOutcome): void;
  decided(kind: Decision["kind"] | RemedyDecision["kind"]): void;
  /** Runs of a policy's schedule: begun, or why they were missed. */
  scheduled(policy: string, outcome: ScheduleOutcome, count: number): void;
  acted(kind: ActionKind | RemedyKind, outcome: Receipt["outcome"]): void;
  withheld(action: string, rule: string): void;
  beat(took: Ms): void;
  missedBeats(count: number): void;
  sampled(outcome: Outcome, signal: string): void;
  silenced(outcome: Outcome, follows: string): void;
  /** A watch of `resource` as it stands: interruptions since the start, and the last instant it was in step with the API server. */
  reflector(resource: string, restarts: number, heardAt: Ms | undefined): void;
  /** `hash` of the set in force after the reload, which is the old set when it failed. */
  policiesReloaded(ok: boolean, hash: string, at: Ms): void;
  leads(isLeader: boolean): void;
  /** Whether all action is paused, as the ledger said at this instant. */
  pauseRead(isPaused: boolean, at: Ms): void;
  outboxDepth(depths: Readonly<Record<string, number>>): void;
  messageDropped(target: string, why: string): void;
}

/**
 * Our own metrics in a registry of their own, one a daemon.
 * @param options.processMetrics memory, CPU and event loop of this process too; yes unless told.
 */
export function createMetrics(options: { readonly version: string; readonly processMetrics?: boolean }): Metrics {
  const registry = new Registry();
  if (options.processMetrics !== false) collectDefaultMetrics({ register: registry });
  const registers = [registry];

  const guards = new Gauge({ name: "rearguard_guards", help: "Guards by phase.", labelNames: ["phase"], registers });
  const decisions = new Counter({ name: "rearguard_decisions_total", help: "Decisions by kind.", labelNames: ["kind"], registers });
  const actions = new Counter({
    name: "rearguard_actions_total",
    help: "Actions by kind and outcome.",
    labelNames: ["kind", "outcome"],
    registers,
  });
  const withheld = new Counter({
    name: "rearguard_withheld_total",
    help: "Actions that were withheld, by kind and by the rule that forbids them.",
    labelNames: ["kind", "rule"],
    registers,
  });
  const alerts = new Counter({
    name: "rearguard_alerts_total",
    help: "Alerts that were posted to us, by what became of them.",
    labelNames: ["outcome"],
    registers,
  });
  const schedules = new Counter({
    name: "rearguard_schedules_total",
    help: "Runs of schedules that were due, by policy and by what became of them.",
    labelNames: ["policy", "outcome"],
    registers,
  });
  const beats = new Histogram({
    name: "rearguard_beat_duration_seconds",
    help: "Time one heartbeat took.",
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const missed = new Counter({
    name: "rearguard_beats_missed_total",
    help: "Heartbeats left out because one before took too long.",
    registers,
  });
  const samples = new Counter({
    name: "rearguard_samples_total",
    help: "Samples by outcome and kind of signal.",
    labelNames: ["outcome", "signal"],
    registers,
  });
  const silences = new Counter({
    name: "rearguard_silences_total",
    help: "Silences longer than the policy bears, by outcome and by what follows.",
    labelNames: ["outcome", "follows"],
    registers,
  });
  const restarts = new Counter({
    name: "rearguard_reflector_restarts_total",
    help: "Interruptions of a watch, by resource path.",
    labelNames: ["resource"],
    registers,
  });
  const synced = new Gauge({
    name: "rearguard_last_sync_timestamp_seconds",
    help: "When the view of the cluster was last known to be current.",
    labelNames: ["resource"],
    registers,
  });
  const reloadOk = new Gauge({
    name: "rearguard_policy_reload_success",
    help: "1 when the last load of the policies succeeded.",
    registers,
  });
  const reloadAt = new Gauge({ name: "rearguard_policy_reload_timestamp_seconds", help: "When the policies were last loaded.", registers });
  const policies = new Gauge({ name: "rearguard_policy_info", help: "Hash of the policies in force.", labelNames: ["hash"], registers });
  const leader = new Gauge({ name: "rearguard_leader", help: "1 while this instance leads, and so may act.", registers });
  const paused = new Gauge({ name: "rearguard_paused", help: "1 while a person has paused all action.", registers });
  const pauseReadAt = new Gauge({
    name: "rearguard_pause_read_timestamp_seconds",
    help: "When it was last read whether all action is paused.",
    registers,
  });
  const depth = new Gauge({ name: "rearguard_outbox_depth", help: "Messages waiting by target.", labelNames: ["target"], registers });
  const drops = new Counter({
    name: "rearguard_outbox_dropped_total",
    help: "Messages given up by target and cause.",
    labelNames: ["target", "why"],
    registers,
  });
  new Gauge({ name: "rearguard_build_info", help: "Version that runs.", labelNames: ["version", "node"], registers }).set(
    { version: options.version, node: process.versions.node },
    1,
  );
  leader.set(0);
  const counted = new Map<string, number>();

  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    guards(byPhase) {
      guards.reset();
      for (const [phase, count] of Object.entries(byPhase)) guards.set({ phase }, count);
    },
    alerted: (outcome) => alerts.inc({ outcome }),
    scheduled: (policy, outcome, count) => schedules.inc({ policy, outcome }, count),
    decided: (kind) => decisions.inc({ kind }),
    acted: (kind, outcome) => actions.inc({ kind, outcome }),
    withheld: (kind, rule) => withheld.inc({ kind, rule }),
    beat: (took) => beats.observe(took / 1000),
    missedBeats: (count) => missed.inc(count),
    sampled: (outcome, signal) => samples.inc({ outcome, signal }),
    silenced: (outcome, follows) => silences.inc({ outcome, follows }),
    reflector(resource, count, heardAt) {
      restarts.inc({ resource }, count - (counted.get(resource) ?? 0));
      counted.set(resource, count);
      if (heardAt !== undefined) synced.set({ resource }, heardAt / 1000);
    },
    policiesReloaded(ok, hash, at) {
      reloadOk.set(ok ? 1 : 0);
      reloadAt.set(at / 1000);
      policies.reset();
      policies.set({ hash }, 1);
    },
    pauseRead(isPaused, at) {
      paused.set(isPaused ? 1 : 0);
      pauseReadAt.set(at / 1000);
    },
    leads: (isLeader) => leader.set(isLeader ? 1 : 0),
    outboxDepth(depths) {
      for (const [target, waiting] of Object.entries(depths)) depth.set({ target }, waiting);
    },
    messageDropped: (target, why) => drops.inc({ target, why }),
  };
}

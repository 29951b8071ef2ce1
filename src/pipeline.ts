import { sentence } from "./errors.ts";
import type { GuardRecord } from "./guards/guard.ts";
import { standingOf } from "./guards/phase.ts";
import type { AnyRecord, RemediationRecord } from "./guards/remediation/record.ts";
import { remedyStandingOf } from "./guards/remediation/standing.ts";
import type { GuardRun } from "./guards/run.ts";
import type { Command, Phase } from "./entry.ts";
import type { Ms, WorkloadRef } from "./model.ts";
import type { Trigger } from "./remediation.ts";
import type { Alert } from "./alert.ts";
import { type AlertsTaken, takeAlerts } from "./pipeline/alerts.ts";
import { lookAfterRollbacks } from "./pipeline/aftermath.ts";
import { createBeside } from "./pipeline/beside.ts";
import { emptyBook } from "./pipeline/book.ts";
import type { Edges, PipelineSettings } from "./pipeline/edges.ts";
import type { Flow } from "./pipeline/flow.ts";
import { keepHandle } from "./pipeline/hand-over.ts";
import { followOpenGuards, openGuards, resumeGuards } from "./pipeline/open.ts";
import { workJobs } from "./pipeline/jobs.ts";
import { type Ordered, type OrdersUnderWay, takeOrder } from "./pipeline/order.ts";
import { probeGuards } from "./pipeline/probe.ts";
import { askConditions } from "./pipeline/remediation/conditions.ts";
import { remediate, type Remediated } from "./pipeline/remediation/remediate.ts";
import type { RemedyRun } from "./pipeline/remediation/run.ts";
import { stepRemediation } from "./pipeline/remediation/step.ts";
import { remediationsIn } from "./pipeline/remediation/tell.ts";
import { remindOfTrouble } from "./pipeline/remind.ts";
import { type Lane, lanes, sampleGuards } from "./pipeline/sample.ts";
import { stepGuard } from "./pipeline/step.ts";
import { rolloutsIn } from "./pipeline/tell.ts";

export interface Pipeline {
  /** One heartbeat: open, sample, judge, decide, act, record. Returns when new guards are open; the rest goes on beside it (`idle`). */
  beat(now: Ms): Promise<void>;
  /** Pods of this workload changed: decide now, not at the next beat. */
  wake(workloadUid: string): void;
  /** Alerts that were posted to us. `taken` when every guard they reach has them in its record; those guards decide at once. */
  alerts(alerts: readonly Alert[]): Promise<AlertsTaken>;
  /** Opens a guard of this remediation for each workload it matches, or for the one that is named. */
  remediate(trigger: Trigger, policyName: string, workload?: WorkloadRef): Promise<Remediated>;
  /** A person orders something of a guard. `taken` when it is in its record; the guard obeys at once. */
  order(guard: string, command: Command): Promise<Ordered>;
  /** Resolves when nothing that a beat began is still under way. */
  idle(): Promise<void>;
  open(): readonly GuardRun[];
  ended(): readonly GuardRecord[];
  /** The same of guards without a rollout. */
  remediations(): { readonly open: readonly RemedyRun[]; readonly ended: readonly RemediationRecord[] };
  /** What receivers call their thing for a guard; kept in its record. */
  readonly handles: {
    get(guard: string, target: string): string | undefined;
    keep(guard: string, target: string, handle: string): void;
  };
}

/**
 * THE flow. When a rollout starts, a guard opens; on every heartbeat it samples its signals, judges them by its policy, decides, acts,
 * and records why. A slow source delays only what needs it: each lane samples beside the beats and the other lanes, and guards step
 * independently.
 */
export function createPipeline(edges: Edges, settings: PipelineSettings): Pipeline {
  const flow: Flow = {
    book: emptyBook(),
    edges,
    settings,
    unsaved: new Set(),
    lost: new Set(),
    handed: new Map(),
    telling: new Map(),
    writing: new Map(),
    waiting: new Map(),
    claims: new Map(),
    opening: new Map(),
    diagnosing: createBeside(8),
    diagnosed: new Set(),
    reminded: new Map(),
  };
  const { book } = flow;
  const retry = new Set<string>();
  const stepping = new Map<string, Promise<void>>();
  const following = new Map<string, Promise<void>>();
  const probing = createBeside(64);
  const testing = createBeside(16);
  const asking = createBeside(16);
  const looking = createBeside(16);
  const sampling = new Map<Lane, Promise<void>>();
  const ordersUnderWay: OrdersUnderWay = new Map();
  let resumed = false;

  async function beat(now: Ms): Promise<void> {
    if (!edges.leading(now)) return standDown();
    // What people ordered while another led binds from the first step on.
    if (!resumed) await edges.readGovernorState?.();
    if (!resumed || flow.lost.size > 0) await resumeGuards(flow);
    resumed = true;
    followOpenGuards(flow);
    await openGuards(flow, retry);
    // Not awaited: a guard whose write hangs must not hold up the others' heartbeat.
    void stepAll([...book.open.keys(), ...book.remediations.keys()]);
    // Each probe by itself: one that hangs holds up neither the samples nor the others.
    probeGuards(flow, probing, step);
    workJobs(flow, testing, step);
    askConditions(flow, asking, step);
    lookAfterRollbacks(flow, looking, step);
    remindOfTrouble(flow);
    for (const lane of lanes) {
      if (!sampling.has(lane)) sampling.set(lane, sample(lane));
    }
    edges.observe.guards(countPhases());
  }

  async function sample(lane: Lane): Promise<void> {
    try {
      await stepAll(await sampleGuards(lane, flow));
    } catch (error) {
      edges.log.error({ lane, error: sentence(error) }, "sampling failed");
    } finally {
      sampling.delete(lane);
    }
  }

  async function stepAll(names: Iterable<string>): Promise<void> {
    await Promise.all([...names].map(step));
  }

  /** Steps of one guard never overlap. One that is under way may not have seen what is new, so one more follows it, however often asked. */
  function step(name: string): Promise<void> {
    const running = stepping.get(name);
    if (running === undefined) return begin(name);
    const next = following.get(name) ?? running.then(() => begin(name));
    following.set(name, next);
    return next;
  }

  function begin(name: string): Promise<void> {
    following.delete(name);
    const work = (book.remediations.has(name) ? stepRemediation(name, flow) : stepGuard(name, flow))
      .catch((error: unknown) => edges.log.error({ guard: name, error: sentence(error) }, "guard step failed"))
      .finally(() => stepping.delete(name));
    stepping.set(name, work);
    return work;
  }

  /** Another process leads: what we hold is its to change, and is read again when leadership comes back. */
  function standDown(): void {
    if (resumed) edges.log.warn({ guards: book.open.size + book.remediations.size }, "leadership lost; guards are left to the new leader");
    resumed = false;
    book.open.clear();
    book.ended.clear();
    book.remediations.clear();
    book.endedRemediations.clear();
    flow.unsaved.clear();
    flow.handed.clear();
    flow.telling.clear();
    flow.diagnosed.clear();
    flow.reminded.clear();
    edges.withdraw?.();
  }

  function countPhases(): Readonly<Partial<Record<Phase, number>>> {
    const counts: Partial<Record<Phase, number>> = {};
    for (const run of book.open.values()) counts[run.standing.phase] = (counts[run.standing.phase] ?? 0) + 1;
    for (const record of book.ended.values()) {
      const { phase } = standingOf(record.entries);
      counts[phase] = (counts[phase] ?? 0) + 1;
    }
    for (const run of book.remediations.values()) counts[run.standing.phase] = (counts[run.standing.phase] ?? 0) + 1;
    for (const record of book.endedRemediations.values()) {
      const { phase } = remedyStandingOf(record.entries);
      counts[phase] = (counts[phase] ?? 0) + 1;
    }
    return counts;
  }

  function recordOf(guard: string): AnyRecord | undefined {
    return (book.open.get(guard) ?? book.remediations.get(guard))?.record ?? book.ended.get(guard) ?? book.endedRemediations.get(guard);
  }

  /** Until the open guards were read nobody knows whom anything reaches. */
  function notNow(): string | undefined {
    if (!edges.leading(edges.now())) return "another Rearguard leads";
    return !resumed || flow.lost.size > 0 ? "the open guards are being read" : undefined;
  }

  return {
    beat,
    wake(workloadUid) {
      const isOfIt = ({ uid }: WorkloadRef) => uid === workloadUid;
      const names = [
        ...[...book.open.values()].filter(({ record }) => isOfIt(record.rollout.workload)).map(({ record }) => record.name),
        ...[...book.remediations.values()].filter(({ record }) => isOfIt(record.workload)).map(({ record }) => record.name),
      ];
      if (edges.leading(edges.now())) void stepAll(names);
    },
    async alerts(alerts) {
      const because = notNow();
      if (because !== undefined) return { taken: false, because };
      const taken = await takeAlerts(alerts, flow);
      if (taken.taken) void stepAll(taken.guards);
      return taken;
    },
    async remediate(trigger, policyName, workload) {
      const because = notNow();
      if (because !== undefined) return { done: false, because };
      const remediated = await remediate(trigger, policyName, workload, flow);
      if (remediated.done) void stepAll(remediated.guards.map(({ guard }) => guard));
      return remediated;
    },
    async order(guard, command) {
      const because = notNow();
      if (because !== undefined) return { taken: false, why: "later", because };
      const ordered = await takeOrder(guard, command, flow, ordersUnderWay);
      if (ordered.taken) void step(guard);
      return ordered;
    },
    async idle() {
      const all = [probing, testing, asking, looking, flow.diagnosing];
      const beside = () => [...sampling.values(), ...all.flatMap((one) => one.underWay())];
      const underWay = () => [...stepping.values(), ...following.values(), ...beside()];
      while (underWay().length > 0) await Promise.all(underWay());
    },
    open: () => [...book.open.values()],
    ended: () => [...book.ended.values()],
    remediations: () => ({ open: [...book.remediations.values()], ended: [...book.endedRemediations.values()] }),
    handles: {
      get: (guard, target) => recordOf(guard)?.handles?.[target],
      keep: (guard, target, handle) => {
        if (!keepHandle(guard, [target, handle], rolloutsIn(flow), flow)) keepHandle(guard, [target, handle], remediationsIn(flow), flow);
      },
    },
  };
}

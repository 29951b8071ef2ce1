// ChangeRCA: 28 experiments, several Deployments rolled out at once, one new version defective.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import type { Ms } from "../../src/model.ts";
import { type MinuteValue, scrapesOf } from "./counters.ts";
import type { LabelledRun } from "./labelled-set.ts";
import type { ReplayCase, ReplayRollout, Step, Trouble } from "./replay-case.ts";
import { changeRcaLines } from "./report.ts";
import { labelledPolicy } from "./policies.ts";

const minutes = z.array(z.number().nullable());
const series = z.object({ pod: z.string(), edge: z.string(), side: z.string(), t: z.array(z.number()), success_pct: minutes });
const edges = z.object({ t: z.array(z.number()), success_pct: z.record(z.string(), minutes) });
const step = z.object({ done: z.number(), new_pods: z.array(z.string()), gone_pods: z.array(z.string()) });
const fileSchema = z.object({
  case: z.string(),
  rollouts: z.array(z.object({ service: z.string(), t0: z.number(), replicas: z.number(), steps: z.array(step) })),
  edge_success: z.object({ source: edges }),
  pod_series: z.array(series),
});
const truthSchema = z.array(z.object({ case: z.string(), service: z.string(), bad: z.boolean(), tier: z.string() }));

type Experiment = z.output<typeof fileSchema>;
type Truth = z.output<typeof truthSchema>[number];

const factors = [1, 0.1, 10];
/** Half of the runs each: the data does not say how the pods that never answered looked. */
const troubles: readonly Trouble[] = ["crash-loop", "never-ready"];

const SECOND: Ms = 1000;
const MINUTE: Ms = 60_000;
/** From a pod's creation to its readiness, as the data's description gives it. */
const STARTING: Ms = 65_000;
const DEADLINE: Ms = 600_000;

interface Life {
  readonly from: Ms;
  readonly to: Ms;
}

interface Experiments {
  readonly experiments: readonly Experiment[];
  readonly truth: readonly Truth[];
}

async function readChangeRca(folder: string): Promise<Experiments> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".json.gz")).toSorted();
  const experiments = await Promise.all(
    files.map(async (file) => fileSchema.parse(JSON.parse(gunzipSync(await readFile(join(folder, file))).toString("utf8")))),
  );
  const truth = truthSchema.parse(JSON.parse(await readFile(join(folder, "truth.json"), "utf8")));
  return { experiments, truth };
}

/** Targets count at the traffic that the data had; less and more traffic are shown beside it. */
export async function changeRcaRuns(folder: string): Promise<readonly LabelledRun[]> {
  const { experiments, truth } = await readChangeRca(folder);
  const policy = labelledPolicy();
  return factors.flatMap((factor) =>
    troubles.map((trouble): LabelledRun => ({
      title: `changerca, ${factor} x requests, T3 ${trouble}`,
      file: `changerca-${factor}x-${trouble}`,
      lines: changeRcaLines,
      counts: factor === 1,
      *cases() {
        for (const experiment of experiments) yield { given: changeRcaCase(experiment, truth, factor, trouble), policy };
      },
    })),
  );
}

/** One experiment at `factor` times the usual traffic; pods of tier T3 have `trouble`. */
function changeRcaCase(experiment: Experiment, truth: readonly Truth[], factor: number, trouble: Trouble): ReplayCase {
  const labels = truth.filter((label) => label.case === experiment.case);
  const rollouts = experiment.rollouts.flatMap((rollout): ReplayRollout[] => {
    const label = labels.find(({ service }) => service === rollout.service);
    return label === undefined ? [] : [rolloutOf(experiment, rollout, label, trouble)];
  });
  const counters = scrapesOf(ownValues(experiment, rollouts, factor));
  const ends = [...counters.values()].map(({ at }) => at.at(-1) ?? 0);
  // Where nothing is ever measured Kubernetes alone can tell, and its deadline may come after the last measurement.
  const deadlines = rollouts.filter((rollout) => rollout.trouble !== null).map(({ t0, progressDeadline }) => t0 + progressDeadline);
  return {
    set: "changerca",
    name: experiment.case,
    from: Math.floor(Math.min(...rollouts.map(({ t0 }) => t0)) / MINUTE - 2) * MINUTE,
    until: Math.max(...ends, ...deadlines) + MINUTE,
    rollouts,
    counters,
    callers: new Map(rollouts.map(({ service }) => [service, scrapesOf(callersValues(experiment, rollouts, service, factor))])),
  };
}

function rolloutOf(experiment: Experiment, written: Experiment["rollouts"][number], label: Truth, trouble: Trouble): ReplayRollout {
  const t0 = written.t0 * SECOND;
  let before = t0;
  const steps = written.steps.map(({ done, new_pods: fresh, gone_pods: gone }): Step => {
    const start = Math.max(before, done * SECOND - STARTING);
    before = done * SECOND;
    return { start, done: before, fresh, gone };
  });
  const pauses = steps.map(({ start }, index) => start - (steps[index - 1]?.done ?? t0));
  return {
    service: written.service,
    bad: label.bad,
    tier: label.tier,
    t0,
    replicas: written.replicas,
    oldSet: setOf(steps[0]?.gone[0] ?? ""),
    newSet: setOf(steps[0]?.fresh[0] ?? ""),
    oldPods: steps.flatMap(({ gone }) => gone),
    steps,
    trouble: label.tier === "T3" ? trouble : null,
    // Pods stood ready for up to 20 minutes before the next came: minReadySeconds, and Kubernetes' default deadline on top of it.
    progressDeadline: Math.max(...pauses) + DEADLINE,
    inbound: inboundOf(experiment, written.service, t0 + STARTING),
  };
}

/** ReplicaSet of a pod: its name without the last part. */
function setOf(pod: string): string {
  return pod.slice(0, pod.lastIndexOf("-"));
}

/** What the pods themselves answered (their server side). An edge's requests are shared by the pods that report them in that minute. */
function ownValues(experiment: Experiment, rollouts: readonly ReplayRollout[], factor: number): readonly MinuteValue[] {
  const lives = livesOf(rollouts);
  const values = experiment.pod_series
    .filter(({ side }) => side === "server")
    .flatMap(({ pod, edge, t, success_pct: success }) =>
      t.flatMap((seconds, index): MinuteValue[] => {
        const at = Math.round((seconds * SECOND) / MINUTE) * MINUTE;
        const percent = success[index] ?? null;
        const life = lives.get(pod);
        if (percent === null || life === undefined || at <= life.from || at > life.to) return [];
        return [{ pod, edge, at, requests: requestsOf(edge) * factor, success: percent / 100 }];
      }),
    );
  const sharing = Map.groupBy(values, ({ edge, at }) => `${edge} ${at}`);
  return values.map((value) => ({ ...value, requests: value.requests / (sharing.get(`${value.edge} ${value.at}`)?.length ?? 1) }));
}

function livesOf(rollouts: readonly ReplayRollout[]): ReadonlyMap<string, Life> {
  const lives = new Map<string, Life>();
  for (const { steps } of rollouts) {
    for (const { start, done, fresh, gone } of steps) {
      for (const pod of fresh) lives.set(pod, { from: start, to: Infinity });
      for (const pod of gone) lives.set(pod, { from: -Infinity, to: done });
    }
  }
  return lives;
}

/** What callers counted of their calls to a service (their client side). An edge's calls are shared by the pods of the calling service. */
function callersValues(
  experiment: Experiment,
  rollouts: readonly ReplayRollout[],
  service: string,
  factor: number,
): readonly MinuteValue[] {
  const lives = livesOf(rollouts);
  const { t, success_pct: byEdge } = experiment.edge_success.source;
  return Object.entries(byEdge).flatMap(([edge, success]) => {
    const [caller = "", callee] = edge.split("_");
    if (callee !== service) return [];
    const known = callingPods(experiment, rollouts, caller);
    return t.flatMap((seconds, index): MinuteValue[] => {
      const at = Math.round((seconds * SECOND) / MINUTE) * MINUTE;
      const percent = success[index] ?? null;
      if (percent === null) return [];
      const alive = known.filter((pod) => at > (lives.get(pod)?.from ?? -Infinity) && at <= (lives.get(pod)?.to ?? Infinity));
      const pods = alive.length === 0 ? [`${caller}-unnamed`] : alive;
      return pods.map((pod) => ({ pod, edge, at, requests: (requestsOf(edge) * factor) / pods.length, success: percent / 100 }));
    });
  });
}

/** Pods of a calling service: those of its own rollout, else all that the data names. */
function callingPods({ pod_series: named }: Experiment, rollouts: readonly ReplayRollout[], caller: string): readonly string[] {
  const rollout = rollouts.find(({ service }) => service === caller);
  if (rollout !== undefined) return [...rollout.oldPods, ...rollout.steps.flatMap(({ fresh }) => fresh)];
  return [...new Set(named.map(({ pod }) => pod).filter((pod) => pod.startsWith(`${caller}-`)))];
}

/** Requests a minute of a whole edge `caller_callee`, as the data's description gives them: its success values have these denominators. */
function requestsOf(edge: string): number {
  if (edge.includes("checkoutservice")) return 10;
  return edge.startsWith("frontend_") ? 90 : 30;
}

function inboundOf({ edge_success: { source } }: Experiment, service: string, from: Ms): string {
  const edges = Object.entries(source.success_pct).filter(([edge]) => edge.endsWith(`_${service}`));
  const told = edges.map(([edge, success]) => {
    const mean = (after: boolean) => {
      const some = success.filter((value, index) => value !== null && (source.t[index] ?? 0) * SECOND > from === after);
      return some.length === 0 ? "nothing" : `${(some.reduce((sum: number, value) => sum + (value ?? 0), 0) / some.length).toFixed(1)} %`;
    };
    return `${edge} ${mean(false)} -> ${mean(true)}`;
  });
  return told.join(", ");
}

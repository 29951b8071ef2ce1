import { chosenPresetOf, presetQuestionOf, presetReason } from "../guards/presets.ts";
import { type GuardRun, withChosenPresets } from "../guards/run.ts";
import type { Ms, SeriesValue } from "../model.ts";
import { choosePreset, type Exposed, needsRoutes, type PresetFound, type PresetQuestion, routeLabels } from "../policies/preset-fit.ts";
import type { Reason } from "../reason.ts";
import type { Ask } from "../signals/ask.ts";
import { exposedBy, presetQuery, type PresetSubject, withRoutes } from "../signals/preset-query.ts";
import type { Edges } from "./edges.ts";
import type { Flow } from "./flow.ts";
import { writeEntry } from "./write.ts";

/** Of twenty workloads with many pods, each with some metrics and statuses. */
const MOST_SERIES = 20_000;

/** Pods, and what is asked about them, by the names of their signals. */
export interface Sought extends PresetSubject {
  readonly questions: Readonly<Record<string, PresetQuestion>>;
}

/** By signal: the preset, or in words why there is none. */
export type PresetAnswer = Readonly<Record<string, PresetFound | string>>;

/** Why a signal has no preset yet: the pods expose none, which is an answer, or nobody answered. */
export interface NoPreset {
  readonly kind: "no-data" | "error";
  readonly because: string;
}

/**
 * Sees to it that the presets of all signals with `preset: auto` are chosen and written down, before anything is judged by them: by what
 * the old pods exposed when the rollout began, else by what the new ones expose now. By signal, what is missing.
 */
export async function ensurePresets(run: GuardRun, now: Ms, flow: Flow): Promise<Readonly<Record<string, NoPreset>>> {
  const { record } = run;
  const { rollout, name, namespace } = record;
  const open = openQuestions(run);
  if (Object.keys(open).length === 0) return {};
  const missing: Record<string, NoPreset> = {};
  const reasons: Reason[] = [];
  const sides = [
    ...(rollout.old === undefined ? [] : [{ at: rollout.startedAt, revision: rollout.old }]),
    { at: now, revision: rollout.new },
  ];
  for (const { at, revision } of sides) {
    const questions = Object.fromEntries(Object.entries(open).filter(([signal]) => !isFound(reasons, signal)));
    if (Object.keys(questions).length === 0) break;
    const [answer] = await findPresets([{ namespace, prefixes: [revision.name], questions }], at, flow.edges);
    if (typeof answer === "string" || answer === undefined) return failed(open, answer ?? "no answer");
    for (const [signal, found] of Object.entries(answer)) {
      if (typeof found !== "string") reasons.push(presetReason(signal, found));
      else
        missing[signal] = {
          kind: "no-data",
          because: notFound(
            found,
            sides.map((side) => side.revision.name),
            namespace,
          ),
        };
    }
  }
  if (reasons.length > 0 && !(await writeEntry(name, { kind: "noted", because: reasons }, flow))) {
    return failed(open, "the choice of a preset could not be written down");
  }
  const current = flow.book.open.get(name);
  if (current !== undefined) flow.book.open.set(name, withChosenPresets(current));
  return Object.fromEntries(Object.entries(missing).filter(([signal]) => !isFound(reasons, signal)));
}

/** What each of these pods can be judged by, in their order; a string: the source did not answer properly. */
export async function findPresets(
  all: readonly Sought[],
  at: Ms,
  edges: Pick<Edges, "sample">,
): Promise<readonly (PresetAnswer | string)[]> {
  const podLabels = [...new Set(all.flatMap(({ questions }) => Object.values(questions).flatMap((question) => question.podLabels)))];
  const ask = async (routes: readonly (string | undefined)[]): Promise<ReadonlyMap<string, readonly SeriesValue[]> | string> => {
    const pairs = podLabels.flatMap((podLabel) =>
      routes.map((route) => ({ id: idOf(podLabel, route), promql: presetQuery(all, podLabel, route) })),
    );
    const asks = pairs.map(({ id, promql }): Ask => ({
      id,
      namespace: all[0]?.namespace ?? "",
      prefixes: [],
      query: { kind: "promql", promql, mostSeries: MOST_SERIES },
    }));
    const answers = await edges.sample(asks, [at]);
    const found = new Map<string, readonly SeriesValue[]>();
    for (const { id } of asks) {
      const measurement = answers.get(id)?.[0];
      if (measurement?.kind === "error") return measurement.because;
      found.set(id, measurement?.kind === "values" ? measurement.values : []);
    }
    return found;
  };
  const plain = await ask([undefined]);
  if (typeof plain === "string") return all.map(() => plain);
  const exposed = all.map((one) => exposedTo(one, podLabels, plain));
  const isTied = all.some(({ questions }, index) =>
    Object.values(questions).some((question) => needsRoutes(question, exposed[index] ?? new Map())),
  );
  const routed = isTied ? await ask(routeLabels) : new Map<string, readonly SeriesValue[]>();
  if (typeof routed === "string") return all.map(() => routed);
  return all.map((one, index) => {
    const whole = new Map([...(exposed[index] ?? [])].map(([podLabel, known]) => [podLabel, routedTo(one, podLabel, known, routed)]));
    return Object.fromEntries(Object.entries(one.questions).map(([signal, question]) => [signal, choosePreset(question, whole)]));
  });
}

function exposedTo(
  one: PresetSubject,
  podLabels: readonly string[],
  answers: ReadonlyMap<string, readonly SeriesValue[]>,
): ReadonlyMap<string, Exposed> {
  return new Map(
    podLabels.map((podLabel) => [
      podLabel,
      { series: exposedBy(one, podLabel, answers.get(idOf(podLabel)) ?? []), routes: new Set<string>() },
    ]),
  );
}

function routedTo(one: PresetSubject, podLabel: string, known: Exposed, answers: ReadonlyMap<string, readonly SeriesValue[]>): Exposed {
  return withRoutes(
    known,
    new Map(routeLabels.map((label) => [label, exposedBy(one, podLabel, answers.get(idOf(podLabel, label)) ?? [])])),
  );
}

function idOf(podLabel: string, routeLabel = ""): string {
  return `presets/${podLabel}/${routeLabel}`;
}

function openQuestions({ record }: GuardRun): Readonly<Record<string, PresetQuestion>> {
  return Object.fromEntries(
    Object.entries(record.policy.spec.signals).flatMap(([signal, written]) => {
      const question = presetQuestionOf(written);
      return question === undefined || chosenPresetOf(record.entries, signal) !== undefined ? [] : [[signal, question]];
    }),
  );
}

function isFound(reasons: readonly Reason[], signal: string): boolean {
  return reasons.some((reason) => reason.code === "preset" && reason.signal === signal);
}

function failed(open: Readonly<Record<string, PresetQuestion>>, because: string): Readonly<Record<string, NoPreset>> {
  return Object.fromEntries(Object.keys(open).map((signal) => [signal, { kind: "error", because }]));
}

/** `instead` is what was found and does not do; empty where nothing was. */
function notFound(instead: string, owners: readonly string[], namespace: string): string {
  const pods = owners.map((owner) => `${owner}-*`).join(", ");
  const found = instead === "" ? "none of the presets' metrics" : `only ${instead}`;
  return `preset auto finds ${found} of pods ${pods} in namespace ${namespace}; name a preset where the metrics have other names`;
}

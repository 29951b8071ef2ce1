import { chosenPresetOf, presetQuestionOf, presetReason } from "../guards/presets.ts";
import { type GuardRun, withChosenPresets } from "../guards/run.ts";
import type { Ms, Revision, SeriesValue } from "../model.ts";
import { choosePreset, type Exposed, needsRoutes, type PresetFound, type PresetQuestion, routeLabels } from "../policies/preset-fit.ts";
import type { Ask } from "../signals/ask.ts";
import { eachOf } from "../signals/each-of.ts";
import { exposedBy, presetQuery, type PresetSubject, withRoutes } from "../signals/preset-query.ts";
import type { Edges } from "./edges.ts";
import type { Flow } from "./flow.ts";
import { writeEntry } from "./write.ts";

/** Of all guards of a query, with many pods, some metrics and statuses each. */
const MOST_SERIES = 20_000;
const MOST_GUARDS = 50;
/** Each asks up to four queries at once. */
const CHUNKS_AT_ONCE = 2;
/** A refusal comes sooner: who takes longer to say nothing hangs, and would hold up the counters once for each chunk. */
const LONG_MS: Ms = 2000;

/** Pods, and what is asked about them, by the names of their signals. */
export interface Sought extends PresetSubject {
  readonly questions: Readonly<Record<string, PresetQuestion>>;
  /** Pods that must show a preset; 1 unless told. */
  readonly fewest?: number;
}

/** By signal: the preset, or in words why there is none. */
export type PresetAnswer = Readonly<Record<string, PresetFound | string>>;

/** Why a signal has no preset yet: the pods expose none, which is an answer; nobody answered; or the choice is not written down yet. */
export interface NoPreset {
  readonly kind: "no-data" | "error" | "unsaved";
  readonly because: string;
}

export type WithoutPreset = Readonly<Record<string, NoPreset>>;

/** One guard that has to choose, and what it has found so far. */
interface Choosing {
  readonly run: GuardRun;
  readonly found: Readonly<Record<string, PresetFound>>;
  /** By signal that is still open, what was found instead. */
  readonly open: Readonly<Record<string, string>>;
  readonly failed?: string;
}

/** One of them, and whose pods are asked for at which instant. */
interface Asking {
  readonly one: Choosing;
  readonly revision: Revision;
  readonly at: Ms;
  readonly fewest: number;
}

/**
 * Sees to it that the presets of all signals with `preset: auto` of these guards are chosen and written down, before anything is judged
 * by them: by what the old pods exposed when the rollout began, which is asked once, else by what the new ones expose now, for all
 * guards together. By guard and signal, what is missing.
 */
export async function ensurePresets(guards: Iterable<string>, now: Ms, flow: Flow): Promise<ReadonlyMap<string, WithoutPreset>> {
  const { book, settings } = flow;
  const runs = [...new Set(guards)].flatMap((name) => book.open.get(name) ?? []);
  const all = runs.flatMap((run): Choosing[] => {
    const open = Object.fromEntries(Object.keys(openQuestions(run)).map((signal) => [signal, ""]));
    return Object.keys(open).length === 0 ? [] : [{ run, found: {}, open }];
  });
  const asOld = all.flatMap((one): Asking[] => {
    const { old, startedAt } = one.run.record.rollout;
    if (old === undefined || one.run.oldPresetsSought === true) return [];
    // To the block, so that rollouts that begin together share their queries.
    return [{ one, revision: old, at: Math.floor(startedAt / settings.pace.blockMs) * settings.pace.blockMs, fewest: 1 }];
  });
  const trouble: Trouble = {};
  const byOld = await askedFor(asOld, trouble, flow);
  const afterOld = all.map((one) => byOld.get(one) ?? one);
  const asNew = afterOld.flatMap((one): Asking[] => {
    if (one.failed !== undefined || Object.keys(one.open).length === 0) return [];
    const { new: revision, desired } = one.run.record.rollout;
    // The first of them may be scraped at an address that another workload's pod has just left.
    return [{ one, revision, at: now, fewest: Math.min(2, desired) }];
  });
  const byNew = await askedFor(asNew, trouble, flow);
  const missing = new Map<string, WithoutPreset>();
  for (const one of afterOld) missing.set(one.run.record.name, await writtenDown(byNew.get(one) ?? one, flow));
  return missing;
}

/** Why nothing more is asked in this beat, once an answer was long awaited in vain. */
interface Trouble {
  silent?: string;
}

/** What each has found then: one set of queries for all that ask for the same instant, in chunks. */
async function askedFor(asking: readonly Asking[], trouble: Trouble, { edges }: Flow): Promise<ReadonlyMap<Choosing, Choosing>> {
  const after = new Map<Choosing, Choosing>();
  const chunks = [...Map.groupBy(asking, ({ at }) => at).values()].flatMap(chunksOf);
  await eachOf(chunks, CHUNKS_AT_ONCE, async (chunk) => {
    const sought = chunk.map((asked) => soughtOf(asked));
    const began = edges.now();
    const { silent } = trouble;
    const answers = silent === undefined ? await findPresets(sought, chunk[0]?.at ?? 0, edges) : sought.map(() => silent);
    for (const [index, { one }] of chunk.entries()) {
      const answer = answers[index];
      if (typeof answer === "string" && edges.now() - began > LONG_MS) trouble.silent ??= answer;
      after.set(one, answeredWith(one, answer));
    }
  });
  return after;
}

function chunksOf(asking: readonly Asking[]): readonly (readonly Asking[])[] {
  const chunks = Math.ceil(asking.length / MOST_GUARDS);
  return Array.from({ length: chunks }, (_, order) => asking.slice(order * MOST_GUARDS, (order + 1) * MOST_GUARDS));
}

function soughtOf({ one: { run, open }, revision, fewest }: Asking): Sought {
  const questions = Object.entries(openQuestions(run)).filter(([signal]) => signal in open);
  const { namespace } = run.record;
  return { namespace, prefixes: [revision.name], questions: Object.fromEntries(questions), fewest };
}

function answeredWith(one: Choosing, answer: PresetAnswer | string | undefined): Choosing {
  if (answer === undefined || typeof answer === "string") return { ...one, failed: answer ?? "no answer" };
  const found = { ...one.found };
  const open = { ...one.open };
  for (const [signal, choice] of Object.entries(answer)) {
    // What the old pods have says more than that the new ones have nothing.
    if (typeof choice === "string") open[signal] = choice || (open[signal] ?? "");
    else {
      found[signal] = choice;
      delete open[signal];
    }
  }
  return { ...one, found, open };
}

async function writtenDown({ run, found, open, failed }: Choosing, flow: Flow): Promise<WithoutPreset> {
  const { name, namespace, rollout } = run.record;
  const because = Object.entries(found).map(([signal, choice]) => presetReason(signal, choice));
  const isSaved = because.length === 0 || (await writeEntry(name, { kind: "noted", because }, flow));
  const current = flow.book.open.get(name);
  if (current !== undefined) flow.book.open.set(name, withChosenPresets(current, failed === undefined && isSaved));
  const owners = [rollout.old, rollout.new].flatMap((revision) => revision?.name ?? []);
  const unsaved = isSaved ? {} : asMissing(found, () => ({ kind: "unsaved", because: "the choice could not be written down" }));
  const none = asMissing(open, (instead) =>
    failed === undefined ? { kind: "no-data", because: notFound(instead, owners, namespace) } : { kind: "error", because: failed },
  );
  return { ...none, ...unsaved };
}

function asMissing<T>(signals: Readonly<Record<string, T>>, why: (of: T) => NoPreset): WithoutPreset {
  return Object.fromEntries(Object.entries(signals).map(([signal, of]) => [signal, why(of)]));
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
    return Object.fromEntries(
      Object.entries(one.questions).map(([signal, question]) => [signal, choosePreset(question, whole, one.fewest)]),
    );
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

/** `instead` is what was found and does not do; empty where nothing was. */
function notFound(instead: string, owners: readonly string[], namespace: string): string {
  const pods = owners.map((owner) => `${owner}-*`).join(", ");
  const found = instead === "" ? "none of the presets' metrics" : `only ${instead}`;
  return `preset auto finds ${found} of pods ${pods} in namespace ${namespace}; name a preset where the metrics have other names`;
}

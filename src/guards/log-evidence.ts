// What the lines of a logs signal say: quoted beside the evidence, and new patterns told of. It judges nothing.
import {
  doubtful,
  type LinesMemory,
  loudest,
  type New,
  newPatterns,
  noLines,
  type NoveltyRule,
  type Quoted,
} from "../judging/patterns/novelty.ts";
import { phraseOf } from "../judging/patterns/phrase.ts";
import type { Ms } from "../model.ts";
import type { LogsSignal } from "../policies/logs-signal.ts";
import type { QuotedLines } from "../reason/quoted-lines.ts";
import type { Reason, Verdict } from "../reason.ts";
import { discoverLink } from "./discover-link.ts";
import { type GuardRun, judgedFrom } from "./run.ts";

/** Quoted beside evidence; pods that a quote names; new patterns that one guard tells of. */
const mostQuotes = 3;
const mostPodNames = 3;
export const mostTold = 10;
/** Patterns that are looked for by themselves beside one count. */
const mostDoubts = 3;

/** Old lines that came late are read once more. */
const overlapMs: Ms = 60_000;

/** What is to be read beside the next count: of new pods what was not read yet; of old pods too, and at first of the time before the rollout. */
export function linesWanted(run: GuardRun, name: string, { newPatterns: wanted, lookbackMs }: LogsSignal) {
  const { rollout } = run.record;
  const { freshThrough = null, oldThrough = null } = run.logs[name]?.lines ?? {};
  const fresh = { fresh: rollout.new.name, freshAfter: freshThrough ?? judgedFrom(run) };
  if (wanted === "off" || rollout.old === undefined) return fresh;
  const after = oldThrough === null ? rollout.startedAt - lookbackMs : oldThrough - overlapMs;
  const old = { owners: [rollout.old.name], workload: rollout.workload.name, after };
  const patterns = doubtful(run.logs[name]?.lines ?? noLines, noveltyRule(run)).slice(0, mostDoubts);
  if (patterns.length === 0) return { ...fresh, old };
  const doubts = patterns.map((pattern) => ({ pattern, phrase: phraseOf(pattern) }));
  return { ...fresh, old: { ...old, doubts: { from: rollout.startedAt - lookbackMs, patterns: doubts } } };
}

function noveltyRule({ record, pace }: GuardRun): NoveltyRule {
  return { blockMs: pace.blockMs, readySince: (pod) => record.pods.find(({ name }) => name === pod)?.readySince };
}

/** The verdict with the lines beside its evidence, so that the decision which rests on it is recorded with them. */
export function withQuotes(verdict: Verdict, run: GuardRun): Verdict {
  const { signal } = verdict;
  const memory = run.logs[signal]?.lines;
  if (memory === undefined || !verdict.because.some(({ code }) => code === "evidence")) return verdict;
  const quotes = loudest(memory, mostQuotes).map(shown);
  const unread = quotes.length > 0 ? undefined : whyUnread(memory, run.signals[signal] as LogsSignal);
  const link = memory.freshThrough === null ? undefined : linkTo(run, signal, judgedFrom(run), memory.freshThrough);
  const lines = {
    ...(quotes.length === 0 ? {} : { quotes, ...(memory.freshWhole ? {} : { partly: true as const }) }),
    ...(unread === undefined ? {} : { unread }),
    ...(link === undefined ? {} : { link }),
  };
  return { ...verdict, because: verdict.because.map((reason) => (reason.code === "evidence" ? { ...reason, ...lines } : reason)) };
}

function whyUnread({ trouble, textless }: LinesMemory, { fields }: LogsSignal): string | undefined {
  if (trouble !== undefined) return trouble;
  return textless === 0 ? undefined : `they have no field ${fields.texts.join(" or ")}; fields.text of the signal names another`;
}

/** What is worth telling of the lines themselves, whether it was told before or not. */
export function newsOf(run: GuardRun): readonly Reason[] {
  return Object.entries(run.logs).flatMap(([signal, { lines, podless }]): Reason[] => {
    const of = run.signals[signal];
    if (of?.kind !== "logs") return [];
    const left: Reason[] = podless === 0 ? [] : [{ code: "lines-without-pod", signal, lines: podless, field: of.fields.pod }];
    if (of.newPatterns === "off") return left;
    const found = newPatterns(lines, noveltyRule(run)).slice(0, 2 * mostTold);
    return [...left, ...found.map((pattern) => newPattern(run, signal, of, pattern))];
  });
}

function newPattern(run: GuardRun, signal: string, { lookbackMs }: LogsSignal, found: New): Reason {
  const { pattern, lines, pods, of } = shown(found);
  const link = linkTo(run, signal, found.first - 1, found.last, pattern);
  const more = link === undefined ? {} : { link };
  return { code: "new-pattern", signal, pattern, lines, pods, of, first: found.first, lookbackMs, sure: found.sure, ...more };
}

function shown({ pattern, lines, pods, last }: Quoted): QuotedLines {
  return { pattern, lines, pods: pods.slice(0, mostPodNames), of: pods.length, last };
}

function linkTo(run: GuardRun, signal: string, from: Ms, to: Ms, pattern?: string): string | undefined {
  const of = run.signals[signal];
  const { kibana } = run.pace;
  if (kibana === undefined || of?.kind !== "logs") return undefined;
  const { index, fields } = of;
  const { namespace, rollout } = run.record;
  const lines = { index, fields, namespace, owner: rollout.new.name, from, to };
  return discoverLink(kibana, pattern === undefined ? lines : { ...lines, pattern });
}

import type { Measurement, Ms } from "../model.ts";
import type { Ask } from "./ask.ts";

type Answers = ReadonlyMap<string, readonly Measurement[]>;

/** The questions that an ask consists of: about callers, and about the workload's own pods where any are meant. */
export function viewsOf(ask: Ask): readonly Ask[] {
  const { query } = ask;
  if (query.kind !== "errors" || query.callersOf === undefined) return [ask];
  const { callersOf: _, ...own } = query;
  return [{ ...ask, id: callersId(ask) }, ...(ask.prefixes.length > 0 ? [{ ...ask, id: podsId(ask), query: own }] : [])];
}

/** The answers to `viewsOf(ask)` as one measurement for each instant. */
export function joinViews(ask: Ask, answers: Answers): readonly Measurement[] {
  const callers = answers.get(callersId(ask));
  if (callers === undefined) return answers.get(ask.id) ?? [];
  const pods = new Map<Ms, Measurement>(answers.get(podsId(ask))?.map((measurement) => [measurement.at, measurement]));
  return callers.map((measurement) => joined(measurement, pods.get(measurement.at)));
}

/** Callers that count nothing leave nothing to judge. Without the pods' own counters there is no live control, which is no failure. */
function joined(callers: Measurement, pods: Measurement | undefined): Measurement {
  if (callers.kind !== "counters") return callers;
  if (pods?.kind === "error") return pods;
  if (pods?.kind !== "counters") return callers;
  const notes = new Set([callers.note, pods.note].filter((note) => note !== undefined));
  const readings = [...callers.readings, ...pods.readings];
  return { kind: "counters", at: callers.at, readings, ...(notes.size > 0 ? { note: [...notes].join("; ") } : {}) };
}

function callersId({ id }: Ask): string {
  return `${id}/callers`;
}

function podsId({ id }: Ask): string {
  return `${id}/pods`;
}

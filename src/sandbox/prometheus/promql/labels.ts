import type { SeriesLabels } from "../scrapes.ts";
import type { LabelRule } from "./tree.ts";

/** Labels by a rule; the metric's name never belongs to a group unless it is asked for. */
export function keep(labels: SeriesLabels, { how, labels: named }: LabelRule): SeriesLabels {
  const kept: Record<string, string> = {};
  if (how === "only") {
    for (const name of named) if (labels[name] !== undefined) kept[name] = labels[name];
    return kept;
  }
  for (const [name, value] of Object.entries(labels)) if (name !== "__name__" && !named.includes(name)) kept[name] = value;
  return kept;
}

export function withoutName(labels: SeriesLabels): SeriesLabels {
  const { __name__: _name, ...rest } = labels;
  return rest;
}

/** The same text for equal label sets, whatever their order. */
export function textOf(labels: SeriesLabels): string {
  return Object.keys(labels)
    .toSorted()
    .map((name) => `${name}\u0000${labels[name]}`)
    .join("\u0001");
}

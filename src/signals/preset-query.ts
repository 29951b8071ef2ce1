import type { SeriesValue } from "../model.ts";
import { type Exposed, type ExposedSeries, routeKey, soughtLabels, soughtMetrics } from "../policies/preset-fit.ts";
import { basesOf, escapeRegex, podBase, podPattern } from "./pod-prefix.ts";
import { quoted } from "./counter-query.ts";

/** Pods whose exposition is asked for. */
export interface PresetSubject {
  readonly namespace: string;
  /** Names of their ReplicaSets (or other owners). */
  readonly prefixes: readonly string[];
}

/**
 * PromQL that lists by which of the presets' metrics and labels these pods count, without their routes: as many series as pods, metrics
 * and statuses. With `routeLabel` it lists the metrics that have this label at all.
 */
export function presetQuery(subjects: readonly PresetSubject[], podLabel: string, routeLabel?: string): string {
  const namespaces = [...new Set(subjects.map(({ namespace }) => escapeRegex(namespace)))].toSorted();
  const names = [...new Set(subjects.flatMap(({ prefixes }) => prefixes.map(podPattern)))].toSorted();
  const matchers = [
    `__name__=~${quoted(soughtMetrics.join("|"))}`,
    `namespace=~${quoted(namespaces.join("|"))}`,
    `${podLabel}=~${quoted(names.join("|"))}`,
    // One series for each histogram, and none of a summary.
    `le=~${quoted("|\\+Inf")}`,
    'quantile=""',
    ...(routeLabel === undefined ? [] : [`${routeLabel}!=""`]),
  ];
  const by = ["__name__", "namespace", podLabel, ...(routeLabel === undefined ? soughtLabels : [])];
  return `count by (${by.join(", ")}) ({${matchers.join(", ")}})`;
}

/** The answer that belongs to one of the subjects. */
export function exposedBy(
  { namespace, prefixes }: PresetSubject,
  podLabel: string,
  answer: readonly SeriesValue[],
): readonly ExposedSeries[] {
  const bases = new Set(prefixes.map(podBase));
  return answer.flatMap(({ labels }): ExposedSeries[] => {
    const pod = labels[podLabel] ?? "";
    const isOurs = labels["namespace"] === namespace && basesOf(pod).some((base) => bases.has(base));
    return isOurs ? [{ metric: labels["__name__"] ?? "", pod, labels }] : [];
  });
}

/** The same with what was answered for each route label. */
export function withRoutes({ series }: Exposed, routes: ReadonlyMap<string, readonly ExposedSeries[]>): Exposed {
  return { series, routes: new Set([...routes].flatMap(([label, found]) => found.map(({ metric }) => routeKey(metric, label)))) };
}

// `preset: auto`: which preset fits what pods expose. The source is asked by signals/preset-query.ts.
import { type Row, rows } from "./preset-rows.ts";
import { type PresetName, presetNames, presetOf } from "./presets.ts";

/** What is sought: a preset by which errors, or latencies, can be counted. */
export interface PresetQuestion {
  readonly kind: "http-errors" | "http-slower";
  /** Labels that may carry the pod's name, the likeliest first. */
  readonly podLabels: readonly string[];
}

/** One combination of labels that pods expose. `labels` may hold more than is looked at. */
export interface ExposedSeries {
  readonly metric: string;
  readonly pod: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What was found under one pod label. */
export interface Exposed {
  readonly series: readonly ExposedSeries[];
  /** `routeKey` of each metric and route label that were seen together. */
  readonly routes: ReadonlySet<string>;
}

export interface PresetChoice {
  readonly preset: PresetName;
  readonly statusLabel: string;
  readonly podLabel: string;
}

export interface PresetFound extends PresetChoice {
  readonly metric: string;
  /** Pods that expose it. */
  readonly pods: number;
  /** What fits too, and why it was not taken. */
  readonly passedOver: readonly PassedOver[];
}

export interface PassedOver {
  readonly preset: PresetName;
  readonly metric: string;
  readonly because: "mesh" | "fewer-pods" | "routes" | "order";
}

interface Fit extends PresetChoice {
  readonly metric: string;
  readonly pods: number;
  /** Pods whose requests are counted with a status. */
  readonly counted: number;
  readonly isMesh: boolean;
  readonly sharpness: number;
}

/** Labels that usually carry the pod's name: of the scrape, of an exporter's own label beside it, and of older scrape configurations. */
export const usualPodLabels = ["pod", "exported_pod", "kubernetes_pod_name"] as const;

/** What counts whole Services cannot tell revisions apart: it has to be asked for by name. */
const all = presetNames.map((name): readonly [PresetName, Row] => [name, rows[name]]).filter(([, { service }]) => service === undefined);
const httpStatus = /^[1-5](\d\d|xx|XX)$/;
const numericStatus = /^\d{3}$/;

/** Every metric by which a preset is known. */
export const soughtMetrics: readonly string[] = distinct(
  all.flatMap(([, { requests, buckets }]) => [requests, buckets, histogramOf(buckets)]),
);
/** Labels whose values tell presets apart. */
export const soughtLabels: readonly string[] = distinct(
  all.flatMap(([, { only, ...row }]) => [...statusLabelsOf(row), ...(only === undefined ? [] : [only.label])]),
);
/** Labels that tell presets apart by being there. */
export const routeLabels: readonly string[] = distinct(all.flatMap(([, { routeLabel }]) => routeLabel ?? []));

export function routeKey(metric: string, routeLabel: string): string {
  return `${metric} ${routeLabel}`;
}

/** Whether more than one preset fits, so that route labels have to be looked at. */
export function needsRoutes(question: PresetQuestion, exposed: ReadonlyMap<string, Exposed>): boolean {
  return question.podLabels.some((podLabel) => fitsOf(question, podLabel, exposed.get(podLabel), 1).length > 1);
}

/**
 * The preset that fits best, or in words what was found instead. What pods count themselves goes before what a mesh counts, then what
 * more pods expose, then what says more (values of the status and a route label as the preset has them), then the order of the presets.
 * Fewer pods than `fewest` show nothing.
 */
export function choosePreset(question: PresetQuestion, exposed: ReadonlyMap<string, Exposed>, fewest = 1): PresetFound | string {
  for (const podLabel of question.podLabels) {
    const [best, ...others] = fitsOf(question, podLabel, exposed.get(podLabel), fewest);
    if (best === undefined) continue;
    const { preset, statusLabel, metric, pods } = best;
    return { preset, statusLabel, podLabel, metric, pods, passedOver: passedOverOf(best, others) };
  }
  for (const podLabel of question.podLabels) {
    const [early] = fitsOf(question, podLabel, exposed.get(podLabel), 1);
    if (early !== undefined) return `${early.metric} of ${early.pods} pod so far, where ${fewest} must show it,`;
  }
  return nearMiss(question, exposed);
}

function fitsOf(question: PresetQuestion, podLabel: string, exposed: Exposed | undefined, fewest: number): readonly Fit[] {
  if (exposed === undefined) return [];
  // What fewer than half of the pods show is not theirs: an address that was another pod's before may be scraped once under their name.
  const least = Math.max(fewest, podsOf(exposed.series) / 2);
  const fits = all.flatMap(([preset, row]) => fitOf(question, preset, row, podLabel, exposed) ?? []).filter(({ pods }) => pods >= least);
  return fits.toSorted((one, other) => {
    const order = [
      Number(one.isMesh) - Number(other.isMesh),
      Number(other.counted > 0) - Number(one.counted > 0),
      other.pods - one.pods,
      other.sharpness - one.sharpness,
    ];
    return order.find((difference) => difference !== 0) ?? 0;
  });
}

function fitOf({ kind }: PresetQuestion, preset: PresetName, row: Row, podLabel: string, { series, routes }: Exposed): Fit | undefined {
  const { only } = row;
  const ours = only === undefined ? series : series.filter(({ labels }) => labels[only.label] === only.value);
  const requests = ours.filter(({ metric }) => metric === row.requests);
  const [status] = statusLabelsOf(row)
    .map((label) => ({ label, ...statusesOf(requests, label, row) }))
    .filter(({ fits }) => fits)
    .toSorted((one, other) => other.pods - one.pods);
  const inBuckets = podsOf(ours.filter(({ metric }) => metric === row.buckets || metric === histogramOf(row.buckets)));
  const [metric, pods] = kind === "http-errors" ? [row.requests, status?.pods ?? 0] : [row.buckets, inBuckets];
  if (pods === 0) return undefined;
  const hasRoutes = [row.requests, row.buckets].some((name) => routes.has(routeKey(name, row.routeLabel ?? "")));
  const isMesh = row.by === "mesh";
  const sharpness = (hasRoutes ? 2 : 0) + (status?.isUsual === true ? 1 : 0);
  return { preset, statusLabel: status?.label ?? row.statusLabel, podLabel, metric, pods, counted: status?.pods ?? 0, isMesh, sharpness };
}

/** Pods with values of this label that are a status, unless most of them are something else. */
function statusesOf(requests: readonly ExposedSeries[], label: string, { bad, statusLike = numericStatus }: Row) {
  const like = bad === undefined ? httpStatus : statusLike;
  const labelled = requests.filter(({ labels }) => (labels[label] ?? "") !== "");
  const values = distinct(labelled.map(({ labels }) => labels[label] ?? ""));
  const fits = values.filter((value) => like.test(value)).length * 2 > values.length;
  return { fits, pods: fits ? podsOf(labelled) : 0, isUsual: values.some((value) => statusLike.test(value)) };
}

/** One for each other metric, and those that count the same one and differ; presets that would ask the same of the source are one. */
function passedOverOf(best: Fit, others: readonly Fit[]): readonly PassedOver[] {
  const told = new Set([questionOf(best)]);
  const metrics = new Set<string>();
  return others.flatMap((other): PassedOver[] => {
    // The same metric, and its values or routes say that it is not this one.
    const isOther = other.metric === best.metric ? other.sharpness < best.sharpness : metrics.has(other.metric);
    if (isOther || told.has(questionOf(other))) return [];
    told.add(questionOf(other));
    metrics.add(other.metric);
    return [{ preset: other.preset, metric: other.metric, because: whyNot(best, other) }];
  });
}

function whyNot(best: Fit, other: Fit): PassedOver["because"] {
  if (other.isMesh && !best.isMesh) return "mesh";
  if (other.pods < best.pods) return "fewer-pods";
  return other.sharpness < best.sharpness ? "routes" : "order";
}

function questionOf({ preset, statusLabel, podLabel, metric }: Fit): string {
  const { badMatcher, excluded, unitSeconds } = presetOf(preset, { statusLabel, podLabel });
  return JSON.stringify(metric.endsWith("_bucket") ? [metric, unitSeconds] : [metric, badMatcher, excluded]);
}

/** What is there of the sought and does not do; empty where nothing is. */
function nearMiss({ kind, podLabels }: PresetQuestion, exposed: ReadonlyMap<string, Exposed>): string {
  const series = podLabels.flatMap((podLabel) => exposed.get(podLabel)?.series ?? []);
  const missed = all.flatMap(([, row]): string[] => {
    const requests = series.filter(({ metric }) => metric === row.requests);
    if (requests.length === 0) return [];
    if (kind === "http-slower") return [`${row.requests} but no ${row.buckets}${row.withoutBuckets ? `: ${row.withoutBuckets}` : ""}`];
    const { only } = row;
    const ours = only === undefined ? requests : requests.filter(({ labels }) => labels[only.label] === only.value);
    return [ours.length === 0 && only !== undefined ? `${row.requests} without ${only.label}="${only.value}"` : otherStatus(ours, row)];
  });
  return distinct(missed).join("; ");
}

function otherStatus(requests: readonly ExposedSeries[], row: Row): string {
  const labels = statusLabelsOf(row);
  const values = distinct(labels.flatMap((label) => requests.flatMap(({ labels: has }) => has[label] ?? []))).filter(
    (value) => value !== "",
  );
  const shown = values.slice(0, 3).join(", ");
  return values.length === 0
    ? `${row.requests} without a label ${labels.join(", ")}`
    : `${row.requests} with values that are no status: ${shown}`;
}

function statusLabelsOf({ statusLabel, otherStatusLabels = [] }: Pick<Row, "statusLabel" | "otherStatusLabels">): readonly string[] {
  return [statusLabel, ...otherStatusLabels];
}

/** The name under which the same histogram is stored as a native one. */
function histogramOf(buckets: string): string {
  return buckets.replace(/_bucket$/, "");
}

function podsOf(series: readonly ExposedSeries[]): number {
  return new Set(series.map(({ pod }) => pod)).size;
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}

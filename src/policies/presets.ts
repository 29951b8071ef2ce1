import { type CallersView, type Row, rows, type ServiceView } from "./preset-rows.ts";

/** How one library or mesh counts HTTP requests, as it comes out of the box. Metrics are full names; matchers are PromQL. */
export interface Preset {
  readonly name: string;
  /** Counter of requests (a counter, or the `_count` of a histogram). */
  readonly requests: string;
  readonly statusLabel: string;
  /** Matcher of the requests the service itself failed; `5..` matches 500, 5xx and 5XX alike. */
  readonly badMatcher: string;
  /** Matchers every query of the preset carries: health and metrics routes left out, one reporter counted. May be empty. */
  readonly excluded: readonly string[];
  /** The `_bucket` metric; its `le="+Inf"` is the count that belongs to it. */
  readonly buckets: string;
  /** Seconds in one unit of `le`. */
  readonly unitSeconds: 1 | 0.001;
  readonly podLabel: string;
  /** Finite bounds in seconds where nobody configured any; empty where there is no bucket at all by default. */
  readonly defaultBuckets: readonly number[];
  /** Why there may be requests and no buckets; absent where there is no usual reason. */
  readonly withoutBuckets?: string;
  /** Absent where callers count nothing. */
  readonly callers?: CallersView;
  /** Counts whole Services, of which old and new pods are parts; absent where pods are told apart. */
  readonly service?: ServiceView;
}

/** What a policy may say instead where a service renamed its metrics. */
export interface MetricOverrides {
  readonly requests?: string | undefined;
  readonly buckets?: string | undefined;
  readonly statusLabel?: string | undefined;
  readonly podLabel?: string | undefined;
  readonly serviceLabel?: string | undefined;
  readonly namespaceLabel?: string | undefined;
}

// Routes come with and without a leading slash (ASP.NET). An absent route label is the empty string, which the exclusion lets through:
// leaving routes out never loses a service without the label.
const quietRoutes = "/*(health|healthz|livez?|liveness|readyz?|readiness|startup|ping|metrics|prometheus|actuator)(/.*)?";

export type PresetName = keyof typeof rows;

export const presetNames = Object.keys(rows) as [PresetName, ...PresetName[]];

/** Presets whose callers count too. */
export const callersPresets: readonly PresetName[] = presetNames.filter((name) => "callers" in rows[name]);

/** Presets that know Services, and no pods. */
export const servicePresets: readonly PresetName[] = presetNames.filter((name) => "service" in rows[name]);

/** Those of them that name the Service's namespace in a label of its own. */
export const namespacedPresets: readonly PresetName[] = servicePresets.filter(
  (name) => (rows[name] as Row).service?.namespaceLabel !== undefined,
);

/** The preset with what the policy overrides. Override names are checked by the schema, so they cannot carry PromQL. */
export function presetOf(name: PresetName, overrides: MetricOverrides = {}): Preset {
  const row: Row = rows[name];
  const statusLabel = overrides.statusLabel ?? row.statusLabel;
  return {
    name,
    requests: overrides.requests ?? row.requests,
    statusLabel,
    badMatcher: `${statusLabel}${row.bad ?? '=~"5.."'}`,
    excluded: [
      ...(row.only ? [`${row.only.label}="${row.only.value}"`] : []),
      ...(row.routeLabel ? [`${row.routeLabel}!~"${quietRoutes}"`] : []),
    ],
    buckets: overrides.buckets ?? row.buckets,
    unitSeconds: row.unitSeconds ?? 1,
    podLabel: overrides.podLabel ?? "pod",
    defaultBuckets: overrides.buckets === undefined ? row.defaultBuckets : [],
    ...(row.withoutBuckets === undefined ? {} : { withoutBuckets: row.withoutBuckets }),
    ...(row.callers === undefined ? {} : { callers: row.callers }),
    ...(row.service === undefined ? {} : { service: serviceViewOf(row.service, overrides) }),
  };
}

function serviceViewOf(view: ServiceView, { serviceLabel, namespaceLabel }: MetricOverrides): ServiceView {
  const named = view.namespaceLabel === undefined ? {} : { namespaceLabel: namespaceLabel ?? view.namespaceLabel };
  return { ...view, serviceLabel: serviceLabel ?? view.serviceLabel, ...named };
}

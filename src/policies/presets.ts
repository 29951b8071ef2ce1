import type { WorkloadKind } from "../model.ts";

/** How calling processes count their calls to a workload. No such label says which revision answered. */
export interface CallersView {
  /** Matchers in the place of the preset's own (`excluded`): routes are the called side's names. */
  readonly matchers: readonly string[];
  /** Labels that carry the called workload's name, by its kind, and its namespace. */
  readonly workloadLabel: Readonly<Record<WorkloadKind, string>>;
  readonly namespaceLabel: string;
}

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
  /** Absent where callers count nothing. */
  readonly callers?: CallersView;
}

/** What a policy may say instead where a service renamed its metrics. */
export interface MetricOverrides {
  readonly requests?: string | undefined;
  readonly buckets?: string | undefined;
  readonly statusLabel?: string | undefined;
  readonly podLabel?: string | undefined;
}

interface Row {
  readonly requests: string;
  readonly statusLabel: string;
  readonly bad?: string;
  readonly routeLabel?: string;
  readonly only?: string;
  readonly buckets: string;
  readonly unitSeconds?: 0.001;
  readonly defaultBuckets: readonly number[];
  readonly callers?: CallersView;
}

const promClientBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const otelBuckets = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
// Routes come with and without a leading slash (ASP.NET).
const quietRoutes = "/*(health|healthz|livez?|liveness|readyz?|readiness|startup|ping|metrics|prometheus|actuator)(/.*)?";

// An absent route label is the empty string, which the exclusion lets through: leaving routes out never loses a service without the label.
const rows = {
  "prom-client": {
    requests: "http_requests_total",
    statusLabel: "status",
    routeLabel: "route",
    buckets: "http_request_duration_seconds_bucket",
    defaultBuckets: promClientBuckets,
  },
  "express-prom-bundle": {
    requests: "http_request_duration_seconds_count",
    statusLabel: "status_code",
    routeLabel: "path",
    buckets: "http_request_duration_seconds_bucket",
    defaultBuckets: [0.003, 0.03, 0.1, 0.3, 1.5, 10],
  },
  "fastify-metrics": {
    requests: "http_request_duration_seconds_count",
    statusLabel: "status_code",
    routeLabel: "route",
    buckets: "http_request_duration_seconds_bucket",
    defaultBuckets: promClientBuckets,
  },
  "prometheus-api-metrics": {
    requests: "http_request_duration_seconds_count",
    statusLabel: "code",
    routeLabel: "route",
    buckets: "http_request_duration_seconds_bucket",
    defaultBuckets: [0.001, 0.005, 0.015, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5],
  },
  "express-prometheus-middleware": {
    requests: "http_requests_total",
    statusLabel: "status",
    routeLabel: "route",
    buckets: "http_request_duration_seconds_bucket",
    defaultBuckets: Array.from({ length: 8 }, (_, power) => 0.05 * 1.75 ** power),
  },
  otel: {
    requests: "http_server_request_duration_seconds_count",
    statusLabel: "http_response_status_code",
    routeLabel: "http_route",
    buckets: "http_server_request_duration_seconds_bucket",
    defaultBuckets: otelBuckets,
  },
  aspnet: {
    requests: "http_server_request_duration_seconds_count",
    statusLabel: "http_response_status_code",
    routeLabel: "http_route",
    buckets: "http_server_request_duration_seconds_bucket",
    defaultBuckets: otelBuckets,
  },
  "prometheus-net": {
    requests: "http_requests_received_total",
    statusLabel: "code",
    routeLabel: "endpoint",
    buckets: "http_request_duration_seconds_bucket",
    defaultBuckets: Array.from({ length: 16 }, (_, power) => 2 ** power / 1000),
  },
  micrometer: {
    requests: "http_server_requests_seconds_count",
    statusLabel: "status",
    routeLabel: "uri",
    buckets: "http_server_requests_seconds_bucket",
    defaultBuckets: [],
  },
  fastapi: {
    requests: "http_requests_total",
    statusLabel: "status",
    routeLabel: "handler",
    buckets: "http_request_duration_seconds_bucket",
    defaultBuckets: [0.1, 0.5, 1],
  },
  istio: {
    requests: "istio_requests_total",
    statusLabel: "response_code",
    only: 'reporter="destination"',
    buckets: "istio_request_duration_milliseconds_bucket",
    unitSeconds: 0.001,
    defaultBuckets: [0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600, 1800, 3600],
    // The calling sidecar takes the workload from the endpoint it chose, so that refused and timed-out calls carry it too.
    callers: {
      matchers: ['reporter="source"'],
      workloadLabel: { Deployment: "destination_workload", StatefulSet: "destination_workload", DaemonSet: "destination_workload" },
      namespaceLabel: "destination_workload_namespace",
    },
  },
  linkerd: {
    requests: "response_total",
    statusLabel: "classification",
    bad: '="failure"',
    only: 'direction="inbound"',
    buckets: "response_latency_ms_bucket",
    unitSeconds: 0.001,
    defaultBuckets: [0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 1, 5, 10],
    callers: {
      matchers: ['direction="outbound"'],
      workloadLabel: { Deployment: "dst_deployment", StatefulSet: "dst_statefulset", DaemonSet: "dst_daemonset" },
      namespaceLabel: "dst_namespace",
    },
  },
} as const satisfies Record<string, Row>;

export type PresetName = keyof typeof rows;

export const presetNames = Object.keys(rows) as [PresetName, ...PresetName[]];

/** Presets whose callers count too. */
export const callersPresets: readonly PresetName[] = presetNames.filter((name) => "callers" in rows[name]);

/** The preset with what the policy overrides. Override names are checked by the schema, so they cannot carry PromQL. */
export function presetOf(name: PresetName, overrides: MetricOverrides = {}): Preset {
  const row: Row = rows[name];
  const statusLabel = overrides.statusLabel ?? row.statusLabel;
  return {
    name,
    requests: overrides.requests ?? row.requests,
    statusLabel,
    badMatcher: `${statusLabel}${row.bad ?? '=~"5.."'}`,
    excluded: [...(row.only ? [row.only] : []), ...(row.routeLabel ? [`${row.routeLabel}!~"${quietRoutes}"`] : [])],
    buckets: overrides.buckets ?? row.buckets,
    unitSeconds: row.unitSeconds ?? 1,
    podLabel: overrides.podLabel ?? "pod",
    defaultBuckets: overrides.buckets === undefined ? row.defaultBuckets : [],
    ...(row.callers === undefined ? {} : { callers: row.callers }),
  };
}

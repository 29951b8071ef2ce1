import type { WorkloadKind } from "../model.ts";

/** How calling processes count their calls to a workload. No such label says which revision answered. */
export interface CallersView {
  /** Matchers in the place of the preset's own (`excluded`): routes are the called side's names. */
  readonly matchers: readonly string[];
  /** Labels that carry the called workload's name, by its kind, and its namespace. */
  readonly workloadLabel: Readonly<Record<WorkloadKind, string>>;
  readonly namespaceLabel: string;
}

/** How a proxy in front of a workload names the Service that it sends requests to. It knows no pod, and so no revision. */
export interface ServiceView {
  readonly serviceLabel: string;
  /** Regular expression of the label's value; {{namespace}} and {{service}} stand for the names. */
  readonly value: string;
  /** Absent where the value holds the namespace. */
  readonly namespaceLabel?: string;
}

/** What one library or mesh does out of the box, as it is written down: `presetOf` fills in what is usual. */
export interface Row {
  /** A mesh counts beside the pods; what the pods count themselves is preferred to it. */
  readonly by?: "mesh";
  readonly requests: string;
  readonly statusLabel: string;
  /** Labels that carry the status where people name it themselves; `preset: auto` looks for them too. */
  readonly otherStatusLabels?: readonly string[];
  /** What values of the status label look like where other presets share the metric. */
  readonly statusLike?: RegExp;
  readonly bad?: string;
  readonly routeLabel?: string;
  readonly only?: { readonly label: string; readonly value: string };
  readonly buckets: string;
  readonly unitSeconds?: 0.001;
  readonly defaultBuckets: readonly number[];
  /** Why there may be requests and no buckets. */
  readonly withoutBuckets?: string;
  readonly callers?: CallersView;
  /** Counts whole Services. */
  readonly service?: ServiceView;
}

const promClientBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const otelBuckets = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

const envoyBuckets = [0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600, 1800, 3600];

export const rows = {
  "prom-client": {
    requests: "http_requests_total",
    statusLabel: "status",
    otherStatusLabels: ["code", "status_code"],
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
    statusLike: /^\dXX$/,
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
    withoutBuckets: "micrometer exports no buckets unless percentiles-histogram is set",
  },
  fastapi: {
    requests: "http_requests_total",
    statusLabel: "status",
    statusLike: /^\dxx$/,
    routeLabel: "handler",
    buckets: "http_request_duration_seconds_bucket",
    defaultBuckets: [0.1, 0.5, 1],
  },
  istio: {
    by: "mesh",
    requests: "istio_requests_total",
    statusLabel: "response_code",
    only: { label: "reporter", value: "destination" },
    buckets: "istio_request_duration_milliseconds_bucket",
    unitSeconds: 0.001,
    defaultBuckets: envoyBuckets,
    // The calling sidecar takes the workload from the endpoint it chose, so that refused and timed-out calls carry it too.
    callers: {
      matchers: ['reporter="source"'],
      workloadLabel: { Deployment: "destination_workload", StatefulSet: "destination_workload", DaemonSet: "destination_workload" },
      namespaceLabel: "destination_workload_namespace",
    },
  },
  linkerd: {
    by: "mesh",
    requests: "response_total",
    statusLabel: "classification",
    statusLike: /^(success|failure)$/,
    bad: '="failure"',
    only: { label: "direction", value: "inbound" },
    buckets: "response_latency_ms_bucket",
    unitSeconds: 0.001,
    defaultBuckets: [0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 1, 5, 10],
    callers: {
      matchers: ['direction="outbound"'],
      workloadLabel: { Deployment: "dst_deployment", StatefulSet: "dst_statefulset", DaemonSet: "dst_daemonset" },
      namespaceLabel: "dst_namespace",
    },
  },
  "ingress-nginx": {
    requests: "nginx_ingress_controller_requests",
    statusLabel: "status",
    buckets: "nginx_ingress_controller_request_duration_seconds_bucket",
    defaultBuckets: promClientBuckets,
    service: { serviceLabel: "service", value: "{{service}}", namespaceLabel: "namespace" },
  },
  traefik: {
    requests: "traefik_service_requests_total",
    statusLabel: "code",
    buckets: "traefik_service_request_duration_seconds_bucket",
    defaultBuckets: [0.1, 0.3, 1.2, 5],
    // "shop-checkout-80@kubernetes": the port by number or name.
    service: { serviceLabel: "service", value: "{{namespace}}-{{service}}-[a-z0-9]+@kubernetes(crd|gateway)?" },
  },
  envoy: {
    requests: "envoy_cluster_upstream_rq",
    statusLabel: "envoy_response_code",
    buckets: "envoy_cluster_upstream_rq_time_bucket",
    unitSeconds: 0.001,
    defaultBuckets: envoyBuckets,
    // As Contour names clusters in its statistics: "shop_checkout_80".
    service: { serviceLabel: "envoy_cluster_name", value: "{{namespace}}_{{service}}_[0-9]+" },
  },
} as const satisfies Record<string, Row>;

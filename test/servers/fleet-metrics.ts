import { Counter, Gauge, Histogram, Registry, Summary } from "prom-client";

/** What a pod shows at `/metrics`, by who counts: each as it comes out of the box. */
export type MetricsKind = "prom-client" | "micrometer" | "istio" | "otel";

export const metricsKinds = ["prom-client", "micrometer", "istio", "otel"] as const satisfies readonly MetricsKind[];

export type PodMetrics = {
  readonly registry: Registry;
  /** A request that was answered. */
  answered(request: { readonly method: string; readonly status: number; readonly seconds: number }): void;
};

/** Counters of a process that begins now, beside the memory that its container uses. */
export function createMetrics(kind: MetricsKind, memoryBytes: () => number): PodMetrics {
  const registry = new Registry();
  new Gauge({
    name: "process_start_time_seconds",
    help: "Start time of the process since unix epoch in seconds.",
    registers: [registry],
  }).set(Date.now() / 1000);
  new Gauge({
    name: "container_memory_working_set_bytes",
    help: "Memory in use.",
    labelNames: ["container"],
    registers: [registry],
    collect() {
      this.set({ container: "web" }, memoryBytes());
    },
  });
  return { registry, answered: makers[kind](registry) };
}

const makers: Readonly<Record<MetricsKind, (registry: Registry) => PodMetrics["answered"]>> = {
  "prom-client": (registry) => {
    const labelNames = ["method", "status"];
    const requests = new Counter({ name: "http_requests_total", help: "Requests answered.", labelNames, registers: [registry] });
    const durations = new Histogram({
      name: "http_request_duration_seconds",
      help: "Time from request to answer.",
      labelNames,
      registers: [registry],
    });
    return ({ method, status, seconds }) => {
      requests.inc({ method, status });
      durations.observe({ method, status }, seconds);
    };
  },

  // Spring Boot without percentiles-histogram: a count, a sum and a maximum, and no bucket.
  micrometer: (registry) => {
    const labelNames = ["application", "error", "exception", "method", "outcome", "status", "uri"];
    const name = "http_server_requests_seconds";
    const timer = new Summary({
      name,
      help: "Duration of HTTP server request handling",
      labelNames,
      percentiles: [],
      registers: [registry],
    });
    const most = new Gauge({ name: `${name}_max`, help: "Duration of HTTP server request handling", labelNames, registers: [registry] });
    return ({ method, status, seconds }) => {
      const failed = status >= 500;
      const error = failed ? "IllegalStateException" : "none";
      const outcome = failed ? "SERVER_ERROR" : "SUCCESS";
      const labels = { application: "shop", error, exception: error, method, outcome, status, uri: "/" };
      timer.observe(labels, seconds);
      most.set(labels, seconds);
    };
  },

  // A sidecar counts what it lets in, as destination, and what the pod calls itself, as source.
  istio: (registry) => {
    const called = ["destination_workload", "destination_workload_namespace", "destination_version"];
    const labelNames = ["reporter", "source_workload", ...called, "request_protocol", "response_code", "response_flags"];
    const requests = new Counter({ name: "istio_requests_total", help: "requests", labelNames, registers: [registry] });
    const durations = new Histogram({
      name: "istio_request_duration_milliseconds",
      help: "durations",
      labelNames,
      buckets: [0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000, 3_600_000],
      registers: [registry],
    });
    const common = { destination_version: "v1", request_protocol: "http" };
    return ({ status, seconds }) => {
      const came = { source_workload: "gateway", destination_workload: "shop", response_code: status, response_flags: "-" };
      requests.inc({ ...common, ...came, reporter: "destination" });
      durations.observe({ ...common, ...came, reporter: "destination" }, seconds * 1000);
      const made = { source_workload: "shop", destination_workload: "database", response_code: 503, response_flags: "UF" };
      requests.inc({ ...common, ...made, reporter: "source" });
      durations.observe({ ...common, ...made, reporter: "source" }, 4000);
    };
  },

  otel: (registry) => {
    const scope = { otel_scope_name: "@opentelemetry/instrumentation-http", otel_scope_version: "0.57.0" };
    const target = { service_name: "shop", service_version: "1.0.0" };
    new Gauge({ name: "target_info", help: "Target metadata", labelNames: Object.keys(target), registers: [registry] }).set(target, 1);
    const durations = new Histogram({
      name: "http_server_request_duration_seconds",
      help: "Duration of HTTP server requests.",
      labelNames: [
        ...Object.keys(scope),
        "http_request_method",
        "http_response_status_code",
        "http_route",
        "url_scheme",
        "network_protocol_version",
        "error_type",
      ],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
      registers: [registry],
    });
    return ({ method, status, seconds }) => {
      const failed = status >= 500 ? { error_type: String(status) } : {};
      const request = { http_request_method: method, http_route: "/", url_scheme: "http", network_protocol_version: "1.1" };
      durations.observe({ ...scope, ...request, ...failed, http_response_status_code: status }, seconds);
    };
  },
};

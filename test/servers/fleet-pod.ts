import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createMetrics, metricsKinds, type MetricsKind } from "./fleet-metrics.ts";

export type PodProcess = {
  readonly name: string;
  /** From now on behaves as these annotations say; counters go on. */
  behave(annotations: Readonly<Record<string, string>>): void;
  /** Frees the address at once and drops open connections. */
  close(): void;
};

type Behaviour = {
  /** 0–1, share of requests answered 500. */
  readonly errorRatio: number;
  readonly medianLatencyMs: number;
  /** Requests in a second beyond which it is ten times as slow. */
  readonly slowAbove: number;
  readonly health: number;
  /** Another service that every request needs. */
  readonly dependsOn: string | undefined;
  /** Working set that cAdvisor would show. */
  readonly memoryMib: number;
};

/**
 * One container: an HTTP server on `address`:8080 with metrics of its own.
 *
 * Annotations:
 *   fleet.test/error-rate    share of 500s, 0–1; 0 unless told
 *   fleet.test/latency-ms    median latency; 10 unless told
 *   fleet.test/latency-mult  factor on it; 1 unless told
 *   fleet.test/slow-above    requests in a second beyond which it is ten times as slow; any number unless told
 *   fleet.test/health        status of /healthz; 200 unless told
 *   fleet.test/memory-mib    memory in use, in MiB; 100 unless told
 *   fleet.test/depends-on    a dependency whose failures are its own, whatever its revision; none unless told
 *   fleet.test/metrics       who counts its requests (see `fleet-metrics.ts`), from its start on; prom-client unless told
 *
 * `/metrics` gives, unless told otherwise, `http_requests_total{method,status}` and `http_request_duration_seconds` with
 * prom-client's default buckets; with `?pod=` of another name it is not found. `/healthz` is answered and, like `/metrics`, not counted. Beside it stands
 * what the kubelet's cAdvisor would show of the container `web`.
 * @throws Error (as an uncaught one) when the address cannot be listened on.
 */
export function startPodProcess(options: {
  readonly name: string;
  readonly address: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** Share of the calls of a dependency that fail now, 0–1. */
  readonly failing: (dependency: string) => number;
}): PodProcess {
  let behaviour = parseBehaviour(options.annotations);
  const metrics = createMetrics(kindOf(options.annotations), () => behaviour.memoryMib * 2 ** 20);

  const arrivals: number[] = [];
  function lastSecond(): number {
    const now = performance.now();
    arrivals.push(now);
    while ((arrivals[0] ?? now) < now - 1000) arrivals.shift();
    return arrivals.length;
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    if (request.url === "/healthz") return void response.writeHead(behaviour.health).end("ok\n");
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://pod");
    if (pathname === "/metrics") {
      if ((searchParams.get("pod") ?? options.name) !== options.name) return void response.writeHead(404).end();
      response.setHeader("content-type", metrics.registry.contentType);
      return void response.end(await metrics.registry.metrics());
    }
    const { dependsOn } = behaviour;
    const errorRatio = Math.max(behaviour.errorRatio, dependsOn === undefined ? 0 : options.failing(dependsOn));
    const status = Math.random() < errorRatio ? 500 : 200;
    const latencyMs = behaviour.medianLatencyMs * (lastSecond() > behaviour.slowAbove ? 10 : 1) * spread();
    const method = request.method ?? "GET";
    setTimeout(() => {
      response.statusCode = status;
      response.end(`${options.name}\n`);
      // The latency meant, not the one measured: one thread plays all pods, and its own
      // pauses must not look like a slow revision.
      metrics.answered({ method, status, seconds: latencyMs / 1000 });
    }, latencyMs);
  }

  const server = createServer((request, response) => void serve(request, response));
  // Longer than the pause between two scrapes, else a scrape meets a connection being closed.
  server.keepAliveTimeout = 60_000;
  server.listen(8080, options.address);
  return {
    name: options.name,
    behave(annotations) {
      behaviour = parseBehaviour(annotations);
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function kindOf(annotations: Readonly<Record<string, string>>): MetricsKind {
  const text = annotations["fleet.test/metrics"] ?? "prom-client";
  const kind = metricsKinds.find((one) => one === text);
  if (kind !== undefined) return kind;
  throw new Error(`annotation fleet.test/metrics: "${text}" is none of ${metricsKinds.join(", ")}`);
}

function parseBehaviour(annotations: Readonly<Record<string, string>>): Behaviour {
  const number = (key: string, otherwise: number): number => {
    const text = annotations[`fleet.test/${key}`];
    if (text === undefined) return otherwise;
    const value = Number(text);
    if (Number.isFinite(value) && value >= 0) return value;
    throw new Error(`annotation fleet.test/${key}: "${text}" is not a number of 0 or more`);
  };
  return {
    errorRatio: number("error-rate", 0),
    medianLatencyMs: number("latency-ms", 10) * number("latency-mult", 1),
    slowAbove: number("slow-above", Number.MAX_VALUE),
    health: number("health", 200),
    dependsOn: annotations["fleet.test/depends-on"],
    memoryMib: number("memory-mib", 100),
  };
}

/** A factor with median 1 and a long tail: log-normal with sigma 0.4, so its p95 is 1.9. */
function spread(): number {
  const normal = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  return Math.exp(0.4 * normal);
}

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Counter, Registry } from "prom-client";
import type { TrafficCounts } from "./traffic.ts";

export type Ingress = AsyncDisposable & {
  /** Entry of `scrape_configs` by which it is scraped. */
  readonly scrapeConfig: object;
  /** From now on the requests of this traffic are counted as those of the Service that they are sent to. */
  counts(namespace: string, service: string, traffic: { counts(): TrafficCounts }): void;
};

/**
 * What Traefik counts of the requests that a test sends: by Service and code, what was not answered as 502, and no pod.
 */
export async function startIngress(): Promise<Ingress> {
  const registry = new Registry();
  const counted = new Map<string, { counts(): TrafficCounts }>();
  new Counter({
    name: "traefik_service_requests_total",
    help: "How many HTTP requests processed on a service, partitioned by status code, protocol, and method.",
    labelNames: ["code", "method", "protocol", "service"],
    registers: [registry],
    collect() {
      this.reset();
      for (const [service, traffic] of counted) {
        const { sent, bad, unanswered } = traffic.counts();
        const common = { method: "GET", protocol: "http", service };
        for (const [code, value] of [["200", sent - bad] as const, ["500", bad - unanswered] as const, ["502", unanswered] as const]) {
          if (value > 0) this.inc({ ...common, code }, value);
        }
      }
    },
  });

  const server = createServer((_request, response) => {
    void registry.metrics().then((text) => response.setHeader("content-type", registry.contentType).end(text));
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  const { port } = server.address() as AddressInfo;
  const labels = { namespace: "ingress", pod: "traefik-6d5f9b7c8d-x2x7k" };
  return {
    scrapeConfig: { job_name: "ingress", static_configs: [{ targets: [`127.0.0.1:${port}`], labels }] },
    counts: (namespace, service, traffic) => void counted.set(`${namespace}-${service}-80@kubernetes`, traffic),
    [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      return closed.promise;
    },
  };
}

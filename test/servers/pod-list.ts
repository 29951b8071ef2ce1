import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { cidrPattern } from "./cidr.ts";
import type { KubeClient, KubeObject } from "./kube-client.ts";

type Pod = KubeObject & { readonly status?: { readonly phase?: string; readonly podIP?: string } };

/**
 * The same targets as `podDiscovery`, for a Prometheus that was built without discovery in Kubernetes, as Debian's is: it asks for a list
 * of them once a second.
 */
export async function startPodList(options: {
  readonly client: KubeClient;
  readonly cidr: string;
}): Promise<AsyncDisposable & { readonly scrapeConfig: object }> {
  const inCidr = new RegExp(`^${cidrPattern(options.cidr)}$`);

  async function targets() {
    const { items } = await options.client.request<{ readonly items: readonly Pod[] }>("GET", "/api/v1/pods");
    return items.flatMap(({ metadata: { name, namespace = "" }, status: { phase = "", podIP = "" } = {} }) =>
      phase === "Running" && inCidr.test(podIP)
        ? // By the time it is scraped the address may be another pod's, which then refuses.
          [{ targets: [`${podIP}:8080`], labels: { pod: name, namespace, __param_pod: name } }]
        : [],
    );
  }

  const server = createServer((_request, response) => {
    targets().then(
      (list) => response.setHeader("content-type", "application/json").end(JSON.stringify(list)),
      // The API server may be down on purpose: Prometheus keeps what it has.
      () => response.writeHead(503).end(),
    );
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  const { port } = server.address() as AddressInfo;
  return {
    scrapeConfig: { job_name: "pods", http_sd_configs: [{ url: `http://127.0.0.1:${port}/`, refresh_interval: "1s" }] },
    [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      return closed.promise;
    },
  };
}

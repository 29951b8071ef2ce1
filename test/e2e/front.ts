import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { request } from "undici";
import type { Cluster } from "../servers/cluster.ts";
import { isReady, type Pod } from "../servers/traffic.ts";
import { waitUntil } from "../servers/wait-until.ts";

/** What an ingress is to a service: one address, behind which its ready pods answer in turn. */
export async function startFront(cluster: Cluster, namespace: string): Promise<AsyncDisposable & { readonly url: string }> {
  let addresses: readonly string[] = [];
  let turn = 0;
  const following = cluster.client.follow<Pod>(`/api/v1/namespaces/${namespace}/pods?labelSelector=app%3Dshop`, (pods) => {
    addresses = pods.filter(isReady).map(({ status }) => status?.podIP ?? "");
  });
  const server = createServer((asked, response) => {
    const address = addresses[(turn += 1) % addresses.length];
    const answer = address === undefined ? Promise.reject(new Error("no ready pod")) : request(`http://${address}:8080${asked.url}`);
    answer.then(
      async ({ statusCode, body }) => response.writeHead(statusCode).end(await body.text()),
      () => response.writeHead(502).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  await waitUntil(`a ready pod behind ${namespace}`, () => addresses.length > 0);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      await following[Symbol.asyncDispose]();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

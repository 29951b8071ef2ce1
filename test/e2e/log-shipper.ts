import { setTimeout as delay } from "node:timers/promises";
import type { Cluster } from "../servers/cluster.ts";
import type { KubeObject } from "../servers/kube-client.ts";
import { logIndex } from "../servers/log-index.ts";

type Pod = KubeObject & { readonly status?: { readonly phase?: string } };

const keyword = { type: "keyword" };
const ticksPerSecond = 2;

/**
 * Logs for the running pods of a namespace as Filebeat writes them: a line of level info twice a second, and as many errors in a second as
 * the pod's annotation `fleet.test/error-lines` says.
 */
export async function startLogShipper(options: {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly url: string;
}): Promise<AsyncDisposable> {
  const { cluster, namespace } = options;
  const index = logIndex(options.url, `logs-${namespace}`);
  await index.create({
    kubernetes: { properties: { namespace: keyword, pod: { properties: { name: keyword } } } },
    log: { properties: { level: keyword } },
  });
  const stopping = new AbortController();
  const shipping = ship();

  async function ship(): Promise<void> {
    while (!stopping.signal.aborted) {
      const { items } = await cluster.client.request<{ readonly items: readonly Pod[] }>("GET", `/api/v1/namespaces/${namespace}/pods`);
      const at = new Date().toISOString();
      const documents = items.filter(({ status }) => status?.phase === "Running").flatMap((pod) => linesOf(pod, at));
      if (documents.length > 0) await index.add(documents);
      await delay(1000 / ticksPerSecond, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  function linesOf({ metadata }: Pod, at: string): readonly object[] {
    const errors = Number(metadata.annotations?.["fleet.test/error-lines"] ?? 0) / ticksPerSecond;
    const line = (level: string, message: string) => ({
      "@timestamp": at,
      message,
      log: { level },
      kubernetes: { namespace, pod: { name: metadata.name } },
    });
    return [
      line("info", "request served"),
      ...Array.from({ length: errors }, (_, order) =>
        line("error", `order ${Date.parse(at) + order} failed: connect ECONNREFUSED 10.0.0.${order}:5432`),
      ),
    ];
  }

  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await shipping;
    },
  };
}

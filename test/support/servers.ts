import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createKubernetesApi } from "../../src/clients/kubernetes/api.ts";
import type { KubernetesApi } from "../../src/clients/kubernetes/api.ts";
import { loadKubeConfig } from "../../src/clients/kubernetes/config.ts";
import { hasStatus } from "../../src/clients/kubernetes/kubernetes-error.ts";
import { systemClock } from "../../src/clock.ts";
import { createSandbox } from "../../src/sandbox/sandbox.ts";
import { startCluster } from "../servers/cluster.ts";
import { makeTempDir } from "../servers/temp-dir.ts";

/** A cluster to test against: the sandbox, or the real servers, as REARGUARD_SERVERS says. */
export interface Servers extends AsyncDisposable {
  readonly kind: "sandbox" | "real";
  readonly kubeconfigPath: string;
  readonly prometheusUrl: string;
  /** As admin, over the client the daemon uses. */
  readonly api: KubernetesApi;
  /** Makes the Deployment, or replaces the spec of the one there is. */
  applyDeployment(manifest: Readonly<Record<string, unknown>>): Promise<void>;
}

export async function startServers(): Promise<Servers> {
  const kind = process.env["REARGUARD_SERVERS"];
  if (kind !== "sandbox" && kind !== "real") throw new Error(`REARGUARD_SERVERS is ${String(kind)}; allowed: sandbox, real`);
  await using stack = new AsyncDisposableStack();
  const started = stack.use(await (kind === "real" ? startReal() : startSandbox()));
  const connector = stack.adopt(loadKubeConfig({ path: started.kubeconfigPath }), (config) => config.close());
  const api = createKubernetesApi({ connector, clock: systemClock });
  const owned = stack.move();
  return {
    kind,
    kubeconfigPath: started.kubeconfigPath,
    prometheusUrl: started.prometheusUrl,
    api,
    applyDeployment: (manifest) => applyDeployment(api, manifest),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

type Started = AsyncDisposable & { readonly kubeconfigPath: string; readonly prometheusUrl: string };

/** Two test processes on one machine must not share addresses of pods. */
function startReal(): Promise<Started> {
  return startCluster({ cidr: `127.${100 + (process.pid % 100)}.0.1/16` });
}

/** At the pace of the wall clock: what is tested here tells the time by it. */
async function startSandbox(): Promise<Started> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await makeTempDir("sandbox")).path;
  const sandbox = stack.use(
    await createSandbox({ seed: 1, now: systemClock.now(), scrapeIntervalMs: 1_000, services: [], autoscalersEveryMs: 1_000 }),
  );
  sandbox.run();
  const kubeconfigPath = join(folder, "kubeconfig");
  await writeFile(kubeconfigPath, sandbox.kubeconfig());
  const owned = stack.move();
  return { kubeconfigPath, prometheusUrl: sandbox.prometheusUrl, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function applyDeployment(api: KubernetesApi, manifest: Readonly<Record<string, unknown>>): Promise<void> {
  const { name, namespace } = manifest["metadata"] as { readonly name: string; readonly namespace: string };
  const collection = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  try {
    await api.patch(`${collection}/${name}`, [{ op: "replace", path: "/spec", value: manifest["spec"] }], { type: "json" });
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
    await api.post(collection, manifest);
  }
}

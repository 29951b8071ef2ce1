import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readAuditLog } from "./audit-log.ts";
import type { AuditEvent } from "./audit-log.ts";
import { ensureServers } from "./build.ts";
import { makeCredentials } from "./certificate.ts";
import { startControllers } from "./controllers.ts";
import { startEtcd } from "./etcd.ts";
import type { Etcd } from "./etcd.ts";
import { freePort } from "./free-port.ts";
import { startKubeApiserver, tokens } from "./kube-apiserver.ts";
import { createKubeClient } from "./kube-client.ts";
import type { KubeClient } from "./kube-client.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { runKubectl } from "./kubectl.ts";
import type { KubectlResult } from "./kubectl.ts";
import { startKwok } from "./kwok.ts";
import { podDiscovery } from "./pod-discovery.ts";
import { startPodList } from "./pod-list.ts";
import { preparePrometheus } from "./prometheus.ts";
import type { Alerting, Prometheus } from "./prometheus.ts";
import { ensurePrometheus, type PrometheusVersion } from "./prometheus-versions.ts";
import type { ServerProcess } from "./server-process.ts";
import { makeAccount } from "./service-account.ts";
import type { AccountRequest } from "./service-account.ts";
import { makeTempDir } from "./temp-dir.ts";
import { waitUntil } from "./wait-until.ts";

export type ClusterOptions = {
  /** Addresses of the pods, 127.x.0.1/16: each cluster on a machine takes its own. */
  readonly cidr: string;
  /** `1s` unless told. */
  readonly scrapeInterval?: string;
  /** The newest unless told. */
  readonly prometheus?: PrometheusVersion;
  /** Entries of `scrape_configs` beside the one for pods. */
  readonly alsoScraped?: readonly object[];
  /** Rules of its Prometheus, and who is told what they find. */
  readonly alerting?: Alerting;
};

export type Cluster = AsyncDisposable & {
  readonly cidr: string;
  readonly kubeconfigPath: string;
  readonly apiServerUrl: string;
  readonly adminToken: string;
  readonly caPath: string;
  readonly prometheusUrl: string;
  /** As admin. */
  readonly client: KubeClient;
  /** Under a token of its own, so that the audit log tells it from the test. */
  readonly fleetClient: KubeClient;
  readonly prometheus: Prometheus;
  /** `stop` is an outage that keeps all data; `start` ends it on the same port. */
  readonly apiServer: { start(): Promise<void>; stop(): Promise<void> };
  /** etcd, API server, controllers, scheduler, kwok, one node, Prometheus; ready when it returns. */
  startControlPlane(): Promise<void>;
  kubectl(args: readonly string[], stdin?: string): Promise<KubectlResult>;
  /** Every write so far, by whomever. */
  auditLog(): Promise<readonly AuditEvent[]>;
  /** A kubeconfig for a new service account that may do what `rules` say. */
  kubeconfigFor(account: AccountRequest): Promise<string>;
};

/** A whole small cluster, up and ready. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  await using stack = new AsyncDisposableStack();
  const cluster = stack.use(await reserveCluster(options));
  await cluster.startControlPlane();
  stack.move();
  return cluster;
}

/**
 * A cluster of which ports, certificates and kubeconfig exist and nothing runs yet, so that a test
 * can start something before the API server is up. Disposing ends what was started.
 */
export async function reserveCluster(options: ClusterOptions): Promise<Cluster> {
  const binaries = await ensureServers();
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await makeTempDir("cluster")).path;
  const credentials = await makeCredentials(folder);
  const port = await freePort();
  const server = `https://127.0.0.1:${port}`;
  const caPath = credentials.certPath;
  const ca = await readFile(caPath, "utf8");
  const kubeconfig = (user: keyof typeof tokens) =>
    writeKubeconfig(join(folder, `kubeconfig-${user}`), { server, caPath, token: tokens[user] });
  const kubeconfigPath = await kubeconfig("admin");
  const client = stack.use(createKubeClient({ server, ca, token: tokens.admin }));
  const fleetClient = stack.use(createKubeClient({ server, ca, token: tokens.fleet }));
  const auditLogPath = join(folder, "audit.log");

  const prometheus = stack.use(
    await preparePrometheus({
      binary: await ensurePrometheus(options.prometheus ?? "newest"),
      folder,
      port: await freePort(),
      scrapeInterval: options.scrapeInterval ?? "1s",
      scrapeConfigs: [
        options.prometheus === "2.42"
          ? stack.use(await startPodList({ client, cidr: options.cidr })).scrapeConfig
          : podDiscovery({ apiServerUrl: server, token: tokens.prometheus, caPath, cidr: options.cidr }),
        ...(options.alsoScraped ?? []),
      ],
      ...(options.alerting === undefined ? {} : { alerting: options.alerting }),
    }),
  );

  // What starts after this function has returned; disposed first.
  const later = stack.use(new AsyncDisposableStack());
  let etcd: Etcd | undefined;
  let apiServerProcess: ServerProcess | undefined;
  // One slot for all starts of the API server; the stack would keep every one of them.
  later.defer(async () => apiServerProcess?.[Symbol.asyncDispose]());
  const apiServer = {
    async start() {
      if (apiServerProcess) return;
      etcd ??= later.use(await startEtcd({ binary: binaries.etcd, folder }));
      apiServerProcess = await startKubeApiserver({
        binary: binaries["kube-apiserver"],
        etcdUrl: etcd.url,
        folder,
        port,
        credentials,
        auditLogPath,
        client,
      });
    },
    async stop() {
      // At once: graceful, it would wait for its watchers.
      await apiServerProcess?.stop(0);
      apiServerProcess = undefined;
    },
  };

  async function startControlPlane(): Promise<void> {
    await apiServer.start();
    const kubeconfigs = {
      "kube-controller-manager": await kubeconfig("kube-controller-manager"),
      "kube-scheduler": await kubeconfig("kube-scheduler"),
      kwok: await kubeconfig("kwok"),
    };
    const kubeletPort = await freePort();
    const results = await Promise.allSettled([
      addNode(client, kubeletPort),
      prometheus.start(),
      startControllers({ binaries, folder, kubeconfigs, credentials }).then((it) => later.use(it)),
      startKwok({
        binary: binaries.kwok,
        folder,
        cidr: options.cidr,
        port: kubeletPort,
        kubeconfigPath: kubeconfigs.kwok,
      }).then((it) => later.use(it)),
    ]);
    // Only now: what has started must be in the stack before an error disposes it.
    for (const result of results) if (result.status === "rejected") throw result.reason;
    await waitUntil("the node ready for pods", () => isNodeReady(client));
  }

  const owned = stack.move();
  return {
    cidr: options.cidr,
    kubeconfigPath,
    apiServerUrl: server,
    adminToken: tokens.admin,
    caPath,
    prometheusUrl: prometheus.url,
    client,
    fleetClient,
    prometheus,
    apiServer,
    startControlPlane,
    kubectl: (args, stdin) => runKubectl({ binary: binaries.kubectl, kubeconfigPath, folder }, args, stdin),
    auditLog: () => readAuditLog(auditLogPath),
    kubeconfigFor: (account) => makeAccount({ client, server, caPath, folder }, account),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const nodeName = "node-1";

async function addNode(client: KubeClient, kubeletPort: number): Promise<void> {
  const resources = { cpu: "1k", memory: "1Ti", pods: "500" };
  const body = {
    metadata: { name: nodeName, labels: { "kubernetes.io/hostname": nodeName } },
    status: {
      allocatable: resources,
      capacity: resources,
      addresses: [{ type: "InternalIP", address: "127.0.0.1" }],
      daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
    },
  };
  await client.request("POST", "/api/v1/nodes", { body });
}

/** The taint goes once kwok has made the node ready and the controller manager has seen it. */
async function isNodeReady(client: KubeClient): Promise<boolean> {
  type Node = {
    readonly spec: { readonly taints?: readonly unknown[] };
    readonly status: {
      readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    };
  };
  const { spec, status } = await client.request<Node>("GET", `/api/v1/nodes/${nodeName}`);
  const ready = status.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True");
  return ready === true && (spec.taints ?? []).length === 0;
}

import fastify from "fastify";
import type { FastifyInstance } from "fastify";
import { type ElasticsearchFault, registerElasticsearchApi } from "./elasticsearch/api.ts";
import { createCadvisor } from "./cadvisor.ts";
import { createLogStore } from "./elasticsearch/store.ts";
import { createLogLines } from "./log-lines.ts";
import { registerKubernetesApi } from "./kubernetes/api.ts";
import type { KubernetesApiOptions } from "./kubernetes/api.ts";
import { createCluster } from "./kubernetes/cluster.ts";
import type { Cluster } from "./kubernetes/cluster.ts";
import { registerPrometheusApi } from "./prometheus/api.ts";
import type { AskedQuery, PrometheusFault } from "./prometheus/api.ts";
import { createScrapes } from "./prometheus/scrapes.ts";
import type { ScrapeTarget } from "./prometheus/scrapes.ts";
import { registerPodMetrics } from "./pod-metrics.ts";
import { createRandom } from "./random.ts";
import { onceFor } from "./once-for.ts";
import { createReceiver } from "./receiver/receiver.ts";
import type { Receiver } from "./receiver/receiver.ts";
import { createTraffic } from "./traffic.ts";
import type { Traffic, TrafficService } from "./traffic.ts";
import type { Moving, SandboxPod } from "./world.ts";

export interface SandboxOptions {
  /** The same seed and the same deeds give the same world. */
  readonly seed: number;
  /** Milliseconds since the epoch at which the world begins. */
  readonly now: number;
  readonly scrapeIntervalMs: number;
  readonly services: readonly TrafficService[];
  /** How long samples are kept; an hour unless told. */
  readonly retentionMs?: number;
  /** Pods write log lines into an Elasticsearch; no unless told. */
  readonly logs?: boolean;
  /** The node's kubelet, and the metrics API, show CPU and memory of the containers; no unless told. */
  readonly cadvisor?: boolean;
  /** How often autoscalers look, in ms; 15,000 unless told. */
  readonly autoscalersEveryMs?: number;
  readonly webhookSecret?: string;
  readonly grafanaToken?: string;
  readonly kubernetes?: KubernetesApiOptions;
}

/** A small world behind real HTTP on loopback. Time stands still until `advance` or `run` moves it. */
export interface Sandbox extends Moving, AsyncDisposable {
  readonly kubernetesUrl: string;
  readonly prometheusUrl: string;
  readonly elasticsearchUrl: string;
  /** Grafana under /api/annotations, a webhook under /webhook. */
  readonly receiverUrl: string;
  readonly cluster: Cluster;
  readonly traffic: Pick<Traffic, "served" | "setRate">;
  readonly receiver: Receiver;
  readonly prometheus: PrometheusControls;
  /** In force until it is set to undefined. */
  readonly elasticsearch: { fault: ElasticsearchFault | undefined };
  now(): number;
  /** Follows the wall clock, at `speed` times its pace, until the returned function is called. */
  run(speed?: number): () => void;
  kubeconfig(): string;
}

export interface PrometheusControls {
  /** In force until it is set to undefined. */
  fault: PrometheusFault | undefined;
  /** Queries that are never answered; in force until it is set to undefined. */
  hangs: RegExp | undefined;
  /** False: no new scrapes, old samples stay. */
  scraping: boolean;
  /** The newest 1,000 queries. */
  readonly queries: readonly AskedQuery[];
}

/** Whatever the jumps in which time is told, the world goes in steps of this: so a seed gives one world. */
const stepMs = 100;

export async function createSandbox(options: SandboxOptions): Promise<Sandbox> {
  const random = createRandom(options.seed);
  // Its own stream: how often the cluster draws must not change the traffic.
  const cluster = createCluster({
    now: options.now,
    random: createRandom(options.seed ^ 0x5eed),
    ...(options.autoscalersEveryMs === undefined ? {} : { autoscalersEveryMs: options.autoscalersEveryMs }),
  });
  const traffic = createTraffic({ services: options.services, random, effects: cluster.effects });
  const scrapes = createScrapes({
    intervalMs: options.scrapeIntervalMs,
    retentionMs: options.retentionMs ?? 3_600_000,
    now: options.now,
  });
  const store = createLogStore();
  const logs =
    options.logs === true ? createLogLines({ store, random: createRandom(options.seed ^ 0x1095), effects: cluster.effects }) : undefined;
  const elasticsearch: Sandbox["elasticsearch"] = { fault: undefined };
  let current = options.now;
  const now = () => current;
  const cadvisor = options.cadvisor === true ? createCadvisor(cluster.effects) : undefined;
  const targets = onceFor((pods: readonly SandboxPod[]) => [
    ...pods.filter(isTarget).map((pod) => targetOf(pod, traffic, now)),
    ...(cadvisor === undefined ? [] : [cadvisor.target(pods, now)]),
  ]);
  const { webhookSecret, grafanaToken } = options;
  const receiver = createReceiver({
    now,
    ...(webhookSecret === undefined ? {} : { webhookSecret }),
    ...(grafanaToken === undefined ? {} : { grafanaToken }),
  });
  const queries: AskedQuery[] = [];
  const prometheus: PrometheusControls = {
    fault: undefined,
    hangs: undefined,
    queries,
    get scraping() {
      return scrapes.scraping;
    },
    set scraping(on) {
      scrapes.scraping = on;
    },
  };

  function advance(to: number): void {
    while (current + stepMs <= to) {
      const from = current;
      current += stepMs;
      cluster.advance(current);
      const pods = cluster.pods();
      traffic.step(pods, from, current);
      scrapes.step(targets(pods), current);
      logs?.step(pods, from, current);
    }
  }

  // While the wall clock is followed, nobody is answered from the past: a block that has just ended is scraped.
  let catchUp = () => {};
  await using servers = new AsyncDisposableStack();
  const listen = async (register: (app: FastifyInstance) => void): Promise<string> => {
    // Watches and hung queries stay open for ever: closing ends them.
    const app = fastify({ forceCloseConnections: true });
    servers.defer(() => app.close());
    app.addHook("onRequest", async () => catchUp());
    register(app);
    return app.listen({ host: "127.0.0.1", port: 0 });
  };
  const kubernetesUrl = await listen((app) => {
    if (options.cadvisor === true) registerPodMetrics(app, cluster, now);
    registerKubernetesApi(app, cluster, options.kubernetes);
  });
  const prometheusUrl = await listen((app) => {
    registerPrometheusApi(app, {
      scrapes,
      now,
      fault: (query) => (prometheus.hangs?.test(query) === true ? "hang" : prometheus.fault),
      asked(query) {
        queries.push(query);
        if (queries.length > 1000) queries.shift();
      },
    });
  });
  const elasticsearchUrl = await listen((app) => registerElasticsearchApi(app, { store, fault: () => elasticsearch.fault }));
  const receiverUrl = await listen((app) => receiver.register(app));

  const open = servers.move();
  const stops = new Set<() => void>();
  return {
    kubernetesUrl,
    prometheusUrl,
    elasticsearchUrl,
    receiverUrl,
    cluster,
    traffic,
    receiver,
    prometheus,
    elasticsearch,
    now,
    advance,
    run(speed = 1) {
      const [startedAt, began] = [Date.now(), current];
      const follow = () => advance(began + (Date.now() - startedAt) * speed);
      const timer = setInterval(follow, stepMs);
      catchUp = follow;
      const stop = () => {
        clearInterval(timer);
        if (catchUp === follow) catchUp = () => {};
      };
      stops.add(stop);
      return stop;
    },
    kubeconfig: () => kubeconfigFor(kubernetesUrl),
    async [Symbol.asyncDispose]() {
      for (const stop of stops) stop();
      await open.disposeAsync();
    },
  };
}

/** Prometheus' pod discovery sees a pod once it has an address. */
function isTarget(pod: SandboxPod): boolean {
  return pod.ip !== "";
}

function targetOf(pod: SandboxPod, traffic: Traffic, now: () => number): ScrapeTarget {
  const { namespace, name } = pod;
  return {
    id: pod.uid,
    labels: { namespace, pod: name, instance: `${pod.ip}:8080`, job: "pods" },
    up: pod.running,
    expose: () => traffic.expose(pod, now()),
  };
}

function kubeconfigFor(server: string): string {
  return [
    "apiVersion: v1",
    "kind: Config",
    "clusters: [{ name: sandbox, cluster: { server: %SERVER% } }]",
    "users: [{ name: sandbox, user: {} }]",
    "contexts: [{ name: sandbox, context: { cluster: sandbox, user: sandbox } }]",
    "current-context: sandbox",
    "",
  ]
    .join("\n")
    .replace("%SERVER%", JSON.stringify(server));
}

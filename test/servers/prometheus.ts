import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fetch } from "undici";
import { stringify } from "yaml";
import { ensureServers } from "./build.ts";
import { freePort } from "./free-port.ts";
import { startProcess } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";
import { makeTempDir } from "./temp-dir.ts";

export type PrometheusOptions = {
  readonly binary: string;
  /** Holds its configuration and its data. */
  readonly folder: string;
  readonly port: number;
  /** As Prometheus writes it, `1s`; also the timeout of a scrape. */
  readonly scrapeInterval: string;
  /** Entries of `scrape_configs`, as Prometheus wants them. */
  readonly scrapeConfigs: readonly object[];
  /** Its rules, and who is told what they find. */
  readonly alerting?: Alerting;
};

export type Alerting = {
  /** Entries of a group's `rules`. */
  readonly rules: readonly object[];
  /** host:port of every Alertmanager. */
  readonly alertmanagers: readonly string[];
};

/** A vector as `/api/v1/query` gives it. */
export type InstantVector = readonly {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}[];

export type Prometheus = AsyncDisposable & {
  readonly url: string;
  /** Starts it, or starts it again after `stop` with all it has stored. */
  start(): Promise<void>;
  /** Ends it as an outage would; does nothing when it is down. */
  stop(): Promise<void>;
  /**
   * Asks for an instant vector, for assertions.
   * @throws Error with Prometheus' own words when it refuses.
   */
  query(promql: string): Promise<InstantVector>;
};

/** A Prometheus outside any cluster, up and empty, with a folder and a port of its own. */
export async function startPrometheus(options: Pick<PrometheusOptions, "scrapeInterval" | "scrapeConfigs">): Promise<Prometheus> {
  await using stack = new AsyncDisposableStack();
  const { prometheus: binary } = await ensureServers();
  const folder = stack.use(await makeTempDir("prometheus")).path;
  const port = await freePort();
  const prometheus = stack.use(await preparePrometheus({ ...options, binary, folder, port }));
  await prometheus.start();
  const owned = stack.move();
  return { ...prometheus, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function alertingPart(folder: string, alerting: Alerting | undefined): Promise<object> {
  if (alerting === undefined) return {};
  const rules = join(folder, "rules.yml");
  await writeFile(rules, stringify({ groups: [{ name: "test", rules: alerting.rules }] }));
  return { rule_files: [rules], alerting: { alertmanagers: [{ static_configs: [{ targets: alerting.alertmanagers }] }] } };
}

/** A Prometheus whose address is known and that does not run before `start`. */
export async function preparePrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const { folder, port } = options;
  const url = `http://127.0.0.1:${port}`;
  const configPath = join(folder, "prometheus.yml");
  const global = {
    scrape_interval: options.scrapeInterval,
    scrape_timeout: options.scrapeInterval,
    evaluation_interval: options.scrapeInterval,
  };
  await writeFile(
    configPath,
    stringify({ global, scrape_configs: options.scrapeConfigs, ...(await alertingPart(folder, options.alerting)) }),
  );
  let server: ServerProcess | undefined;

  async function start(): Promise<void> {
    if (server) return;
    server = await startProcess({
      name: "prometheus",
      command: options.binary,
      args: [
        `--config.file=${configPath}`,
        `--storage.tsdb.path=${join(folder, "prometheus")}`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--storage.tsdb.retention.time=1d",
        // New pods at the next second rather than up to 5 s later (a hidden flag).
        "--scrape.discovery-reload-interval=500ms",
        "--rules.alert.resend-delay=1s",
        "--log.level=warn",
      ],
      cwd: folder,
      ready: async (signal) => (await fetch(`${url}/-/ready`, { signal })).ok,
    });
  }

  async function stop(): Promise<void> {
    await server?.stop();
    server = undefined;
  }

  async function query(promql: string): Promise<InstantVector> {
    type Answer = {
      readonly status: string;
      readonly error?: string;
      readonly data?: { readonly result: InstantVector };
    };
    const body = new URLSearchParams({ query: promql });
    const response = await fetch(`${url}/api/v1/query`, { method: "POST", body });
    const answer = (await response.json()) as Answer;
    if (answer.data) return answer.data.result;
    throw new Error(`Prometheus refused ${promql}: ${answer.error ?? answer.status}`);
  }

  return {
    url,
    start,
    stop,
    query,
    async [Symbol.asyncDispose]() {
      await server?.[Symbol.asyncDispose]();
      server = undefined;
    },
  };
}

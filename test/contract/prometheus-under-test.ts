import { createPrometheus } from "../../src/clients/prometheus/prometheus.ts";
import { createSampler } from "../../src/signals/sample.ts";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import fastify from "fastify";
import { fetch } from "undici";
import { stringify } from "yaml";
import type { ExposedSample } from "../../src/sandbox/exposition.ts";
import { registerPrometheusApi } from "../../src/sandbox/prometheus/api.ts";
import type { PrometheusFault } from "../../src/sandbox/prometheus/api.ts";
import { createScrapes } from "../../src/sandbox/prometheus/scrapes.ts";
import { freePort } from "../servers/free-port.ts";
import { ensurePrometheus, type PrometheusVersion } from "../servers/prometheus-versions.ts";
import { startProcess } from "../servers/server-process.ts";
import { makeTempDir } from "../servers/temp-dir.ts";
import { waitUntil } from "../servers/wait-until.ts";

/** What each pod shows when it is scraped; a pod that is not named does not listen. */
export type Exposition = Readonly<Record<string, readonly ExposedSample[]>>;

/** A Prometheus that scrapes pods which a test plays. */
export interface PrometheusUnderTest extends AsyncDisposable {
  readonly url: string;
  /** Shows this to the scraper; returns the instant (ms) by which every pod has been scraped with it. */
  scrape(exposition: Exposition): Promise<number>;
  /** Scrapes nothing until the last second holds no sample of any pod: what an earlier test showed is out of every block. */
  silence(): Promise<void>;
  /** From now on it accepts connections and never answers. */
  freeze(): void;
  thaw(): void;
}

/** Of the real server; old ones are tested in a project of their own. */
const version: PrometheusVersion = process.env["REARGUARD_PROMETHEUS"] === "2.42" ? "2.42" : "newest";

export const pods = ["web-1-aaaaa", "web-1-bbbbb", "web-2-ccccc"];

/** Shown by every pod, so that a scrape can be told from the one before. */
const marker = "contract_step";

export interface StoringOptions {
  /** Histograms are scraped in their classic form and stored as native ones with custom buckets. */
  readonly native?: boolean;
  /** Samples that a query may load (`--query.max-samples`). */
  readonly mostSamples?: number;
}

export function startPrometheus(options: StoringOptions = {}): Promise<PrometheusUnderTest> {
  return process.env["REARGUARD_SERVERS"] === "real" ? startReal(options) : startSandbox(options);
}

function labelsOf(pod: string) {
  return { namespace: "prod", pod, instance: `10.0.0.${pods.indexOf(pod) + 1}:8080`, job: "pods" };
}

async function startSandbox({ native = false, mostSamples = Infinity }: StoringOptions): Promise<PrometheusUnderTest> {
  const intervalMs = 200;
  let now = 1_790_000_000_000;
  let fault: PrometheusFault | undefined;
  const scrapes = createScrapes({ intervalMs, retentionMs: 3_600_000, now });
  const app = fastify({ forceCloseConnections: true });
  registerPrometheusApi(app, { scrapes, now: () => now, fault: () => fault, native, mostSamples, asked: () => {} });
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  const server: PrometheusUnderTest = {
    url,
    async scrape(exposition) {
      const targets = pods.map((pod) => ({
        id: pod,
        labels: labelsOf(pod),
        up: exposition[pod] !== undefined,
        expose: () => exposition[pod] ?? [],
      }));
      for (const end = now + intervalMs; now < end;) scrapes.step(targets, (now += 50));
      return now;
    },
    async silence() {
      for (let round = 0; round * intervalMs <= 1000; round += 1) await server.scrape({});
    },
    freeze() {
      fault = "hang";
    },
    thaw() {
      fault = undefined;
    },
    [Symbol.asyncDispose]: () => app.close(),
  };
  return server;
}

async function startReal({ native = false, mostSamples }: StoringOptions): Promise<PrometheusUnderTest> {
  await using stack = new AsyncDisposableStack();
  let shown: Exposition = {};
  let step = 0;
  const targets = createServer((request, response) => {
    const samples = shown[request.url?.slice(1) ?? ""];
    if (!samples) return void response.writeHead(404).end();
    response
      .writeHead(200, { "content-type": "text/plain; version=0.0.4" })
      .end(textOf([...samples, { name: marker, labels: {}, value: step }]));
  });
  const listening = Promise.withResolvers<void>();
  targets.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  stack.defer(() => {
    targets.closeAllConnections();
    targets.close();
  });

  const { path } = stack.use(await makeTempDir("prometheus-contract"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const { port: targetPort } = targets.address() as AddressInfo;
  await writeFile(
    join(path, "prometheus.yml"),
    stringify({
      global: { scrape_interval: "200ms", scrape_timeout: "200ms" },
      scrape_configs: [
        {
          job_name: "pods",
          ...(native ? { scrape_native_histograms: true, convert_classic_histograms_to_nhcb: true } : {}),
          static_configs: pods.map((pod) => ({
            targets: [`127.0.0.1:${targetPort}`],
            labels: { ...labelsOf(pod), __metrics_path__: `/${pod}` },
          })),
        },
      ],
    }),
  );
  const command = await ensurePrometheus(version);
  const server = stack.use(
    await startProcess({
      name: "prometheus",
      command,
      args: [
        `--config.file=${join(path, "prometheus.yml")}`,
        `--storage.tsdb.path=${join(path, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
        // New targets at once rather than after 5 s (a hidden flag).
        "--scrape.discovery-reload-interval=500ms",
        "--log.level=warn",
        ...(mostSamples === undefined ? [] : [`--query.max-samples=${mostSamples}`]),
      ],
      cwd: path,
      ready: async (signal) => (await fetch(`${url}/-/ready`, { signal })).ok,
    }),
  );

  const owned = stack.move();
  return {
    url,
    async scrape(exposition) {
      step += 1;
      shown = exposition;
      return waitUntil(`scrape ${step}`, async () => {
        const series = await samplesOf(url, `{__name__=~"up|${marker}"}[1m]`);
        const instants = pods.map((pod) => (exposition[pod] ? firstWith(series, pod, step) : lastDown(series, pod)));
        return instants.every((instant) => instant !== undefined) ? Math.max(...instants) : undefined;
      });
    },
    async silence() {
      shown = {};
      const selector = `{__name__=~"http_.+|${marker}"}[1s]`;
      await waitUntil("a second without samples", async () => (await samplesOf(url, selector)).length === 0);
    },
    freeze: () => void process.kill(server.pid, "SIGSTOP"),
    thaw: () => void process.kill(server.pid, "SIGCONT"),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export interface RawSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [number, string])[];
}

/** Raw samples of a range selector, which our own client has no use for. */
export async function samplesOf(url: string, selector: string, at?: number): Promise<readonly RawSeries[]> {
  const query = new URLSearchParams({ query: selector, ...(at === undefined ? {} : { time: String(at / 1000) }) });
  const response = await fetch(`${url}/api/v1/query?${query.toString()}`);
  const { data } = (await response.json()) as { readonly data: { readonly result: readonly RawSeries[] } };
  return data.result;
}

/** Instant of the first scrape that showed this step. */
function firstWith(series: readonly RawSeries[], pod: string, step: number): number | undefined {
  return ms(valuesOf(series, marker, pod).find(([, value]) => value === String(step)));
}

/** Instant of the newest scrape, if it failed. */
function lastDown(series: readonly RawSeries[], pod: string): number | undefined {
  const last = valuesOf(series, "up", pod).at(-1);
  return last?.[1] === "0" ? ms(last) : undefined;
}

function valuesOf(series: readonly RawSeries[], name: string, pod: string): RawSeries["values"] {
  return series.find(({ metric }) => metric["__name__"] === name && metric["pod"] === pod)?.values ?? [];
}

function ms(sample: readonly [number, string] | undefined): number | undefined {
  return sample && Math.round(sample[0] * 1000);
}

/** A histogram is one only with its type before it. */
function textOf(samples: readonly ExposedSample[]): string {
  const typed = new Set<string>();
  return samples
    .map(({ name, labels, value }) => {
      const pairs = Object.entries(labels).map(([key, text]) => `${key}=${JSON.stringify(text)}`);
      const histogram = name.endsWith("_bucket") ? name.replace(/_bucket$/, "") : "";
      const type = histogram === "" || typed.has(histogram) ? "" : `# TYPE ${histogram} histogram\n`;
      typed.add(histogram);
      return `${type}${name}{${pairs.join(",")}} ${value}\n`;
    })
    .join("");
}

/** A server for a whole file of tests, with the client and the sampler on it. */
export async function openPrometheus() {
  const server = await startPrometheus();
  const prometheus = createPrometheus({ url: server.url, timeoutMs: 10_000 });
  const sample = createSampler({ prometheus, log: { info: () => {}, warn: () => {} } });
  const close = async () => {
    prometheus.close();
    await server[Symbol.asyncDispose]();
  };
  return { server, prometheus, sample, close };
}

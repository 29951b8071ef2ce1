import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { createAlertmanager } from "./actions/tell/alertmanager.ts";
import { createGrafana } from "./actions/tell/grafana.ts";
import { createKubernetesEvents } from "./actions/tell/kubernetes-event.ts";
import { createPagerDuty } from "./actions/tell/pagerduty.ts";
import { createSilence } from "./actions/tell/silence.ts";
import { createSlack, createSlackHook } from "./actions/tell/slack.ts";
import { createStatuspage } from "./actions/tell/statuspage.ts";
import type { Target } from "./actions/tell/target.ts";
import { createWebhook } from "./actions/tell/webhook.ts";
import { type AlertmanagerApi, createAlertmanagerApi } from "./clients/alertmanager/alertmanager.ts";
import { createKubernetesApi, type KubernetesApi } from "./clients/kubernetes/api.ts";
import { loadKubeConfig } from "./clients/kubernetes/config.ts";
import type { ElasticsearchApi } from "./clients/elasticsearch/api.ts";
import { createElasticsearch } from "./clients/elasticsearch/elasticsearch.ts";
import type { HttpApi } from "./clients/http/api.ts";
import { createHttp } from "./clients/http/http.ts";
import type { PrometheusApi } from "./clients/prometheus/api.ts";
import { createPrometheus } from "./clients/prometheus/prometheus.ts";
import type { Clock } from "./clock.ts";
import type { Settings } from "./settings.ts";

export interface Clients {
  readonly kubernetes: KubernetesApi;
  readonly prometheus: PrometheusApi;
  /** Absent where the settings name none. */
  readonly elasticsearch?: ElasticsearchApi;
  /** For probes: any address. */
  readonly http: HttpApi;
  readonly targets: readonly Target[];
  /** Peers of the Alertmanager that posts to us; empty where the settings name none. */
  readonly alertmanagers: readonly AlertmanagerApi[];
  close(): Promise<void>;
}

/** The only place where clients are made. `instance` names this process in Events. Contacts nobody. */
export function connect(settings: Settings, clock: Clock, instance: string): Clients {
  const { kubeconfig, context } = settings.kubernetes;
  const config = loadKubeConfig({
    ...(kubeconfig === undefined ? {} : { path: kubeconfig }),
    ...(context === undefined ? {} : { context }),
  });
  const kubernetes = createKubernetesApi({ connector: config, clock });
  const prometheus = rotatingPrometheus(settings.prometheus);
  const elasticsearch = settings.elasticsearch === undefined ? undefined : rotatingElasticsearch(settings.elasticsearch);
  return {
    kubernetes,
    prometheus,
    ...(elasticsearch === undefined ? {} : { elasticsearch }),
    http: createHttp(),
    targets: [createKubernetesEvents({ api: kubernetes, instance }), ...otherTargets(settings, clock)],
    alertmanagers: alertmanagersOf(settings),
    async close() {
      prometheus.close();
      await elasticsearch?.close();
      await config.close();
    },
  };
}

function otherTargets({ grafana, webhooks, slack, pagerduty, alertmanager, statuspage }: Settings, clock: Clock): readonly Target[] {
  const targets: Target[] = [];
  if (grafana !== undefined) targets.push(createGrafana({ ...grafana, clock }));
  for (const each of webhooks) targets.push(createWebhook({ ...each, clock }));
  for (const { tokenFile, channel, webhookUrlFile, ...rest } of slack) {
    if (webhookUrlFile !== undefined) targets.push(createSlackHook({ ...rest, webhookUrlFile, clock }));
    else if (tokenFile !== undefined && channel !== undefined) targets.push(createSlack({ ...rest, tokenFile, channel, clock }));
  }
  for (const each of pagerduty) targets.push(createPagerDuty({ ...each, clock }));
  if (alertmanager !== undefined) {
    const { urls, lasts: lastsMs, silence, ...rest } = alertmanager;
    for (const url of urls) targets.push(createAlertmanager({ ...rest, url, lastsMs, clock }));
    if (silence !== undefined) targets.push(createSilence({ ...rest, urls, silence: { ...silence, lastsMs: silence.lasts }, clock }));
  }
  if (statuspage !== undefined) {
    const { every: everyMs, ...rest } = statuspage;
    targets.push(createStatuspage({ ...rest, everyMs, clock }));
  }
  return targets;
}

function alertmanagersOf({ alerts }: Settings): readonly AlertmanagerApi[] {
  if (alerts?.fetchFrom === undefined) return [];
  const { urls, bearerTokenFile, basic } = alerts.fetchFrom;
  const proof = async (): Promise<string> => {
    if (bearerTokenFile !== undefined) return `Bearer ${(await readFile(bearerTokenFile, "utf8")).trim()}`;
    const password = await textOf(basic?.passwordFile);
    return `Basic ${Buffer.from(`${basic?.username}:${password?.trim()}`).toString("base64")}`;
  };
  const authorization = bearerTokenFile === undefined && basic === undefined ? {} : { authorization: proof };
  return urls.map((url) => createAlertmanagerApi({ url, ...authorization }));
}

/** Credentials live in files that are replaced under way: they are read for each query, and a change makes a new client. */
function rotatingPrometheus(settings: Settings["prometheus"]): PrometheusApi {
  let made: { readonly fingerprint: string; readonly api: PrometheusApi } | undefined;
  async function current(): Promise<PrometheusApi> {
    const { bearerTokenFile, basic, headersFile, caFile, url, timeout } = settings;
    const [token, password, extra, ca] = await Promise.all([bearerTokenFile, basic?.passwordFile, headersFile, caFile].map(textOf));
    const fingerprint = JSON.stringify([token, password, extra, ca]);
    if (made?.fingerprint === fingerprint) return made.api;
    const headers = {
      ...(extra === undefined ? {} : (parse(extra) as Record<string, string>)),
      ...(token === undefined ? {} : { Authorization: `Bearer ${token.trim()}` }),
    };
    const api = createPrometheus({
      url,
      timeoutMs: timeout,
      headers,
      ...(basic === undefined || password === undefined ? {} : { basic: { username: basic.username, password: password.trim() } }),
      ...(ca === undefined ? {} : { ca }),
    });
    made?.api.close();
    made = { fingerprint, api };
    return api;
  }
  return {
    query: async (promql, at) => (await current()).query(promql, at),
    queryRange: async (promql, from, to, step) => (await current()).queryRange(promql, from, to, step),
    close: () => made?.api.close(),
  };
}

/** The same for Elasticsearch. */
function rotatingElasticsearch(settings: NonNullable<Settings["elasticsearch"]>): ElasticsearchApi {
  let made: { readonly fingerprint: string; readonly api: ElasticsearchApi } | undefined;
  async function current(): Promise<ElasticsearchApi> {
    const { apiKeyFile, bearerTokenFile, basic, caFile, url, timeout, compatibility } = settings;
    const [apiKey, bearer, password, ca] = await Promise.all([apiKeyFile, bearerTokenFile, basic?.passwordFile, caFile].map(textOf));
    const fingerprint = JSON.stringify([apiKey, bearer, password, ca]);
    if (made?.fingerprint === fingerprint) return made.api;
    const api = createElasticsearch({
      url,
      timeoutMs: timeout,
      compatibility,
      ...(apiKey === undefined ? {} : { auth: { apiKey: apiKey.trim() } }),
      ...(bearer === undefined ? {} : { auth: { bearer: bearer.trim() } }),
      ...(basic === undefined || password === undefined ? {} : { auth: { username: basic.username, password: password.trim() } }),
      ...(ca === undefined ? {} : { ca }),
    });
    const before = made;
    made = { fingerprint, api };
    await before?.api.close();
    return api;
  }
  return {
    search: async (request) => (await current()).search(request),
    close: async () => made?.api.close(),
  };
}

async function textOf(file: string | undefined): Promise<string | undefined> {
  return file === undefined ? undefined : readFile(file, "utf8");
}

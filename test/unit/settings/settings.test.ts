import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { renderProblem } from "../../../src/policies/problem.ts";
import { loadSettings, parseSettings } from "../../../src/settings.ts";

const shipped = join(import.meta.dirname, "../../../config/settings.yaml");
const least = "prometheus: { url: http://prometheus }\n";
let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settings-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function problemsOf(text: string, env: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
  const result = await parseSettings(text, join(folder, "s.yaml"), env);
  return "problems" in result ? result.problems.map((problem) => renderProblem(problem).replaceAll(folder, "F")) : [];
}

async function settingsOf(text: string, env: Readonly<Record<string, string>> = {}) {
  const result = await parseSettings(text, join(folder, "s.yaml"), env);
  if ("problems" in result) throw new Error(result.problems.map(renderProblem).join("\n"));
  return result.settings;
}

test("only the address of Prometheus must be there; the shipped file says the same as its absence", async () => {
  const bare = await settingsOf(least);
  expect(bare).toEqual({
    cluster: "cluster",
    policies: join(folder, "policies"),
    kubernetes: {},
    prometheus: { url: "http://prometheus", timeout: 10_000, scrapeInterval: 15_000 },
    judging: { block: 15_000, settle: 500, baseline: 21_600_000, warmUpLatency: 30_000 },
    leader: {
      enabled: true,
      name: "rearguard",
      namespace: "rearguard",
      ledger: "rearguard-ledger",
      leaseDuration: 15_000,
      renewDeadline: 10_000,
      retryPeriod: 2000,
    },
    listen: { host: "0.0.0.0", port: 8080, tokens: [] },
    webhooks: [],
    slack: [],
    pagerduty: [],
    governor: {
      cooldown: 1_800_000,
      rollbacksPerHour: { workload: 2, namespace: 3, cluster: 10 },
      concurrent: 3,
      remedies: { cooldown: 600_000, perHour: { workload: 6, namespace: 12, cluster: 40 }, concurrent: 5 },
      sharedCause: { workloads: 4, within: 300_000 },
      flap: { rollbacks: 3, remedies: 8, within: 86_400_000 },
      minReady: 1,
      killSwitch: false,
    },
    verify: { within: 300_000, blocks: 4 },
    log: { level: "info" },
  });
  expect(await loadSettings(shipped, {})).toMatchObject({
    settings: { ...bare, policies: join(shipped, "../policies"), prometheus: { ...bare.prometheus, url: expect.stringMatching(/^http/) } },
  });
});

test("every problem is reported at once, at its place", async () => {
  await writeFile(join(folder, "token"), "secret");
  const text = [
    "clustr: prod",
    "prometheus:",
    "  url: ftp://prometheus",
    "  timeout: 10",
    "  bearerTokenFile: token",
    "  basic: { username: me, passwordFile: gone }",
    "leader: { renewDeadline: 20s }",
    "listen: { port: 99999 }",
    "webhooks:",
    "  - { name: a, url: https://a.example/hook }",
    "  - { name: b }",
    "governor: { cooldown: never }",
    "log: { level: loud }",
  ].join("\n");
  expect(await problemsOf(text)).toEqual([
    'F/s.yaml:1:1 clustr: unknown key "clustr"; allowed: cluster, policies, externalUrl, kubernetes, prometheus, elasticsearch, judging, leader, listen, alerts, grafana, webhooks, slack, pagerduty, alertmanager, statuspage, governor, verify, log; did you mean cluster?',
    "F/s.yaml:3:8 prometheus.url: this is not a URL that can be used; allowed: http:// or https:// and a host, without user, password, query or fragment",
    "F/s.yaml:4:12 prometheus.timeout: 10 is not a duration; allowed: a duration such as 500ms, 30s, 5m or 1h30m; the unit is missing; did you mean 10s or 10m?",
    "F/s.yaml:6:40 prometheus.basic.passwordFile: the file F/gone cannot be read",
    "F/s.yaml:7:9 leader: the times contradict each other; allowed: retryPeriod < renewDeadline < leaseDuration; two leaders could act at once",
    "F/s.yaml:8:17 listen.port: 99999 is out of range: at most 65535",
    "F/s.yaml:11:5 webhooks[1]: a webhook has one address; allowed: exactly one of url, urlFile",
    'F/s.yaml:12:23 governor.cooldown: "never" is not a duration; allowed: a duration such as 500ms, 30s, 5m or 1h30m',
    'F/s.yaml:13:15 log.level: "loud" is not allowed; allowed: trace, debug, info, warn, error, fatal, silent',
  ]);
});

describe("one clear sentence for", () => {
  test.each([
    [
      "an empty file",
      "",
      "F/s.yaml:1:1 prometheus: prometheus is missing; allowed: url, bearerTokenFile, basic, headersFile, caFile, timeout, scrapeInterval",
    ],
    [
      "a secret in the file",
      "prometheus: { url: http://p, bearerToken: abcdef123 }",
      'F/s.yaml:1:30 prometheus.bearerToken: unknown key "bearerToken"; allowed: url, bearerTokenFile, basic, headersFile, caFile, timeout, scrapeInterval; did you mean bearerTokenFile?',
    ],
    [
      "a password in a URL",
      "prometheus: { url: http://me:hunter2@p }",
      "F/s.yaml:1:20 prometheus.url: this is not a URL that can be used; allowed: http:// or https:// and a host, without user, password, query or fragment; credentials belong into a file",
    ],
    [
      "two ways to log in",
      "prometheus: { url: http://p, bearerTokenFile: s, basic: { username: a, passwordFile: s } }",
      "F/s.yaml:1:13 prometheus: bearerTokenFile excludes basic; allowed: at most one of them",
    ],
    [
      "a block shorter than a scrape",
      `${least}judging: { block: 5s }`,
      "F/s.yaml:2:19 judging.block: the times contradict each other; allowed: settle < block, and block >= prometheus.scrapeInterval; a shorter block would count one scrape twice",
    ],
    [
      "two webhooks of one name",
      `${least}webhooks: [{ name: a, url: http://a }, { name: a, url: http://b }]`,
      'F/s.yaml:2:48 webhooks[1].name: the name "a" is taken by an earlier webhook',
    ],
    [
      "alerts that nobody has to prove",
      `${least}alerts: {}`,
      "F/s.yaml:2:9 alerts: nobody could prove who posts; allowed: at least one of tokenFile, basic, or listen.tls.clientCaFile",
    ],
    [
      "names of certificates that nobody asks for",
      `${least}alerts: { clientNames: [alertmanager] }`,
      "F/s.yaml:2:24 alerts.clientNames: nobody asks for client certificates; allowed: clientNames beside listen.tls.clientCaFile",
    ],
    ["a second document", `${least}---\n${least}`, "F/s.yaml:3:1: settings are one document; a second one begins here"],
    ["a key that stands twice", `${least}${least}`, "F/s.yaml:2:1: the key stands twice in this map"],
    [
      "a list",
      "- 1",
      "F/s.yaml:1:1: expected a map, found a list; allowed: cluster, policies, externalUrl, kubernetes, prometheus, elasticsearch, judging, leader, listen, alerts, grafana, webhooks, slack, pagerduty, alertmanager, statuspage, governor, verify, log",
    ],
  ])("%s", async (_name, text, expected) => {
    await writeFile(join(folder, "s"), "secret");
    expect(await problemsOf(text)).toEqual([expected]);
  });

  test("a file that is not there", async () => {
    const file = join(folder, "none.yaml");
    expect(await loadSettings(file, {})).toEqual({
      problems: [{ file, line: 0, column: 0, path: "", what: "the settings cannot be read", cause: "there is no such file" }],
    });
  });
});

test("relative paths start at the folder of the file", async () => {
  await writeFile(join(folder, "token"), "secret");
  const settings = await settingsOf("policies: ../shared\nprometheus: { url: http://p, bearerTokenFile: token }\n");
  expect([settings.policies, settings.prometheus.bearerTokenFile]).toEqual([join(folder, "../shared"), join(folder, "token")]);
});

test("the environment stands above the file, also where the file has no such part", async () => {
  const env = {
    REARGUARD_CLUSTER: "prod",
    REARGUARD_PROMETHEUS_URL: "https://other/prom",
    REARGUARD_LISTEN_PORT: "0",
    REARGUARD_KILL_SWITCH: "true",
    REARGUARD_LOG_LEVEL: "",
    PATH: "/bin",
  };
  expect(await settingsOf("", env)).toMatchObject({
    cluster: "prod",
    prometheus: { url: "https://other/prom" },
    listen: { port: 0 },
    governor: { killSwitch: true },
    log: { level: "info" },
  });
});

test("a wrong variable is named, beside the problems of the file", async () => {
  const env = { REARGUARD_LISTEN_PORT: "http", REARGUARD_KILL_SWITCH: "yes", REARGUARD_LOGLEVEL: "debug" };
  expect(await problemsOf(`${least}verify: { blocks: 0 }`, env)).toEqual([
    "F/s.yaml:2:19 verify.blocks: 0 is out of range: at least 1",
    'environment REARGUARD_LISTEN_PORT: expected a number, found "http"; allowed: a whole number from 0 to 65535',
    'environment REARGUARD_KILL_SWITCH: expected true or false, found "yes"',
    expect.stringMatching(/^environment: unknown variable REARGUARD_LOGLEVEL; allowed: .*; did you mean REARGUARD_LOG_LEVEL\?$/),
  ]);
});

test("the variables that Kubernetes makes of a Service called rearguard are not taken for settings", async () => {
  const env = {
    REARGUARD_PORT: "tcp://10.0.0.1:80",
    REARGUARD_SERVICE_HOST: "10.0.0.1",
    REARGUARD_SERVICE_PORT_HTTP: "80",
    REARGUARD_PORT_80_TCP_ADDR: "10.0.0.1",
  };
  expect(await problemsOf(least, env)).toEqual([]);
});

describe("elasticsearch", () => {
  test("needs its address alone", async () => {
    const { elasticsearch } = await settingsOf(`${least}elasticsearch: { url: http://elastic:9200 }`);
    expect(elasticsearch).toEqual({ url: "http://elastic:9200", compatibility: 9, timeout: 10_000, lag: 30_000 });
  });

  test.each([
    ["two ways to sign in", "elasticsearch: { url: http://e, apiKeyFile: s, bearerTokenFile: s }", "apiKeyFile excludes bearerTokenFile"],
    ["another version", "elasticsearch: { url: http://e, compatibility: 7 }", "elasticsearch.compatibility: "],
    ["a Kibana with a password", "elasticsearch: { url: http://e, kibana: { url: http://a:b@k } }", "elasticsearch.kibana.url: "],
    [
      "a space with capitals",
      "elasticsearch: { url: http://e, kibana: { url: http://k, space: Shop } }",
      'elasticsearch.kibana.space: "Shop" is no space of Kibana',
    ],
    ["no address", "elasticsearch: { lag: 10s }", "elasticsearch.url: url is missing"],
  ])("refuses %s", async (_what, text, words) => {
    await writeFile(join(folder, "s"), "secret");
    expect(await problemsOf(`${least}${text}`)).toEqual([expect.stringContaining(words)]);
  });
});

test("Slack is reached in one way, and every receiver has a name of its own", async () => {
  await writeFile(join(folder, "token"), "secret");
  const slack =
    "slack: [{ tokenFile: token, channel: '#a' }, { webhookUrlFile: token }, { name: grafana, tokenFile: token }, { channel: 'a b', name: x }]\n";

  expect(await problemsOf(least + slack)).toEqual([
    "F/s.yaml:2:73 slack[2]: Slack is reached in one way; allowed: tokenFile and channel, or webhookUrlFile",
    "F/s.yaml:2:110 slack[3]: Slack is reached in one way; allowed: tokenFile and channel, or webhookUrlFile",
    'F/s.yaml:2:121 slack[3].channel: "a b" cannot name a channel; allowed: an id such as C0123456789, or #name',
  ]);
  const twins =
    "slack: [{ tokenFile: token, channel: '#a' }, { webhookUrlFile: token }, { name: ops, webhookUrlFile: token }]\nwebhooks: [{ name: ops, url: http://ops }]\n";
  expect(await problemsOf(least + twins)).toEqual([
    'F/s.yaml:2:46 slack[1].name: the name "slack" is taken by another receiver; allowed: each name once; give it a name of its own',
    'F/s.yaml:2:81 slack[2].name: the name "ops" is taken by another receiver; allowed: each name once; give it a name of its own',
  ]);
});

test.each([
  ["names the workload", "{}", "silence.workload: workload is missing"],
  [
    "names no label twice",
    "{ workload: namespace }",
    "silence: a label is matched twice; allowed: namespace, workload and labels of different names, none of them alertname",
  ],
  ["is not by the name of alerts alone", "{ workload: alertname }", "silence: a label is matched twice"],
  ["is bounded", "{ workload: deployment, lasts: 1d }", "silence.lasts: 1d is out of range; allowed: between 2m and 1h"],
])("a silence %s", async (_, silence, wanted) => {
  const problems = await problemsOf(`${least}alertmanager: { urls: [http://a:9093], silence: ${silence} }\n`);

  expect(problems.join("\n")).toContain(`alertmanager.${wanted}`);
});

test("an Alertmanager has each peer once, and labels that it takes", async () => {
  const text = "alertmanager: { urls: [http://a:9093, http://a:9093/], labels: { a-b: x }, lasts: 1s }\n";

  expect(await problemsOf(least + text)).toEqual([
    "F/s.yaml:2:39 alertmanager.urls[1]: this peer is named twice; allowed: each peer once",
    'F/s.yaml:2:66 alertmanager.labels["a-b"]: "a-b" cannot name a label; allowed: letters, digits and _, not first a digit',
    "F/s.yaml:2:83 alertmanager.lasts: 1s is out of range; allowed: between 1m and 30d",
  ]);
});

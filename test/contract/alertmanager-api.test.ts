// What we read from Alertmanager: of a stub that answers as the real one does, and of a pair of real ones.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AlertmanagerApi, createAlertmanagerApi } from "../../src/clients/alertmanager/alertmanager.ts";
import { createRestOfGroup } from "../../src/daemon/rest-of-group.ts";
import { createWeb } from "../../src/web/server.ts";
import { reserveAlertmanagers } from "../servers/alertmanager.ts";
import { waitUntil } from "../servers/wait-until.ts";
import { startAlertList } from "../support/receivers/alert-list.ts";
import { quiet } from "../unit/web/a-web.ts";

const isReal = process.env["REARGUARD_SERVERS"] === "real";
const stack = new AsyncDisposableStack();
const quoted = 'a "quoted" \\ back\nline';
const taken = new Map<string, string>();
let urls: readonly string[];
let webhook: string;
let api: AlertmanagerApi;

const fired = (shard: string, over: Readonly<Record<string, string>> = {}) => ({
  labels: { alertname: "Storm", namespace: "shop", deployment: "web", shard, ...over },
  annotations: { summary: `shard ${shard}` },
  startsAt: new Date(Date.now() - 60_000).toISOString(),
  generatorURL: "http://prometheus/graph",
});

/** Where groups are posted; what an Alertmanager leaves out is asked of `urls`. */
async function startIntake(): Promise<string> {
  const app = await createWeb({
    ...quiet,
    now: () => Date.now(),
    alertsAccess: { token: async () => "t" },
    takeAlerts: async (alerts) => {
      for (const { fingerprint, labels } of alerts) taken.set(fingerprint, labels["shard"] ?? "");
      return { taken: true, guards: [], receipts: alerts.map(() => ({ outcome: "recorded", detail: "" })) };
    },
    restOfGroup: createRestOfGroup(urls.map((url) => createAlertmanagerApi({ url }))),
  });
  stack.defer(() => app.close());
  return `${await app.listen({ host: "127.0.0.1", port: 0 })}/api/v1/webhooks/alertmanager`;
}

/** As Alertmanager posts a group with `max_alerts: 1`. */
async function postCut(): Promise<void> {
  const [first] = await api.firing({ labels: { shard: "a" }, receiver: "" });
  const alert = { ...fired("a"), status: "firing", endsAt: "0001-01-01T00:00:00Z", fingerprint: first?.fingerprint };
  const group = { version: "4", groupKey: "{}", receiver: "rearguard", groupLabels: { alertname: "Storm" } };
  const answer = await fetch(webhook, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer t" },
    body: JSON.stringify({ ...group, truncatedAlerts: 3, alerts: [alert] }),
  });
  expect(answer.status).toBe(202);
}

beforeAll(async () => {
  if (!isReal) {
    const list = stack.use(await startAlertList());
    urls = [list.url];
    webhook = await startIntake();
  } else {
    const reserved = await reserveAlertmanagers();
    urls = reserved.targets.map((target) => `http://${target}`);
    webhook = await startIntake();
    const route = { receiver: "rearguard", group_by: ["alertname"], group_wait: "1s", group_interval: "1s", repeat_interval: "1h" };
    const routes = [{ receiver: "other", matchers: ['alertname="Elsewhere"'] }];
    const receivers = [
      { name: "rearguard", webhook_configs: [{ url: webhook, max_alerts: 1, http_config: { authorization: { credentials: "t" } } }] },
      { name: "other" },
    ];
    stack.use(await reserved.start({ route: { ...route, routes }, receivers }));
  }
  [api] = urls.map((url) => createAlertmanagerApi({ url })) as [AlertmanagerApi];
  const alerts = [...["a", "b", "c", quoted].map((shard) => fired(shard)), fired("e", { alertname: "Elsewhere" })];
  for (const url of urls) {
    const answer = await fetch(`${url}/api/v2/alerts`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(alerts),
    });
    expect(answer.status).toBe(200);
  }
  await waitUntil("the alerts", async () => (await api.firing({ labels: {}, receiver: "" })).length >= 5);
});

afterAll(() => stack.disposeAsync());

describe("the alerts that fire", () => {
  const shardsOf = async (labels: Readonly<Record<string, string>>, receiver = "") =>
    (await api.firing({ labels, receiver })).map(({ labels: { shard = "" } }) => shard).toSorted();

  test.each<[string, Readonly<Record<string, string>>, string, readonly string[]]>([
    ["of a group, by its labels", { alertname: "Storm" }, "", [quoted, "a", "b", "c"].toSorted()],
    ["with quotes, backslashes and line breaks in a label", { shard: quoted }, "", [quoted]],
    ["that one receiver is told", {}, "other", ["e"]],
    ["whose receiver's name is meant literally", {}, "rearguar.", []],
    ["with a label that none has", { team: "shop" }, "", []],
  ])("are found %s", async (_what, labels, receiver, expected) => {
    expect(await shardsOf(labels, receiver)).toEqual(expected);
  });

  test("have a start, no end, and their summary", async () => {
    const [alert] = await api.firing({ labels: { shard: "a" }, receiver: "" });
    expect(alert).toMatchObject({ fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/), summary: "shard a" });
    expect(alert).not.toHaveProperty("endsAt");
    expect(Date.now() - (alert?.startsAt ?? 0)).toBeGreaterThan(59_000);
  });
});

test("a group that Alertmanager cuts to one alert is taken whole", async () => {
  if (!isReal) await postCut();
  await waitUntil("all four alerts of the group", async () => taken.size >= 4);
  expect([...taken.values()].toSorted()).toEqual([quoted, "a", "b", "c"].toSorted());
});

test.each<[string, Parameters<typeof startAlertList>[0], RegExp]>([
  ["is down", { answer: { status: 500 } }, /^127\.0\.0\.1:\d+ answered 500$/],
  ["hangs", { answer: { status: 200, manner: "hang" } }, /gave no answer within 200 ms$/],
  ["drips", { answer: { status: 200, manner: "drip" } }, /gave no answer within 200 ms$/],
  ["floods", { answer: { status: 200, manner: "flood" } }, /(its answer is too long|no answer within 200 ms)/],
  ["sends elsewhere", { answer: { status: 302, headers: { location: "http://169.254.169.254/" } } }, /cannot be asked: /],
  ["is something else", { answer: { status: 200, body: "<html>" } }, /gave an answer that is not Alertmanager's$/],
])("an Alertmanager that %s is a sentence, soon", async (_what, options, words) => {
  await using list = await startAlertList(options);
  const firing = createAlertmanagerApi({ url: list.url, timeoutMs: 200, authorization: async () => "Bearer s3cret" }).firing({
    labels: {},
    receiver: "",
  });
  const error: unknown = await firing.catch((thrown: unknown) => thrown);
  expect(String(error instanceof Error ? error.message : error)).toMatch(words);
  expect(String(error)).not.toContain("s3cret");
});

test.each(["one\ns3cret", "one\0s3cret"])("a file of credentials that holds %j is never repeated", async (token) => {
  await using list = await startAlertList();
  const firing = createAlertmanagerApi({ url: list.url, authorization: async () => `Bearer ${token}` }).firing({
    labels: {},
    receiver: "",
  });
  const error: unknown = await firing.catch((thrown: unknown) => thrown);
  expect(String(error)).toMatch(/cannot be asked: the file of its credentials does not hold one token or password alone$/);
});

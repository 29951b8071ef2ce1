import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAlertmanager } from "../../src/actions/tell/alertmanager.ts";
import { createGrafana } from "../../src/actions/tell/grafana.ts";
import { createPagerDuty } from "../../src/actions/tell/pagerduty.ts";
import { createSlack, createSlackHook } from "../../src/actions/tell/slack.ts";
import { createStatuspage } from "../../src/actions/tell/statuspage.ts";
import type { TargetError } from "../../src/actions/tell/target.ts";
import type { Target } from "../../src/actions/tell/target.ts";
import { createWebhook } from "../../src/actions/tell/webhook.ts";
import { makeTempDir } from "../servers/temp-dir.ts";
import { failureOf } from "../support/failure-of.ts";
import { jumpingClock } from "../support/jumping-clock.ts";
import { startReceiver } from "../unit/actions/receiver.ts";
import type { Answer } from "../unit/actions/receiver.ts";
import { message } from "../unit/actions/sample-message.ts";

const owned = new AsyncDisposableStack();
let folder: string;
beforeAll(async () => {
  folder = owned.use(await makeTempDir("faults")).path;
});
afterAll(() => owned.disposeAsync());

/** `secretFile` holds this, as a token, a key or the end of a URL. */
const secret = "0123456789abcdefS3CRET0123456789";
const clock = jumpingClock();

/** Every receiver there is, at this address. */
const receivers: Readonly<Record<string, (url: string, timeoutMs?: number) => Promise<Target>>> = {
  webhook: async (url, timeoutMs = 5000) => createWebhook({ name: "ops", url: `${url}/hooks/${secret}`, clock, timeoutMs }),
  "webhook-file": async (url, timeoutMs = 5000) =>
    createWebhook({ name: "ops", urlFile: await fileOf(`${url}/hooks/${secret}`), clock, timeoutMs }),
  slack: async (url, timeoutMs = 5000) =>
    createSlack({ name: "slack", apiUrl: url, tokenFile: await fileOf(secret), channel: "#rollouts", clock, timeoutMs }),
  "slack-hook": async (url, timeoutMs = 5000) =>
    createSlackHook({ name: "slack", webhookUrlFile: await fileOf(`${url}/services/${secret}`), clock, timeoutMs }),
  pagerduty: async (url, timeoutMs = 5000) =>
    createPagerDuty({ name: "pagerduty", url, routingKeyFile: await fileOf(secret), changes: true, clock, timeoutMs }),
  alertmanager: async (url, timeoutMs = 5000) =>
    createAlertmanager({ url, bearerTokenFile: await fileOf(secret), labels: {}, lastsMs: 1000, clock, timeoutMs }),
  grafana: async (url, timeoutMs = 5000) => createGrafana({ url, tokenFile: await fileOf(secret), clock, timeoutMs }),
  "grafana-k8s": async (url, timeoutMs = 5000) => createGrafana({ url, tokenFile: await fileOf(secret), api: "k8s", clock, timeoutMs }),
  statuspage: async (url, timeoutMs = 5000) => {
    const workloads = [{ namespace: "shop", name: "web", called: "The shop" }];
    return createStatuspage({
      url,
      pageId: "p4g3",
      keyFile: await fileOf(secret),
      publish: "quiet",
      everyMs: 900_000,
      numbers: false,
      workloads,
      clock,
      timeoutMs,
    });
  },
};

async function fileOf(content: string): Promise<string> {
  const file = join(folder, "secret");
  await writeFile(file, content);
  return file;
}

function targetOf(kind: string, url: string, timeoutMs?: number): Promise<Target> {
  const make = receivers[kind];
  if (make === undefined) throw new Error(`there is no receiver of kind ${kind}`);
  return make(url, timeoutMs);
}

async function refusalOf(target: Target): Promise<TargetError> {
  const error = await failureOf(target.send(message({ severity: "critical", kind: "withheld" })));
  expect(`${error.message} ${error.stack ?? ""} ${JSON.stringify(error)}`).not.toContain("S3CRET");
  return error;
}

describe.each(Object.keys(receivers))("a receiver of kind %s", (kind) => {
  const targetAt = (url: string, timeoutMs?: number) => targetOf(kind, url, timeoutMs);

  test.each<[string, Answer, RegExp, TargetError["facts"]]>([
    ["asks for patience (429)", { status: 429, headers: { "retry-after": "7" } }, /answered 429$/, { status: 429, retryAfterMs: 7000 }],
    ["is broken (503)", { status: 503, body: "<html>" }, /answered 503$/, { status: 503 }],
    ["never answers", { status: 200, manner: "hang" }, /cannot be reached \(no answer in time\)$/, {}],
    ["answers a byte at a time", { status: 200, manner: "drip" }, /cannot be reached \(no answer in time\)$/, {}],
    ["answers without end", { status: 200, manner: "flood" }, /cannot be reached \(its answer is too long\)$/, {}],
  ])("that %s is tried again later", async (_what, answer, sentence, facts) => {
    await using receiver = await startReceiver(() => answer);

    const isSilent = answer.manner === "hang" || answer.manner === "drip";
    const error = await refusalOf(await targetAt(receiver.url, isSilent ? 150 : undefined));

    expect([error.code, error.facts]).toEqual(["TARGET_UNREACHABLE", facts]);
    expect(error.message).toMatch(sentence);
  });

  test("that redirects is refused, and nobody else is told", async () => {
    await using elsewhere = await startReceiver(() => ({ status: 200, body: "ok" }));
    await using receiver = await startReceiver(() => ({ status: 307, headers: { location: elsewhere.url } }));

    const error = await refusalOf(await targetAt(receiver.url));

    expect(error.message).toMatch(/cannot be reached \(it redirects, which is refused\)$/);
    expect(elsewhere.received).toEqual([]);
  });

  test("that repeats our secret in its refusal does not bring it into a log line", async () => {
    await using receiver = await startReceiver(({ url, headers, body }) => ({
      status: 400,
      body: JSON.stringify({ status: "invalid", message: `${url.href} ${JSON.stringify(headers)}`, errors: [body, secret], error: secret }),
    }));

    const error = await refusalOf(await targetAt(receiver.url));

    expect([error.code, error.facts.tries]).toEqual(["TARGET_REFUSED", 1]);
  });

  test("that nobody listens at is tried again, without its address in the sentence", async () => {
    const error = await refusalOf(await targetAt("http://127.0.0.1:1"));

    expect(error.message).toMatch(/cannot be reached \([\w ]+\)$/);
  });
});

describe.each(["webhook-file", "slack", "slack-hook", "pagerduty", "alertmanager", "grafana", "statuspage"])(
  "the secret file of a receiver of kind %s",
  (kind) => {
    test.each([
      ["is empty", "\n", /: its (token|URL|key) file \/\S+ is empty$/],
      ["holds two lines", `${secret}\n${secret}\n`, /: its (token|URL|key) file \/\S+ does not hold a (token|URL|key) alone$/],
    ])("that %s is said so, without its content", async (_what, content, sentence) => {
      await using receiver = await startReceiver(() => ({ status: 200 }));
      const target = await targetOf(kind, receiver.url);
      await fileOf(content);

      expect((await refusalOf(target)).message).toMatch(sentence);
      expect(receiver.received).toEqual([]);
    });
  },
);

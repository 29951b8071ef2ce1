import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { TargetError } from "../../../src/actions/tell/target.ts";
import { createWebhook, signature } from "../../../src/actions/tell/webhook.ts";
import { webhookBody } from "../../../src/actions/tell/webhook-body.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { startReceiver } from "./receiver.ts";
import type { Answer } from "./receiver.ts";
import { message } from "./sample-message.ts";

const clock = createManualClock();
const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function secretFile(content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rearguard-webhook-"));
  folders.push(folder);
  const file = join(folder, "secret");
  await writeFile(file, content);
  return file;
}

async function failureOf(sending: Promise<unknown>): Promise<TargetError> {
  const error: unknown = await sending.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof TargetError)) throw new Error(`expected a TargetError, got ${String(error)}`);
  return error;
}

test("the signature is that of the Standard Webhooks specification's own example", () => {
  const secret = Buffer.from("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "base64");

  expect(signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", '{"test": 2432232314}')).toBe(
    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  );
});

test("a message arrives signed, with its id as the idempotency key", async () => {
  await using receiver = await startReceiver(() => ({ status: 204 }));
  const file = await secretFile("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\nwhsec_c2Vjb25k\n");

  await createWebhook({ name: "ops", url: receiver.url, secretFile: file, clock }).send(message());

  const [got] = receiver.received;
  const timestamp = String(Math.floor(clock.now() / 1000));
  expect(got?.headers).toMatchObject({ "webhook-id": "web-1a2b3c-4", "webhook-timestamp": timestamp, "content-type": "application/json" });
  const of = (secret: string) => signature(Buffer.from(secret, "base64"), "web-1a2b3c-4", timestamp, got?.body ?? "");
  expect(got?.headers["webhook-signature"]).toBe(`${of("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")} ${of("c2Vjb25k")}`);
  expect(JSON.parse(got?.body ?? "")).toEqual({
    type: "rearguard.rolled-back",
    timestamp: "2026-11-23T14:02:55.000Z",
    data: message(),
  });
});

test("a message without secret is sent unsigned", async () => {
  await using receiver = await startReceiver(() => ({ status: 200 }));

  await createWebhook({ name: "ops", url: receiver.url, clock }).send(message());

  expect(receiver.received[0]?.headers["webhook-signature"]).toBeUndefined();
});

test("a URL that is replaced in its file is used from the next message on", async () => {
  await using first = await startReceiver(() => ({ status: 200 }));
  await using second = await startReceiver(() => ({ status: 200 }));
  const file = await secretFile(`${first.url}/hooks/one\n`);
  const webhook = createWebhook({ name: "ops", urlFile: file, clock });

  await webhook.send(message());
  await writeFile(file, `${second.url}/hooks/two`);
  await webhook.send(message());

  expect([first, second].map(({ received }) => received.map(({ url }) => url.pathname))).toEqual([["/hooks/one"], ["/hooks/two"]]);
});

test("a URL file that holds no URL costs no start, and is said with its receiver, its key and its path", async () => {
  const file = await secretFile("hooks.example/T0PS3CRET");

  const error = await failureOf(createWebhook({ name: "ops", urlFile: file, clock }).send(message()));

  expect(error.message).toBe(`webhook ops (urlFile): its URL file ${file} does not hold an http:// or https:// URL`);
});

test.each<[string, Answer, string, TargetError["facts"]]>([
  ["410 closes the target", { status: 410 }, "webhook ops answered 410: it wants no more messages", { status: 410, closed: true }],
  ["400 gives the message up", { status: 400 }, "webhook ops answered 400", { status: 400, tries: 1 }],
  ["401 is tried again: credentials can be repaired", { status: 401 }, "webhook ops answered 401", { status: 401 }],
  ["503 is tried again", { status: 503 }, "webhook ops answered 503", { status: 503 }],
  [
    "Retry-After in seconds is honoured",
    { status: 429, headers: { "retry-after": "7" } },
    "webhook ops answered 429",
    { status: 429, retryAfterMs: 7000 },
  ],
  [
    "Retry-After as a date is honoured",
    { status: 503, headers: { "retry-after": "Mon, 23 Nov 2026 12:01:00 GMT" } },
    "webhook ops answered 503",
    { status: 503, retryAfterMs: 60_000 },
  ],
])("%s", async (_, answer, sentence, facts) => {
  await using receiver = await startReceiver(() => answer);

  const error = await failureOf(createWebhook({ name: "ops", url: receiver.url, clock }).send(message()));

  expect(error.message).toBe(sentence);
  expect(error.facts).toEqual(facts);
});

test("a redirect is refused: the message may not go to another host", async () => {
  await using elsewhere = await startReceiver(() => ({ status: 200 }));
  await using receiver = await startReceiver(() => ({ status: 307, headers: { location: elsewhere.url } }));

  const error = await failureOf(createWebhook({ name: "ops", url: receiver.url, clock }).send(message()));

  expect(error.message).toBe("webhook ops cannot be reached (it redirects, which is refused)");
  expect(elsewhere.received).toEqual([]);
});

test("no error carries the URL, which is a secret, nor the signing secret", async () => {
  const file = await secretFile("whsec_%%not-base64%%");
  const url = "http://127.0.0.1:1/hooks/T0PS3CRET";

  const unreachable = await failureOf(createWebhook({ name: "ops", url, clock }).send(message()));
  const badSecret = await failureOf(createWebhook({ name: "ops", url, secretFile: file, clock }).send(message()));
  const noSecret = await failureOf(createWebhook({ name: "ops", url, secretFile: `${file}-gone`, clock }).send(message()));

  expect(unreachable.message).toMatch(/^webhook ops cannot be reached \(.+\)$/);
  expect(badSecret.message).toBe(`webhook ops: its secret file ${file} does not hold a secret of the form whsec_<base64>`);
  expect(noSecret.message).toBe(`webhook ops: its secret file ${file}-gone cannot be read (ENOENT)`);
  expect(JSON.stringify([unreachable, badSecret, noSecret].map((error) => [error.message, error.stack, error.cause]))).not.toMatch(
    /T0PS3CRET|not-base64/,
  );
});

test("a body never reaches 20 KB, whatever a hundred crashing pods have to say", () => {
  const because = [
    {
      code: "pods",
      signal: "pods",
      trouble: "crash-loop",
      pods: Array(500).fill("web-7c9a2e-abcde"),
      of: 500,
      detail: "é".repeat(9000),
      forMs: 1,
    },
  ] as const;

  const body = webhookBody(message({ because, text: "é".repeat(30_000), title: "t".repeat(9000), next: "n".repeat(9000) }));

  expect(Buffer.byteLength(body)).toBeLessThan(20_000);
  expect(JSON.parse(body)).toMatchObject({ type: "rearguard.rolled-back", data: { id: "web-1a2b3c-4", because: [] } });
});

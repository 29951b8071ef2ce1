import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createGrafana } from "../../src/actions/tell/grafana.ts";
import { createOutbox } from "../../src/actions/tell/outbox.ts";
import { createWebhook } from "../../src/actions/tell/webhook.ts";
import { systemClock } from "../../src/clock.ts";
import { createSandbox } from "../../src/sandbox/sandbox.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { makeTempDir } from "../servers/temp-dir.ts";
import { message } from "../unit/actions/sample-message.ts";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const owned = new AsyncDisposableStack();
let sandbox: Sandbox;
let folder: string;

beforeAll(async () => {
  folder = owned.use(await makeTempDir("tell")).path;
  await writeFile(join(folder, "secret"), `${secret}\n`);
  await writeFile(join(folder, "token"), "glsa_test\n");
  sandbox = await createSandbox({
    seed: 1,
    now: systemClock.now(),
    scrapeIntervalMs: 1000,
    services: [],
    webhookSecret: secret,
    grafanaToken: "glsa_test",
  });
  owned.use(sandbox);
});

afterAll(() => owned.disposeAsync());

test("a story of four messages arrives signed at the webhook and as a region with points in Grafana", async () => {
  const { receiverUrl: url } = sandbox;
  const outbox = createOutbox({
    targets: [
      createWebhook({ name: "ops", url: `${url}/webhook`, secretFile: join(folder, "secret"), clock: systemClock }),
      createGrafana({ url, tokenFile: join(folder, "token"), clock: systemClock }),
    ],
    clock: systemClock,
    dropped: (target, { id }, why) => expect.fail(`${target} dropped ${id}: ${why}`),
    failed: (target, _, error) => expect.fail(`${target}: ${String(error)}`),
  });
  const { openedAt, at } = message();
  const story = [
    message({ id: "g-0", kind: "opened", at: openedAt, severity: "info" }),
    message({ id: "g-2", kind: "braked", at: at - 15_000 }),
    message({ id: "g-4" }),
    message({ id: "g-9", kind: "finished", at: at + 60_000, phase: "restored" }),
  ];

  for (const each of story) await outbox.tell(each);

  expect(sandbox.receiver.messages.map(({ id }) => id)).toEqual(["g-0", "g-2", "g-4", "g-9"]);
  expect(sandbox.receiver.messages[2]?.body).toMatchObject({ type: "rearguard.rolled-back", data: { id: "g-4" } });
  expect(sandbox.receiver.annotations().map(({ tags, time, timeEnd }) => [tags[3], time, timeEnd])).toEqual([
    ["guard", openedAt, at + 60_000],
    ["brake", at - 15_000, at - 15_000],
    ["rollback", at, at],
    ["verdict", at + 60_000, at + 60_000],
  ]);
});

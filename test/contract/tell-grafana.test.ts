import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createGrafana } from "../../src/actions/tell/grafana.ts";
import { createOutbox } from "../../src/actions/tell/outbox.ts";
import type { Target } from "../../src/actions/tell/target.ts";
import type { Message } from "../../src/entry.ts";
import { failureOf } from "../support/failure-of.ts";
import { jumpingClock } from "../support/jumping-clock.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { memories } from "../support/memories.ts";
import { startGrafanaK8s } from "../support/receivers/grafana-k8s.ts";
import { tempFile } from "../support/temp-file.ts";
import { startReceiver } from "../unit/actions/receiver.ts";
import type { Answer, Received } from "../unit/actions/receiver.ts";
import { message } from "../unit/actions/sample-message.ts";

const token = "glsa_t0kenS3CRET";
const clock = jumpingClock();
const owned = new AsyncDisposableStack();
let tokenFile: string;
beforeAll(async () => {
  tokenFile = await tempFile(owned, token);
});
afterAll(() => owned.disposeAsync());

const { at, openedAt } = message();
const opened = message({ id: "web-1a2b3c-0", kind: "opened", at: openedAt });
const braked = message({ id: "web-1a2b3c-2", kind: "braked", at: at - 5000 });
const withheld = message({ id: "web-1a2b3c-3", kind: "withheld", at: at - 2000 });
const rolledBack = message();
const finished = message({ id: "web-1a2b3c-9", kind: "finished", at: at + 60_000, phase: "restored" });
const story = [opened, braked, withheld, rolledBack, finished];
const told = [
  ["brake", braked.at, undefined],
  ["withheld", withheld.at, undefined],
  ["rollback", rolledBack.at, undefined],
  ["guard", openedAt, finished.at],
  ["verdict", finished.at, undefined],
];

async function tell(target: Target, memory: ReturnType<typeof memories>, messages: readonly Message[]): Promise<void> {
  for (const each of messages) await target.send(each, memory.of(each.guard));
}

describe.each(["sql", "postgres"] as const)("the new API over its %s store", (store) => {
  const make = (url: string, api: "k8s" | "auto" = "k8s") => createGrafana({ url, tokenFile, api, clock });

  test("shows an open guard as a point, an ended one as a region, and what was decided as points", async () => {
    await using grafana = await startGrafanaK8s({ store, token });
    const [target, memory] = [make(grafana.url), memories()];

    await tell(target, memory, [opened]);
    expect(grafana.annotations()).toEqual([["guard", openedAt, undefined]]);
    await tell(target, memory, story.slice(1));

    expect(grafana.annotations()).toEqual(told);
  });

  test("told again, as after a restart, nothing is doubled", async () => {
    await using grafana = await startGrafanaK8s({ store, token });
    const memory = memories();
    await tell(make(grafana.url), memory, story);

    await tell(make(grafana.url), memory, story);

    expect(grafana.annotations()).toEqual(told);
  });

  test("goes on where it was when Grafana was down in the middle of the end", async () => {
    let down = false;
    await using grafana = await startGrafanaK8s({
      store,
      token,
      answer: ({ body }) => (down && body.includes("verdict") ? { status: 503 } : undefined),
    });
    const [target, memory] = [make(grafana.url), memories()];
    await tell(target, memory, story.slice(0, 4));
    down = true;

    await failureOf(tell(target, memory, [finished]));
    down = false;
    await tell(target, memory, [finished]);

    expect(grafana.annotations()).toEqual(told);
  });

  test("without the right to delete, the point of the opening stays beside the region", async () => {
    await using grafana = await startGrafanaK8s({ store, token, mayDelete: false });

    await tell(make(grafana.url), memories(), story);

    expect(grafana.annotations()).toEqual([["guard", openedAt, undefined], ...told]);
  });

  test("is found by probing", async () => {
    await using grafana = await startGrafanaK8s({ store, token });

    await tell(make(grafana.url, "auto"), memories(), story);

    expect(grafana.annotations()).toEqual(told);
  });
});

describe("with `api: auto`", () => {
  const legacy = ({ method }: Received): Answer => ({ status: 200, body: method === "GET" ? "[]" : '{"id":1}' });
  const isProbe = ({ url }: Received) => url.pathname === "/grafana/apis/annotation.grafana.app";
  const make = (url: string) => createGrafana({ url: `${url}/grafana`, tokenFile, api: "auto", clock });

  test.each([404, 403])("a Grafana that answers the probe with %s is told by the legacy API, and asked once", async (status) => {
    await using grafana = await startReceiver((request) => (isProbe(request) ? { status } : legacy(request)));

    await tell(make(grafana.url), memories(), story);

    expect(grafana.received.filter(isProbe)).toHaveLength(1);
    expect(grafana.received.filter(({ method }) => method === "POST").map(({ url }) => url.pathname)).toEqual(
      Array(6).fill("/grafana/api/annotations"),
    );
  });

  test("a Grafana that is down is asked again later, and nothing is decided meanwhile", async () => {
    let up = false;
    await using grafana = await startReceiver((request) => (up ? (isProbe(request) ? { status: 404 } : legacy(request)) : { status: 502 }));
    const target = make(grafana.url);

    const error = await failureOf(target.send(opened));
    up = true;
    await target.send(opened);

    expect([error.code, error.facts]).toEqual(["TARGET_UNREACHABLE", { status: 502 }]);
    expect(grafana.received.filter(isProbe)).toHaveLength(2);
  });

  test("a Grafana whose API is gone after an upgrade is asked anew which one it has", async () => {
    await using grafana = await startReceiver((request) => (isProbe(request) ? { status: 404 } : { status: 404 }));
    const target = make(grafana.url);

    await failureOf(target.send(opened));
    await failureOf(target.send(opened));

    expect(grafana.received.filter(isProbe)).toHaveLength(2);
  });
});

test("a Grafana that was down for hours is told all of it in order, and delayed nobody", async () => {
  let up = false;
  const manual = createManualClock();
  await using grafana = await startGrafanaK8s({ store: "sql", token, answer: () => (up ? undefined : { status: 503 }) });
  const others: string[] = [];
  const outbox = createOutbox({
    targets: [
      createGrafana({ url: grafana.url, tokenFile, api: "k8s", clock: manual }),
      { name: "other", send: async ({ id }) => void others.push(id) },
    ],
    clock: manual,
    random: () => 1,
    dropped: (target, { id }, why) => expect.fail(`${target} dropped ${id}: ${why}`),
    failed: () => {},
  });
  for (const each of story) void outbox.tell(each);
  await manual.advanceUntil("hours pass", () => grafana.received.length > 20, 60_000);
  expect(others).toEqual(story.map(({ id }) => id));
  up = true;

  await manual.advanceUntil("all of it", () => outbox.depths()["grafana"] === 0, 60_000);

  expect(grafana.annotations()).toEqual(told);
});

test("an annotation that Grafana cannot store is given up after five tries, with its words", async () => {
  await using grafana = await startGrafanaK8s({
    store: "sql",
    token,
    answer: ({ method }) => (method === "POST" ? { status: 500, body: '{"message":"Failed to save annotation"}' } : undefined),
  });

  const error = await failureOf(createGrafana({ url: grafana.url, tokenFile, api: "k8s", clock }).send(opened));

  expect([error.message, error.facts.tries]).toEqual(["Grafana answered 500 (Failed to save annotation)", 5]);
});

import { afterAll, beforeAll, expect, test } from "vitest";
import { createStatuspage } from "../../src/actions/tell/statuspage.ts";
import type { Message } from "../../src/entry.ts";
import { failureOf } from "../support/failure-of.ts";
import { jumpingClock } from "../support/jumping-clock.ts";
import { memories } from "../support/memories.ts";
import { startStatuspage } from "../support/receivers/statuspage.ts";
import type { Incident } from "../support/receivers/statuspage.ts";
import { tempFile } from "../support/temp-file.ts";
import { message } from "../unit/actions/sample-message.ts";

const key = "0123-k3yS3CRET";
const owned = new AsyncDisposableStack();
let keyFile: string;
beforeAll(async () => {
  keyFile = await tempFile(owned, key);
});
afterAll(() => owned.disposeAsync());

const at = (seq: number, over: Partial<Message>) => message({ id: `web-1a2b3c-${seq}`, ...over });
const opened = at(0, { kind: "opened", severity: "info" });
const braked = at(2, { kind: "braked", severity: "warning" });
const held = at(3, { kind: "held" });
const rolledBack = at(4, {});
const failed = at(5, { kind: "failed" });
const unresolved = at(8, { kind: "finished", phase: "unresolved" });
const ended = (phase: Message["phase"]) => at(9, { kind: "finished", severity: phase === "inconclusive" ? "warning" : "info", phase });

async function setUp(over: Partial<Parameters<typeof createStatuspage>[0]> = {}) {
  const clock = jumpingClock();
  const page = await startStatuspage({ key, now: () => clock.now() });
  const memory = memories();
  const workloads = [{ namespace: "shop", name: "web", called: "the shop", component: "c0mp" }];
  const make = () => {
    // Whoever starts again does so later.
    void clock.sleep(5000);
    return createStatuspage({ url: page.url, pageId: "p4g3", keyFile, publish: "quiet", workloads, clock, ...over });
  };
  const target = make();
  const tell = async (...story: readonly Message[]) => {
    for (const each of story) await target.send(each, memory.of(each.guard));
  };
  return { ...page, clock, memory, make, tell };
}

function change(page: { readonly incidents: Incident[] }, over: Partial<Incident>): void {
  page.incidents.splice(0, page.incidents.length, ...page.incidents.map((each) => ({ ...each, ...over })));
}

test("a bad rollout that is taken back is one incident, followed until it is resolved", async () => {
  await using page = await setUp();

  await page.tell(opened, braked, rolledBack, ended("restored"));

  expect(page.incidents).toHaveLength(1);
  expect(page.incidents[0]).toMatchObject({
    name: "Problems with the shop",
    updates: [
      ["monitoring", "A change to the shop caused problems and was taken back. We are checking that it has recovered."],
      ["resolved", "The shop has recovered."],
    ],
  });
});

test("unless told otherwise nobody is notified and no component changes", async () => {
  await using page = await setUp();

  await page.tell(rolledBack, ended("restored"));

  expect(page.incidents[0]).toMatchObject({ notified: false, impact: "none", components: {} });
});

test("with `publish: full` subscribers are notified, and the component is degraded until it is over", async () => {
  await using page = await setUp({ publish: "full" });

  await page.tell(failed);
  expect(page.incidents[0]).toMatchObject({ notified: true, components: { c0mp: "degraded_performance" } });
  await page.tell(ended("superseded"));

  expect(page.incidents[0]).toMatchObject({ status: "resolved", components: { c0mp: "operational" } });
});

test("what no user feels, and what no user knows, is no incident", async () => {
  await using page = await setUp();

  await page.tell(opened, braked, ended("passed"));
  await page.tell(message({ ...rolledBack, workload: { ...message().workload, name: "internal" } }));

  expect(page.received).toEqual([]);
});

test("a guard that ends unresolved or inconclusive leaves its incident to people", async () => {
  await using page = await setUp();

  await page.tell(held, rolledBack, unresolved);
  await page.tell(message({ ...rolledBack, guard: "b", id: "b-1" }), message({ ...ended("inconclusive"), guard: "b", id: "b-2" }));

  expect(page.incidents.map(({ updates }) => updates.map(([status]) => status))).toEqual([
    ["investigating", "monitoring", "identified"],
    ["monitoring"],
  ]);
});

test("the same sentence is neither published nor sent to subscribers twice in a row", async () => {
  await using page = await setUp({ publish: "full" });

  await page.tell(held, failed, unresolved);

  const same = "There are problems with the shop. We are working on them.";
  expect(page.incidents.map(({ updates }) => updates)).toEqual([
    [
      ["investigating", same],
      ["identified", same],
    ],
  ]);
  const sent = page.received.filter(({ body }) => body !== "").map(({ body }) => JSON.parse(body) as { readonly incident: object });
  expect(sent.map(({ incident }) => incident)).toMatchObject([{ deliver_notifications: true }, { deliver_notifications: false }]);
});

test("a rollback that did not help is told to the public", async () => {
  await using page = await setUp({ publish: "full" });

  await page.tell(rolledBack, unresolved);

  expect(page.incidents[0]?.updates.at(-1)).toEqual(["identified", "There are problems with the shop. We are working on them."]);
});

test("the public reads no names, numbers or commands of ours", async () => {
  await using page = await setUp({ publish: "full" });

  await page.tell(held, failed, rolledBack, unresolved, ended("aborted"));

  const written = page.received.map(({ body }) => body).join();
  expect(written).not.toMatch(/web|prod-eu|errors|kubectl|revision|Deployment/);
});

test("after a restart the incident goes on, and nothing is said twice", async () => {
  await using page = await setUp();
  await page.tell(rolledBack);

  const again = page.make();
  for (const each of [rolledBack, ended("restored")]) await again.send(each, page.memory.of(each.guard));

  expect(page.incidents.map(({ updates }) => updates.length)).toEqual([2]);
});

test("an incident whose answer was lost is found again, not begun twice", async () => {
  await using page = await setUp();
  await page.tell(rolledBack);

  await page.make().send(rolledBack);

  expect(page.incidents).toHaveLength(1);
});

test.each([
  ["resolved", (page: { readonly incidents: Incident[] }) => change(page, { status: "resolved" })],
  ["deleted", (page: { readonly incidents: Incident[] }) => void page.incidents.splice(0)],
])("an incident that people have %s is theirs from then on", async (_how, deed) => {
  await using page = await setUp();
  await page.tell(rolledBack);
  deed(page);
  const before = structuredClone(page.incidents);

  await page.tell(failed, unresolved);

  expect(page.incidents).toEqual(before);
});

test.each([420, 429])("%s is tried again later", async (status) => {
  await using page = await startStatuspage({ key, now: () => 0, answer: () => ({ status, headers: { "retry-after": "60" } }) });
  const target = createStatuspage({
    url: page.url,
    pageId: "p4g3",
    keyFile,
    publish: "quiet",
    workloads: [{ namespace: "shop", name: "web", called: "the shop" }],
    clock: jumpingClock(),
  });

  const error = await failureOf(target.send(rolledBack));

  expect([error.code, error.facts]).toEqual(["TARGET_UNREACHABLE", { status, retryAfterMs: 60_000 }]);
});

test("a key that is refused is said in one sentence", async () => {
  await using page = await setUp({ keyFile: await tempFile(owned, "0ld-S3CRET") });

  const error = await failureOf(page.tell(rolledBack));

  expect([error.message, error.facts]).toEqual(["Statuspage answered 401 (Could not authenticate)", { status: 401, tries: 1 }]);
});

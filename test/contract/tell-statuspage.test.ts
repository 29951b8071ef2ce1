import { afterAll, beforeAll, describe, expect, test } from "vitest";
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
const every = 900_000;
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
    return createStatuspage({
      url: page.url,
      pageId: "p4g3",
      keyFile,
      publish: "quiet",
      everyMs: every,
      numbers: false,
      workloads,
      clock,
      ...over,
    });
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

test("that a person ends the guard is no news for the public, and no end of the trouble", async () => {
  await using page = await setUp();
  const by = { code: "ordered", by: "alice", reason: "I look at it myself" } as const;

  await page.tell(rolledBack, { ...ended("aborted"), because: [by] });

  expect(page.incidents[0]?.status).toBe("monitoring");
  expect(page.incidents[0]?.updates).toHaveLength(1);
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

describe("while trouble goes on", () => {
  const since = message().at;
  const ongoing = (minutes: number, over: Partial<NonNullable<Message["ongoing"]>> = {}) =>
    message({
      id: `web-1a2b3c-at-${minutes}`,
      kind: "ongoing",
      severity: "info",
      at: since + minutes * 60_000,
      ongoing: { since, awaits: [], lately: { bad: 42, total: 1000, overMs: 300_000 }, ...over },
    });
  /** Every minute for so long, as the beats do. */
  async function goOn(page: Awaited<ReturnType<typeof setUp>>, minutes: number, send = page.tell): Promise<void> {
    for (let minute = 1; minute <= minutes; minute += 1) {
      await page.clock.sleep(60_000);
      await send(ongoing(minute));
    }
  }

  test("its incident is updated every 15 minutes with since when, and not between", async () => {
    await using page = await setUp();
    await page.tell(failed);

    await goOn(page, 46);

    expect(page.incidents[0]?.updates).toEqual([
      ["identified", "There are problems with the shop. We are working on them."],
      ["identified", "There are still problems with the shop, since 14:02:55 UTC (15 min). We are working on them."],
      ["identified", "There are still problems with the shop, since 14:02:55 UTC (30 min). We are working on them."],
      ["identified", "There are still problems with the shop, since 14:02:55 UTC (45 min). We are working on them."],
    ]);
  });

  test("after a rollback it says so, and with `numbers` which share of the requests failed lately", async () => {
    await using page = await setUp({ numbers: true });
    await page.tell(rolledBack);

    await page.clock.sleep(every);
    await page.tell(ongoing(15, { rolledBackAt: since + 60_000 }));

    expect(page.incidents[0]?.updates.at(-1)).toEqual([
      "monitoring",
      "The change to the shop was taken back at 14:03:55 UTC. In the last 5 min 4.2 % of requests failed. We are still checking that it has recovered; there have been problems since 14:02:55 UTC (15 min).",
    ]);
  });

  test("news begins the 15 minutes anew, and so does what people say there", async () => {
    await using page = await setUp();
    await page.tell(held);
    await page.clock.sleep(every - 60_000);
    await page.tell(rolledBack);
    await page.clock.sleep(120_000);
    await page.tell(ongoing(16));
    expect(page.incidents[0]?.updates).toHaveLength(2);

    await page.clock.sleep(every - 180_000);
    change(page, { updated_at: new Date(page.clock.now()).toISOString() });
    await page.clock.sleep(120_000);
    await page.tell(ongoing(31));
    expect(page.incidents[0]?.updates, "people spoke two minutes ago").toHaveLength(2);
  });

  test("who starts again does not say at once what was just said, even if its own note of that was lost", async () => {
    await using page = await setUp();
    await page.tell(failed);
    const before = page.memory.of("web-1a2b3c").handle;
    await page.clock.sleep(every);
    await page.tell(ongoing(15));
    expect(page.incidents[0]?.updates).toHaveLength(2);

    const again = page.make();
    const stale = { handle: before, keep: () => {} };
    await again.send(ongoing(16), stale);
    expect(page.incidents[0]?.updates).toHaveLength(2);
  });

  test("without an incident, and of one that is theirs, nothing is said and nobody is asked", async () => {
    await using page = await setUp();
    await goOn(page, 20);
    expect(page.received).toEqual([]);

    await page.tell(failed);
    change(page, { status: "resolved" });
    await goOn(page, 40);
    expect(page.incidents[0]?.updates).toHaveLength(1);
    expect(page.received.filter(({ method }) => method === "GET")).toHaveLength(2);
  });

  test("an update that does not arrive is given up: the next one has newer numbers", async () => {
    let isDown = false;
    await using page = await startStatuspage({ key, now: () => clock.now(), answer: () => (isDown ? { status: 503 } : undefined) });
    const clock = jumpingClock();
    const memory = memories();
    const workloads = [{ namespace: "shop", name: "web", called: "the shop" }];
    const target = createStatuspage({
      url: page.url,
      pageId: "p4g3",
      keyFile,
      publish: "quiet",
      everyMs: every,
      numbers: false,
      workloads,
      clock,
    });
    await target.send(failed, memory.of("web-1a2b3c"));
    await clock.sleep(every);
    isDown = true;
    const error = await failureOf(target.send(ongoing(15), memory.of("web-1a2b3c")));
    expect(error.facts).toMatchObject({ status: 503, tries: 1 });
    isDown = false;
    await clock.sleep(60_000);
    await target.send(ongoing(16), memory.of("web-1a2b3c"));
    expect(page.incidents[0]?.updates.at(-1)?.[1]).toContain("(16 min)");
  });
});

test.each([420, 429])("%s is tried again later", async (status) => {
  await using page = await startStatuspage({ key, now: () => 0, answer: () => ({ status, headers: { "retry-after": "60" } }) });
  const target = createStatuspage({
    url: page.url,
    pageId: "p4g3",
    keyFile,
    publish: "quiet",
    everyMs: every,
    numbers: false,
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

import { afterAll, beforeAll, expect, test } from "vitest";
import { createAlertmanager } from "../../src/actions/tell/alertmanager.ts";
import { createOutbox } from "../../src/actions/tell/outbox.ts";
import type { Message } from "../../src/entry.ts";
import { failureOf } from "../support/failure-of.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { memories } from "../support/memories.ts";
import { startAlertmanager } from "../support/receivers/alertmanager.ts";
import { tempFile } from "../support/temp-file.ts";
import { message } from "../unit/actions/sample-message.ts";

const day = 86_400_000;
const began = message().openedAt;
const owned = new AsyncDisposableStack();
let tokenFile: string;
beforeAll(async () => {
  tokenFile = await tempFile(owned, "t0kenS3CRET");
});
afterAll(() => owned.disposeAsync());

const after = (s: number, over: Partial<Message>) => message({ id: `web-1a2b3c-${s}`, at: began + s * 1000, openedAt: began, ...over });
const opened = after(0, { kind: "opened", severity: "info" });
const braked = after(20, { kind: "braked", severity: "warning", title: "is braked" });
const released = after(50, { kind: "released", severity: "info" });
const rolledBack = after(60, { title: "rolled back" });
const withheld = after(45, { kind: "withheld", title: "rollback withheld" });
const unresolved = after(600, { kind: "finished", phase: "unresolved", title: "NOT resolved" });
const ended = (phase: Message["phase"]) => after(300, { kind: "finished", severity: "info", phase, title: phase });

async function setUp(over: Partial<Parameters<typeof createAlertmanager>[0]> = {}) {
  const clock = { at: began };
  const peer = await startAlertmanager({ now: () => clock.at });
  const memory = memories();
  const target = createAlertmanager({ url: peer.url, labels: {}, lastsMs: day, clock: { now: () => clock.at }, ...over });
  const tell = async (...story: readonly Message[]) => {
    for (const each of story) {
      clock.at = each.at + 200;
      await target.send(each, memory.of(each.guard));
    }
  };
  return { ...peer, clock, tell };
}

test("a guard without trouble is no alert", async () => {
  await using it = await setUp();

  await it.tell(opened, after(5, { kind: "noted", severity: "warning" }));

  expect(it.received).toEqual([]);
});

test("a guard in trouble is one alert, as severe as its last news, until it ends", async () => {
  await using it = await setUp();

  await it.tell(opened, braked);
  expect(it.firing()).toEqual([["warning", "is braked"]]);
  await it.tell(withheld);
  expect(it.firing()).toEqual([["critical", "rollback withheld"]]);
  await it.tell(rolledBack);
  expect(it.firing()).toEqual([["warning", "rolled back"]]);
  await it.tell(ended("restored"));
  expect(it.firing()).toEqual([]);
});

test.each(["passed", "restored", "superseded", "aborted", "inconclusive"] as const)(
  "a guard that ends %s ends its alert",
  async (phase) => {
    await using it = await setUp();

    await it.tell(braked, ended(phase));

    expect(it.firing()).toEqual([]);
  },
);

test("a brake that is released ends the alert", async () => {
  await using it = await setUp();

  await it.tell(braked, released);

  expect(it.firing()).toEqual([]);
});

test("a brake that is released ends no alert that a person has to deal with", async () => {
  await using it = await setUp();

  await it.tell(braked, withheld, after(50, { ...released, id: "web-1a2b3c-50", phase: "breached" }));
  expect(it.firing()).toEqual([["critical", "rollback withheld"]]);
  await it.tell(after(55, { ...released, id: "web-1a2b3c-55", phase: "observing" }));

  expect(it.firing()).toEqual([["critical", "rollback withheld"]]);
});

test("a release ends no warning either while the revision is to blame and was not taken back", async () => {
  await using it = await setUp();
  const byPolicy = after(45, { kind: "withheld", severity: "warning", phase: "breached", title: "only told" });

  await it.tell(braked, byPolicy, after(50, { kind: "released", severity: "info", phase: "breached" }));

  expect(it.firing()).toEqual([["warning", "only told"]]);
});

test("a brake after a rollback that was withheld does not end what a person has to deal with", async () => {
  await using it = await setUp();

  await it.tell(withheld, after(46, { kind: "braked", severity: "warning", phase: "breached", title: "is braked" }));
  expect(it.firing()).toEqual([
    ["critical", "rollback withheld"],
    ["warning", "is braked"],
  ]);
  await it.tell(ended("superseded"));

  expect(it.firing()).toEqual([]);
});

test("a guard that ends unresolved fires on for as long as the settings say, and no longer", async () => {
  await using it = await setUp();

  await it.tell(braked, unresolved);

  expect(it.firing(unresolved.at + day - 1)).toEqual([["critical", "NOT resolved"]]);
  expect(it.firing(unresolved.at + day)).toEqual([]);
});

test("an Alertmanager whose clock is 50 s behind still sees the end", async () => {
  await using it = await setUp();
  await it.tell(braked);
  const behind = ended("restored").at - 50_000;
  it.clock.at = behind;

  await createAlertmanager({ url: it.url, labels: {}, lastsMs: day, clock: { now: () => ended("restored").at } }).send(ended("restored"));

  expect(it.firing(behind)).toEqual([]);
});

test("told again after a restart, an alert that is over does not fire again", async () => {
  await using it = await setUp();
  await it.tell(braked, ended("restored"));
  const posts = it.received.length;

  await it.tell(braked, ended("restored"));

  expect(it.received).toHaveLength(posts);
});

test("the labels are those of the guard with the settings' own, and never the other way round", async () => {
  await using it = await setUp({ labels: { team: "shop", severity: "none" } });

  await it.tell(braked, withheld);

  const own = {
    alertname: "RearguardGuard",
    cluster: "prod-eu",
    namespace: "shop",
    kind: "Deployment",
    workload: "web",
    guard: "web-1a2b3c",
  };
  expect(it.labels()).toEqual(["warning", "critical"].map((severity) => ({ ...own, team: "shop", severity })));
});

test("every peer is told, and one that is down does not keep the alert from the others", async () => {
  await using up = await setUp();
  const clock = createManualClock(braked.at);
  const dead = createAlertmanager({ url: "http://127.0.0.1:9", labels: {}, lastsMs: day, clock });
  const alive = createAlertmanager({ url: up.url, labels: {}, lastsMs: day, clock });
  const outbox = createOutbox({ targets: [dead, alive], clock, random: () => 1, dropped: () => {}, failed: () => {} });

  void outbox.tell(braked);
  await clock.advanceUntil("the peer that is up", () => up.received.length > 0);

  expect(outbox.depths()[dead.name]).toBe(1);
  expect(up.firing(braked.at)).toEqual([["warning", "is braked"]]);
});

test("a peer behind a proxy is told with its token", async () => {
  await using peer = await startAlertmanager({ now: () => braked.at, token: "t0kenS3CRET" });
  const target = createAlertmanager({
    url: peer.url,
    bearerTokenFile: tokenFile,
    labels: {},
    lastsMs: day,
    clock: { now: () => braked.at },
  });

  await target.send(braked);

  expect(peer.firing(braked.at)).toHaveLength(1);
});

test("a refusal is said with the peer's own words", async () => {
  await using peer = await startAlertmanager({
    now: () => braked.at,
    answer: () => ({ status: 400, body: '"invalid label set: invalid name \\"bad-label\\""' }),
  });

  const error = await failureOf(
    createAlertmanager({ url: peer.url, labels: {}, lastsMs: day, clock: { now: () => braked.at } }).send(braked),
  );

  expect(error.message).toMatch(/^alertmanager\/127\.0\.0\.1:\d+\/am answered 400 \(invalid label set: invalid name "bad-label"\)$/);
  expect(error.facts).toEqual({ status: 400, tries: 1 });
});

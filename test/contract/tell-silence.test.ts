import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { bodyOf, createSilence } from "../../src/actions/tell/silence.ts";
import { systemClock } from "../../src/clock.ts";
import type { Message } from "../../src/entry.ts";
import { reserveAlertmanagers } from "../servers/alertmanager.ts";
import { waitUntil } from "../servers/wait-until.ts";
import { failureOf } from "../support/failure-of.ts";
import { memories } from "../support/memories.ts";
import { type Silences, startAlertmanager } from "../support/receivers/alertmanager.ts";
import { message } from "../unit/actions/sample-message.ts";

const minute = 60_000;
const shown = z.object({
  id: z.string(),
  comment: z.string(),
  createdBy: z.string(),
  startsAt: z.string(),
  endsAt: z.string(),
  matchers: z.array(z.object({ name: z.string(), value: z.string(), isRegex: z.boolean(), isEqual: z.boolean() })),
  status: z.object({ state: z.string() }),
});
type Shown = z.output<typeof shown>;

/** Two peers of a cluster: strict stubs, or the real ones. The clock of the stubs is ours to move. */
interface Pair {
  readonly urls: readonly string[];
  readonly now: () => number;
  readonly pass: (ms: number) => void;
}

const owned = new AsyncDisposableStack();
const isReal = process.env["REARGUARD_SERVERS"] === "real";
let pair: Pair;

beforeAll(async () => {
  let offset = 0;
  const now = () => systemClock.now() + offset;
  const pass = (ms: number) => {
    offset += ms;
  };
  if (isReal) {
    const reserved = await reserveAlertmanagers();
    const { targets } = owned.use(await reserved.start({ route: { receiver: "none" }, receivers: [{ name: "none" }] }));
    pair = { urls: targets.map((target) => `http://${target}`), now, pass };
    return;
  }
  const silences: Silences = new Map();
  const stubs = await Promise.all([0, 1].map(() => startAlertmanager({ now, silences })));
  for (const stub of stubs) owned.use(stub);
  pair = { urls: stubs.map(({ url }) => url), now, pass };
});
afterAll(() => owned.disposeAsync());

let guards = 0;
/** The silence of a guard of its own, at a workload of its own. */
function setUp(over: Partial<Parameters<typeof createSilence>[0]> = {}) {
  guards += 1;
  const name = `web-${guards}`;
  const workload = { ...message().workload, name };
  const of = (more: Partial<Message>) =>
    message({ guard: `${name}-guard`, id: `${name}-guard-${pair.now()}`, workload, at: pair.now(), severity: "info", ...more });
  const ongoing = (phase: Message["phase"] = "verifying") => of({ kind: "ongoing", phase });
  const finished = (phase: Message["phase"] = "restored") => of({ kind: "finished", phase });
  const memory = memories();
  const make = () =>
    createSilence({
      urls: pair.urls,
      silence: { namespace: "namespace", workload: "deployment", lastsMs: 15 * minute },
      clock: { now: pair.now },
      ...over,
    });
  const target = make();
  return {
    make,
    ongoing,
    finished,
    memory,
    tell: (each: Message) => target.send(each, memory.of(each.guard)),
    all: async (url = pair.urls[0]) => silencesAt(url ?? "", name),
    guard: `${name}-guard`,
    name,
  };
}

async function silencesAt(url: string, name: string): Promise<readonly Shown[]> {
  const answer = await fetch(`${url}/api/v2/silences`);
  const all = z.array(shown).parse(await answer.json());
  return all.filter(({ matchers }) => matchers.some(({ value }) => value === name));
}

const states = (all: readonly Shown[]) => all.map(({ status }) => status.state).toSorted();

test("a guard that acts silences the alerts that name its workload, at every peer, until it ends", async () => {
  const it = setUp();
  await it.tell(it.ongoing("acting"));

  const [silence] = await it.all();
  expect(silence?.matchers.toSorted((one, other) => one.name.localeCompare(other.name))).toEqual([
    { name: "alertname", value: "RearguardGuard", isRegex: false, isEqual: false },
    { name: "deployment", value: it.name, isRegex: false, isEqual: true },
    { name: "namespace", value: "shop", isRegex: false, isEqual: true },
  ]);
  expect(silence).toMatchObject({ createdBy: "rearguard", status: { state: "active" } });
  expect(silence?.comment).toContain(`Rearguard acts on shop/${it.name} (guard ${it.guard} of cluster prod-eu)`);
  expect(Date.parse(silence?.endsAt ?? "") - pair.now()).toBeLessThanOrEqual(15 * minute);
  await waitUntil("gossip", async () => (await it.all(pair.urls[1])).length === 1);

  await it.tell(it.finished());
  expect(states(await it.all())).toEqual(["expired"]);
});

test("an alert for which it acts is not silenced: its end shows that it helped, and would not be told", async () => {
  const it = setUp();
  await it.tell({ ...it.ongoing(), ongoing: { since: pair.now(), awaits: ["HighErrorRate"] } });

  const [silence] = await it.all();
  expect(silence?.status.state).toBe("active");
  expect(
    silence?.matchers.filter(({ name }) => name === "alertname").toSorted((one, other) => one.value.localeCompare(other.value)),
  ).toEqual([
    { name: "alertname", value: "HighErrorRate", isRegex: false, isEqual: false },
    { name: "alertname", value: "RearguardGuard", isRegex: false, isEqual: false },
  ]);
  await it.tell(it.finished());
});

test("where more is awaited than a silence can leave out, nothing is silenced", async () => {
  const it = setUp();
  const awaits = Array.from({ length: 51 }, (_, at) => `Alert${at}`);
  await it.tell({ ...it.ongoing(), ongoing: { since: pair.now(), awaits } });
  expect(await it.all()).toEqual([]);

  await it.tell({ ...it.ongoing(), ongoing: { since: pair.now(), awaits: awaits.slice(1) } });
  const [silence] = await it.all();
  expect(silence?.matchers.filter(({ isEqual }) => !isEqual)).toHaveLength(51);
  await it.tell(it.finished());
});

test("while it goes on the same silence is kept up, and asked about no more often than needed", async () => {
  const it = setUp();
  await it.tell(it.ongoing());
  const [before] = await it.all();
  await it.tell(it.ongoing());
  expect(await it.all()).toEqual([before]);

  pair.pass(10 * minute);
  await it.tell(it.ongoing());
  const after = await it.all();
  expect(after.map(({ id }) => id)).toEqual([before?.id]);
  expect(Date.parse(after[0]?.endsAt ?? "")).toBeGreaterThan(Date.parse(before?.endsAt ?? ""));
  await it.tell(it.finished());
  expect(states(await it.all())).toEqual(["expired"]);
});

test("who starts again goes on with it, even where its answer was lost", async () => {
  const it = setUp();
  await it.tell(it.ongoing());

  await it.make().send(it.ongoing());

  expect(await it.all()).toHaveLength(1);
});

test("one that somebody has ended is not made again", async () => {
  const it = setUp();
  await it.tell(it.ongoing());
  const [silence] = await it.all();
  await fetch(`${pair.urls[0]}/api/v2/silence/${silence?.id}`, { method: "DELETE" });

  pair.pass(10 * minute);
  await it.tell(it.ongoing());

  expect(states(await it.all())).toEqual(["expired"]);
  await it.tell(it.finished());
});

test("without an action there is none: not while it only watches, brakes or is withheld, nor for news, nor at the end", async () => {
  const it = setUp();
  for (const phase of ["observing", "breached"] as const) await it.tell(it.ongoing(phase));
  await it.tell({ ...it.ongoing(), kind: "rolled-back" });
  await it.tell(it.finished("unresolved"));

  expect(await it.all()).toEqual([]);
});

test("what it was told long ago, while it could not be reached, silences nothing", async () => {
  const it = setUp();
  const before = it.ongoing();
  pair.pass(8 * minute);
  await it.tell(before);
  expect(await it.all()).toEqual([]);
});

test("a peer that is down does not keep the other from it", async () => {
  const it = setUp({ urls: ["http://127.0.0.1:9", pair.urls[1] ?? ""] });
  await it.tell(it.ongoing());
  expect(states(await it.all(pair.urls[1]))).toEqual(["active"]);
  await it.tell(it.finished());
  expect(states(await it.all(pair.urls[1]))).toEqual(["expired"]);
});

test("when nobody takes it, it is given up: the next one has a newer end; and an end that came by itself needs nobody", async () => {
  const it = setUp({ urls: ["http://127.0.0.1:9"] });
  expect((await failureOf(it.tell(it.ongoing()))).facts).toEqual({ tries: 1 });
  await it.tell(it.finished());

  const other = setUp();
  await other.tell(other.ongoing());
  pair.pass(16 * minute);
  const dead = other.make();
  await dead.send(other.finished(), other.memory.of(other.guard));
  expect(JSON.parse(other.memory.kept.get(other.guard) ?? "{}")).toMatchObject({ over: true });
});

describe("what is silenced", () => {
  const name = fc.stringMatching(/^[a-z]{1,12}$/);

  test("always names the namespace and the workload by equality, and never our own alert, whatever the labels", () => {
    fc.assert(
      fc.property(name, name, fc.dictionary(name, name), (namespace, workload, labels) => {
        fc.pre(namespace !== workload && namespace !== "alertname" && workload !== "alertname");
        const { matchers } = bodyOf(message(), { namespace, workload, labels, lastsMs: minute });
        expect(matchers).toContainEqual({ name: namespace, value: "shop", isRegex: false, isEqual: true });
        expect(matchers).toContainEqual({ name: workload, value: "web", isRegex: false, isEqual: true });
        expect(matchers).toContainEqual({ name: "alertname", value: "RearguardGuard", isRegex: false, isEqual: false });
        expect(matchers.every(({ isRegex, value }) => !isRegex && value !== "")).toBe(true);
      }),
    );
  });
});

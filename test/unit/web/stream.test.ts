import type { ServerResponse } from "node:http";
import { Writable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { EntryBody } from "../../../src/entry.ts";
import type { GuardRecord } from "../../../src/guards/guard.ts";
import { openRun } from "../../../src/guards/run.ts";
import { createStreams } from "../../../src/web/api/stream.ts";
import { createWeb } from "../../../src/web/server.ts";
import { recordOf, START } from "../guards/a-guard.ts";
import { pace } from "../pipeline/a-flow.ts";
import { quiet, tokens } from "./a-web.ts";

const held: EntryBody = { kind: "held", because: [] };

/** A served API whose guards and clock a test moves. */
async function serving() {
  const records = new Map<string, GuardRecord>();
  let now = START;
  const shown = { now: () => now, open: () => [...records.values()].map((record) => openRun(record, pace)), ended: () => [] };
  const streams = createStreams({ ...shown, epoch: "e" });
  const app = await createWeb({ ...quiet, ...shown, streams, identify: tokens(["t", "page", "read"]) });
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  const write = (name: string, ...bodies: readonly EntryBody[]) => records.set(name, { ...recordOf(bodies), name });
  return {
    url,
    streams,
    write,
    remove: (name: string) => records.delete(name),
    pass: (ms: number) => (now += ms),
    look: () => streams.look(),
    close: () => app.close(),
    [Symbol.asyncDispose]: () => app.close(),
  };
}

type Serving = Awaited<ReturnType<typeof serving>>;

/** A reader of a stream: what has come, as [event, id, data]. */
async function read({ url }: Serving, path = "/api/v1/guards/stream", lastEventId?: string) {
  const enough = new AbortController();
  const headers = { authorization: "Bearer t", ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }) };
  const answer = await fetch(`${url}${path}`, { headers, signal: enough.signal });
  let text = "";
  let isOver = false;
  const reading = (async () => {
    for await (const chunk of answer.body ?? []) text += Buffer.from(chunk as Uint8Array).toString("utf8");
  })()
    .catch(() => undefined)
    .finally(() => (isOver = true));
  const events = () =>
    [...text.matchAll(/id: (.*)\nevent: (.*)\ndata: (.*)\n\n/g)].map(([, id = "", event = "", data = "{}"]) => ({
      id,
      event,
      data: JSON.parse(data) as Readonly<Record<string, unknown>>,
    }));
  return {
    status: answer.status,
    type: answer.headers.get("content-type"),
    text: () => text,
    isOver: () => isOver,
    events,
    kinds: () => events().map(({ event }) => event),
    reading,
    stop: () => enough.abort(),
  };
}

const soon = async (what: () => unknown, wanted: unknown) => expect.poll(what, { interval: 5 }).toEqual(wanted);

describe("the stream of guards", () => {
  it("begins with all that there is, and then tells each line of a record and each change of a guard's line, once", async () => {
    await using web = await serving();
    web.write("a");
    const reader = await read(web);
    await soon(reader.kinds, ["snapshot"]);
    expect(reader.events()[0]?.data).toMatchObject({ guards: [{ name: "a", phase: "observing" }] });

    web.pass(1_000);
    web.write("a", held, held);
    web.look();
    web.look();
    await soon(reader.kinds, ["snapshot", "entry", "entry", "guard"]);
    expect(
      reader
        .events()
        .slice(1)
        .map(({ data }) => data),
    ).toMatchObject([
      { guard: "a", namespace: "shop", workload: "deployment/web", entry: { seq: 1, kind: "held" } },
      { guard: "a", entry: { seq: 2 } },
      { name: "a", message: "watching for longer" },
    ]);
    reader.stop();
  });

  it("tells of a guard that is new with all its lines, and of one that is gone", async () => {
    await using web = await serving();
    const reader = await read(web);
    web.write("new", held);
    web.look();
    web.remove("new");
    web.look();
    await soon(reader.kinds, ["snapshot", "entry", "entry", "guard", "gone"]);
    reader.stop();
  });

  it("goes on after the last event that a reader had, and begins anew where that is not known", async () => {
    await using web = await serving();
    web.write("a");
    const first = await read(web);
    web.write("a", held);
    web.look();
    await soon(() => first.events().length, 3);
    const last = first.events().at(-1)?.id;
    first.stop();
    web.write("a", held, held);
    web.look();

    const again = await read(web, undefined, last);
    await soon(again.kinds, ["entry"]);
    expect(again.events()[0]?.data).toMatchObject({ entry: { seq: 2 } });
    const stranger = await read(web, undefined, "another-process-17");
    await soon(stranger.kinds, ["snapshot"]);
    const upToDate = await read(web, undefined, again.events().at(-1)?.id);
    web.look();
    await soon(upToDate.text, "retry: 3000\n\n");
    for (const reader of [again, stranger, upToDate]) reader.stop();
  });

  it("of one guard tells of no other, and there is none of a guard that is not there", async () => {
    await using web = await serving();
    web.write("a");
    web.write("b");
    const reader = await read(web, "/api/v1/guards/a/stream");
    await soon(reader.kinds, ["snapshot"]);
    expect(reader.events()[0]?.data["guards"]).toHaveLength(1);
    web.write("b", held);
    web.write("a", held);
    web.look();
    await soon(reader.kinds, ["snapshot", "entry", "guard"]);
    expect(reader.text()).not.toContain('"b"');
    expect((await read(web, "/api/v1/guards/c/stream")).status).toBe(404);
    reader.stop();
  });

  it("says every 15 s of silence that it is still there", async () => {
    await using web = await serving();
    const reader = await read(web);
    await soon(reader.kinds, ["snapshot"]);
    for (let second = 0; second < 31; second += 1) {
      web.pass(1_000);
      web.look();
    }
    await soon(() => reader.text().match(/^:$/gm)?.length, 2);
    reader.stop();
  });

  it("ends when the server stops, and holds it up for nothing", async () => {
    const web = await serving();
    const reader = await read(web);
    await soon(reader.kinds, ["snapshot"]);
    await web.close();
    await reader.reading;
    expect(reader.isOver()).toBe(true);
  });

  describe("a reader who takes nothing", () => {
    it("is cut off once it is too far behind, while the others are told all", async () => {
      await using web = await serving();
      const stuck = deaf();
      web.streams.open(stuck, undefined, undefined);
      const good = await read(web);
      const long: EntryBody = { kind: "held", because: [{ code: "limitation", detail: "x".repeat(20_000) }] };
      let most = 0;
      for (let round = 0; round < 40; round += 1) {
        web.write(`g-${round}`, long);
        web.look();
        most = Math.max(most, stuck.writableLength);
        // A beat goes by between two looks.
        await setTimeout(5);
      }
      expect(stuck.destroyed).toBe(true);
      expect(most).toBeGreaterThan(100_000);
      expect(most).toBeLessThan(300_000);
      await soon(() => good.kinds().filter((kind) => kind === "guard").length, 40);
      good.stop();
    });

    it("is cut off after 30 s, and no reader of an idle stream is", async () => {
      await using web = await serving();
      const stuck = deaf();
      web.streams.open(stuck, undefined, undefined);
      const good = await read(web);
      for (let second = 0; second < 32; second += 1) {
        web.pass(1_000);
        web.look();
        await setTimeout(1);
      }
      expect([stuck.destroyed, good.isOver()]).toEqual([true, false]);
      good.stop();
    });
  });

  it("has a hundred readers at most", async () => {
    await using web = await serving();
    for (let opened = 0; opened < 100; opened += 1) expect(web.streams.open(deaf(), undefined, undefined)).toBe(true);
    const answer = await fetch(`${web.url}/api/v1/guards/stream`, { headers: { authorization: "Bearer t" } });
    expect([answer.status, await answer.json()]).toEqual([503, { error: "100 streams are open already", hint: "ask again later" }]);
  });
});

/** What is written to it stays unread. */
function deaf(): ServerResponse {
  const socket = new Writable({ highWaterMark: 1, write: () => {} });
  return Object.assign(socket, { writeHead: () => socket }) as unknown as ServerResponse;
}

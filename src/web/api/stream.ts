import type { FastifyReply, FastifyRequest } from "fastify";
import type { ServerResponse } from "node:http";
import type { Ms } from "../../model.ts";
import { createFeed, type FeedEdges, type FeedEvent } from "./feed.ts";
import { allGuards, type Guards, noGuard } from "./guards.ts";
import type { Api } from "./route.ts";
import { failure, namePath } from "./schemas.ts";

/** Readers of what changes, as server-sent events. */
export interface Streams {
  /** False when there are as many readers as may be. */
  open(to: ServerResponse, guard: string | undefined, lastEventId: string | undefined): boolean;
  /** Sends what is new to whom it concerns; called once a beat. */
  look(): void;
  /** Ends every stream. */
  close(): void;
}

const MOST_READERS = 100;
const HEARTBEAT_MS: Ms = 15_000;
/** A reader who takes nothing for so long, or is so far behind, is cut off: it comes back and is given all anew. */
const SLOWEST_MS: Ms = 30_000;
const MOST_BEHIND = 256_000;
/** So long after the last reader left, one that comes back is given only what it missed. */
const KEPT_MS: Ms = 300_000;

interface Reader {
  readonly to: ServerResponse;
  readonly guard: string | undefined;
  wroteAt: Ms;
  /** Since when the reader takes nothing, and how much of what came since waits for it. */
  stuckSince: Ms | undefined;
  behind: number;
}

export function createStreams(edges: FeedEdges & { readonly epoch: string }): Streams {
  const feed = createFeed(edges, edges.epoch);
  const readers = new Set<Reader>();
  let heardAt = -Infinity;

  function send(reader: Reader, text: string): void {
    const { to } = reader;
    reader.wroteAt = edges.now();
    if (reader.stuckSince !== undefined) reader.behind += text.length;
    if (reader.behind > MOST_BEHIND) return cut(reader);
    if (to.write(text) || reader.stuckSince !== undefined) return;
    reader.stuckSince = edges.now();
    to.once("drain", () => {
      reader.stuckSince = undefined;
      reader.behind = 0;
    });
  }

  function cut(reader: Reader): void {
    readers.delete(reader);
    reader.to.destroy();
  }

  const concerns = (reader: Pick<Reader, "guard">, event: FeedEvent) => reader.guard === undefined || event.guard === reader.guard;

  return {
    open(to, guard, lastEventId) {
      if (readers.size >= MOST_READERS) return false;
      const reader: Reader = { to, guard, wroteAt: edges.now(), stuckSince: undefined, behind: 0 };
      to.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" });
      // What the others are sent with the next look must not be in the snapshot under an older id.
      heardAt = edges.now();
      this.look();
      const missed = lastEventId === undefined ? undefined : feed.since(lastEventId);
      const text = missed?.filter((event) => concerns(reader, event)).map((event) => event.text) ?? [feed.snapshot(guard)];
      readers.add(reader);
      to.on("close", () => readers.delete(reader));
      to.on("error", () => cut(reader));
      send(reader, `retry: 3000\n\n${text.join("")}`);
      return true;
    },
    look() {
      const now = edges.now();
      if (readers.size > 0) heardAt = now;
      if (now - heardAt > KEPT_MS) return feed.forget();
      const fresh = feed.look(readers.size > 0);
      for (const reader of readers) {
        const text = fresh.filter((event) => concerns(reader, event)).map((event) => event.text);
        if (text.length > 0) send(reader, text.join(""));
        else if (now - reader.wroteAt >= HEARTBEAT_MS) send(reader, ":\n\n");
        if (reader.stuckSince !== undefined && now - reader.stuckSince > SLOWEST_MS) cut(reader);
      }
    },
    close() {
      for (const { to } of readers) to.end();
      readers.clear();
    },
  };
}

export function serveStreams(api: Api, edges: Guards & { readonly streams: Streams }): void {
  const { streams } = edges;
  api.addHook("preClose", async () => streams.close());
  const begin = (request: FastifyRequest, reply: FastifyReply, guard?: string) => {
    const last = request.headers["last-event-id"];
    reply.hijack();
    if (streams.open(reply.raw, guard, typeof last === "string" ? last : undefined)) return;
    reply.raw.writeHead(503, { "content-type": "application/json", "retry-after": "10" });
    reply.raw.end(JSON.stringify({ error: `${MOST_READERS} streams are open already`, hint: "ask again later" }));
  };
  api.get(
    "/api/v1/guards/stream",
    {
      exposeHeadRoute: false,
      config: {
        role: "read",
        id: "streamGuards",
        produces: "text/event-stream",
        summary:
          "Every change of every guard: a snapshot, then events snapshot, entry, guard and gone; Last-Event-ID goes on where it ended",
      },
    },
    (request, reply) => begin(request, reply),
  );
  api.get(
    "/api/v1/guards/:name/stream",
    {
      exposeHeadRoute: false,
      schema: { params: namePath, response: { 404: failure } },
      config: { role: "read", id: "streamGuard", produces: "text/event-stream", summary: "The same of one guard" },
    },
    async (request, reply) => {
      const { name } = request.params;
      if (!allGuards(edges).some(({ record }) => record.name === name)) return reply.code(404).send(noGuard(name));
      begin(request, reply, name);
      return reply;
    },
  );
}

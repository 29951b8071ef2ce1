import bearerAuth from "@fastify/bearer-auth";
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from "fastify";
import type { GuardRecord } from "../guards/guard.ts";
import type { GuardRun } from "../guards/run.ts";
import type { Ms } from "../model.ts";
import { type AlertEdges, serveAlerts } from "./alerts.ts";
import { lineOf, wholeOf } from "./guard-view.ts";

/** What the pages and probes are made from. */
export interface WebEdges extends AlertEdges {
  now(): Ms;
  open(): readonly GuardRun[];
  ended(): readonly GuardRecord[];
  /** Why this process is not ready; empty when it is. */
  notReady(): readonly string[];
  metrics(): Promise<{ readonly contentType: string; readonly body: string }>;
  readonly log: FastifyBaseLogger;
  /** Bearer token that the API asks for; without one the API answers this machine alone. */
  readonly token: string | undefined;
  /** Answers https:// with it; http:// without. */
  readonly certificate?: ListenerCertificate;
}

/** In PEM. */
export interface ListenerCertificate {
  readonly cert: string;
  readonly key: string;
  /** Of whose client certificates are believed. Nobody has to show one: probes have none. */
  readonly ca?: string;
}

/** A body that drips in must not hold its place for ever. */
const REQUEST_WITHIN_MS = 30_000;

/** What this process knows, over HTTP, and where alerts come in. Probes and metrics ask for no token: kubelet and Prometheus have none. */
export async function createWeb(edges: WebEdges): Promise<FastifyInstance> {
  const { certificate } = edges;
  const app = fastify({
    loggerInstance: edges.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 1_000_000,
    forceCloseConnections: "idle",
    requestTimeout: REQUEST_WITHIN_MS,
    ...(certificate === undefined
      ? {}
      : { https: { ...certificate, requestCert: certificate.ca !== undefined, rejectUnauthorized: false } }),
  });
  app.get("/healthz", () => ({ status: "ok" }));
  app.get("/readyz", async (_request, reply) => {
    const because = edges.notReady();
    return because.length > 0 ? reply.code(503).send({ status: "not ready", because }) : { status: "ready" };
  });
  app.get("/metrics", async (_request, reply) => {
    const { contentType, body } = await edges.metrics();
    return reply.header("content-type", contentType).send(body);
  });
  await app.register(async (api) => {
    if (edges.token !== undefined) await api.register(bearerAuth, { keys: new Set([edges.token]) });
    else api.addHook("onRequest", async (request, reply) => (isLoopback(request.ip) ? undefined : reply.code(403).send(closed)));
    api.get("/api/v1/guards", () => ({ guards: all().map(({ record, run }) => lineOf(record, run, edges.now())) }));
    api.get<{ Params: { name: string } }>("/api/v1/guards/:name", async (request, reply) => {
      const found = all().find(({ record }) => record.name === request.params.name);
      if (found !== undefined) return wholeOf(found.record, found.run, edges.now());
      return reply.code(404).send({ error: `there is no guard ${request.params.name}`, hint: "GET /api/v1/guards lists them" });
    });
  });
  await serveAlerts(app, edges);
  return app;

  function all(): readonly { readonly record: GuardRecord; readonly run: GuardRun | undefined }[] {
    const guards = [
      ...edges.open().map((run) => ({ record: run.record, run })),
      ...edges.ended().map((record) => ({ record, run: undefined })),
    ];
    return guards.toSorted((one, other) => other.record.openedAt - one.record.openedAt);
  }
}

const closed = {
  error: "the API is open to this machine alone, because no token is set",
  hint: "set listen.tokenFile in the settings and send it as Authorization: Bearer",
};

function isLoopback(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\./.test(address);
}

import fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, LogController } from "fastify";
import { type AlertEdges, serveAlerts } from "./alerts.ts";
import { type ApiEdges, serveApi } from "./api/api.ts";

/** What the pages and probes are made from. */
export interface WebEdges extends AlertEdges, ApiEdges {
  /** Why this process is not ready; empty when it is. */
  notReady(): readonly string[];
  metrics(): Promise<{ readonly contentType: string; readonly body: string }>;
  readonly log: FastifyBaseLogger;
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
    frameworkErrors: (_error, _request, reply) => void (reply as unknown as FastifyReply).code(400).send(malformed),
    requestTimeout: REQUEST_WITHIN_MS,
    ...(certificate === undefined
      ? {}
      : { https: { ...certificate, requestCert: certificate.ca !== undefined, rejectUnauthorized: false } }),
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send(nothingThere));
  app.get("/healthz", () => ({ status: "ok" }));
  app.get("/readyz", async (_request, reply) => {
    const because = edges.notReady();
    return because.length > 0 ? reply.code(503).send({ status: "not ready", because }) : { status: "ready" };
  });
  app.get("/metrics", async (_request, reply) => {
    const { contentType, body } = await edges.metrics();
    return reply.header("content-type", contentType).send(body);
  });
  await serveApi(app, edges);
  await serveAlerts(app, edges);
  return app;
}

const malformed = { error: "the address is malformed", hint: "GET /api/v1/openapi.json lists what there is" };
const nothingThere = { error: "there is nothing at this address", hint: "GET /api/v1/openapi.json lists what there is" };

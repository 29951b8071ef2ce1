import bearerAuth from "@fastify/bearer-auth";
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from "fastify";
import type { GuardRecord } from "../guards/guard.ts";
import type { RemediationRecord } from "../guards/remediation/record.ts";
import type { GuardRun } from "../guards/run.ts";
import type { Ms } from "../model.ts";
import type { RemedyRun } from "../pipeline/remediation/run.ts";
import { type AlertEdges, serveAlerts } from "./alerts.ts";
import { type GuardLine, lineOf, type WholeGuard, wholeOf } from "./guard-view.ts";
import { type RemediationLine, remediationLineOf, type WholeRemediation, wholeRemediationOf } from "./remediation-view.ts";

/** What the pages and probes are made from. */
export interface WebEdges extends AlertEdges {
  now(): Ms;
  open(): readonly GuardRun[];
  ended(): readonly GuardRecord[];
  /** The same of guards without a rollout. */
  remediations(): { readonly open: readonly RemedyRun[]; readonly ended: readonly RemediationRecord[] };
  /** Why this process is not ready; empty when it is. */
  notReady(): readonly string[];
  metrics(): Promise<{ readonly contentType: string; readonly body: string }>;
  readonly log: FastifyBaseLogger;
  /** Bearer token that the API asks for; without one the API answers this machine alone. */
  readonly token: string | undefined;
}

/** What this process knows, over HTTP, and where alerts come in. Probes and metrics ask for no token: kubelet and Prometheus have none. */
export async function createWeb(edges: WebEdges): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: edges.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 1_000_000,
    forceCloseConnections: "idle",
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
    api.get("/api/v1/guards", () => ({ guards: newestFirst([...rollouts(), ...remediations()]).map(({ line }) => line()) }));
    api.get<{ Params: { name: string } }>("/api/v1/guards/:name", async (request, reply) => {
      const found = [...rollouts(), ...remediations()].find(({ name }) => name === request.params.name);
      if (found !== undefined) return found.whole();
      return reply.code(404).send({ error: `there is no guard ${request.params.name}`, hint: "GET /api/v1/guards lists them" });
    });
  });
  await serveAlerts(app, edges);
  return app;

  function rollouts(): readonly Shown[] {
    const guards = [
      ...edges.open().map((run) => ({ record: run.record, run })),
      ...edges.ended().map((record) => ({ record, run: undefined })),
    ];
    return guards.map(({ record, run }) => ({
      name: record.name,
      openedAt: record.openedAt,
      line: () => lineOf(record, run, edges.now()),
      whole: () => wholeOf(record, run, edges.now()),
    }));
  }

  function remediations(): readonly Shown[] {
    const { open, ended } = edges.remediations();
    const guards = [...open.map((run) => ({ record: run.record, run })), ...ended.map((record) => ({ record, run: undefined }))];
    return guards.map(({ record, run }) => ({
      name: record.name,
      openedAt: record.openedAt,
      line: () => remediationLineOf(record),
      whole: () => wholeRemediationOf(record, run, edges.now()),
    }));
  }
}

/** A guard of either kind. */
interface Shown {
  readonly name: string;
  readonly openedAt: Ms;
  readonly line: () => GuardLine | RemediationLine;
  readonly whole: () => WholeGuard | WholeRemediation;
}

function newestFirst(guards: readonly Shown[]): readonly Shown[] {
  return guards.toSorted((one, other) => other.openedAt - one.openedAt);
}

const closed = {
  error: "the API is open to this machine alone, because no token is set",
  hint: "set listen.tokenFile in the settings and send it as Authorization: Bearer",
};

function isLoopback(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\./.test(address);
}

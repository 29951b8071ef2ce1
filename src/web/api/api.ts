import type { FastifyError, FastifyInstance, FastifyRequest, RouteOptions } from "fastify";
import { sentence } from "../../errors.ts";
import { type CommandEdges, serveCommands } from "./commands.ts";
import { type GuardEdges, serveGuards } from "./guards.ts";
import { type Identify, type Identity, isRefused, mayDo } from "./identity.ts";
import { openApiOf } from "./openapi.ts";
import { type PauseEdges, servePause } from "./pause.ts";
import { type PolicyEdges, servePolicies } from "./policies.ts";
import { createRate } from "./rate.ts";
import { type RemediateEdges, serveRemediate } from "./remediate.ts";
import { withSchemas } from "./route.ts";
import { openApiDocument } from "./schemas.ts";
import { serveStreams, type Streams } from "./stream.ts";

export interface ApiEdges extends GuardEdges, CommandEdges, PolicyEdges, RemediateEdges {
  readonly identify: Identify;
  readonly pause: PauseEdges;
  readonly streams: Streams;
  readonly version: string;
}

declare module "fastify" {
  interface FastifyRequest {
    /** Who asks; set before any handler of the API runs. */
    identity: Identity;
  }
}

/** An order is a line or two. */
const MOST_BYTES = 10_000;

/** A page that is open in many browsers, and a script that has run wild. */
const READS_PER_SECOND = 200;
const ORDERS_PER_SECOND = 20;

const common = {
  400: "What is asked is not as documented.",
  401: "No token, or a wrong one.",
  403: "The token's role does not allow it; without any token in the settings, a call from another machine.",
  503: "Not possible now: overloaded, starting, not leading, or the API server does not answer. Ask again.",
} as const;

/** The API: its own scope, so that its rules for bodies, callers and errors hold for it alone. It shows and takes orders; it does nothing. */
export async function serveApi(app: FastifyInstance, edges: ApiEdges): Promise<void> {
  const rate = (perSecond: number) => createRate(perSecond, 1000, () => edges.now());
  const [reads, orders] = [rate(READS_PER_SECOND), rate(ORDERS_PER_SECOND)];
  const routes: RouteOptions[] = [];
  await app.register(async (scope) => {
    // What a form of another page can post is no JSON.
    scope.removeContentTypeParser("text/plain");
    const api = withSchemas(scope);
    api.decorateRequest("identity");
    api.addHook("onRoute", (route) => {
      if (route.method === "HEAD") return;
      const body = route.schema?.body === undefined ? {} : { 413: "Larger than 10 kB.", 415: "Not JSON by its content type." };
      route.bodyLimit = MOST_BYTES;
      route.config = { ...route.config, failures: { ...common, ...body, ...route.config?.failures } };
      routes.push(route);
    });
    api.addHook("onRequest", async (request, reply) => {
      const role = request.routeOptions.config.role ?? "operate";
      const { authorization, host } = request.headers;
      const forwarded = ["forwarded", "x-forwarded-for", "x-real-ip", "via"].some((name) => request.headers[name] !== undefined);
      const who = await edges.identify({ authorization, address: request.ip, host, forwarded });
      if (isRefused(who)) {
        if (who.status === 401) reply.header("www-authenticate", "Bearer");
        return reply.code(who.status).send({ error: who.error, hint: who.hint });
      }
      if (!mayDo(who.role, role)) return reply.code(403).send(roleTooLow(who, role));
      if (!(role === "read" ? reads : orders)()) return reply.code(503).header("retry-after", "1").send(tooMany);
      request.identity = who;
      return undefined;
    });
    api.setErrorHandler<FastifyError>(async (error, request, reply) => {
      const { statusCode = 503 } = error;
      if (statusCode < 500) return reply.code(statusCode).send(refusal(error, request));
      request.log.error({ path: request.routeOptions.url, error: sentence(error) }, "a call of the API failed");
      return reply.code(503).send({ error: sentence(error) });
    });
    serveGuards(api, edges);
    serveStreams(api, edges);
    serveCommands(api, edges);
    serveRemediate(api, edges);
    servePause(api, edges);
    servePolicies(api, edges);
    const openapi = { role: "read", id: "openapi", summary: "This document" } as const;
    api.get("/api/v1/openapi.json", { schema: { response: { 200: openApiDocument } }, config: openapi }, () => document);
    const document = openApiOf(routes, edges.version);
  });
}

function roleTooLow({ name, role }: Identity, needed: string) {
  return { error: `${name} may ${role}, and this needs the role ${needed}`, hint: "roles are given in listen.tokens of the settings" };
}

const tooMany = { error: "too many calls at once", hint: "ask again a second later" };

const told: Readonly<Partial<Record<string, string>>> = {
  FST_ERR_CTP_EMPTY_JSON_BODY: "the body is empty",
  FST_ERR_CTP_INVALID_JSON_BODY: "the body is no JSON",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "the body is not of type application/json",
  FST_ERR_CTP_BODY_TOO_LARGE: `the body is larger than ${MOST_BYTES} bytes`,
};

function refusal(error: FastifyError, { method, routeOptions }: FastifyRequest) {
  const place = error.validationContext === undefined ? "" : `${error.validationContext}: `;
  const hint = `GET /api/v1/openapi.json says what ${method} ${routeOptions.url ?? ""} takes`;
  return { error: told[error.code] ?? `${place}${sentence(error)}`, hint };
}

import type { FastifyError, FastifyInstance, FastifyReply } from "fastify";
import type { Alert, AlertOutcome } from "../alert.ts";
import { sentence } from "../errors.ts";
import type { Ms } from "../model.ts";
import type { AlertReceipt, AlertsTaken } from "../pipeline/alerts.ts";
import { type Access, admit, challenges, hasAccess, waysIn } from "./access.ts";
import { alertmanager } from "./alertmanager.ts";
import { grafana } from "./grafana.ts";
import { kibana } from "./kibana.ts";
import type { Posted, Sender } from "./post.ts";
import { createRoom } from "./room.ts";

/** The alerts of a group that fire and that its sender left out of a post, or why they are not known. */
export type RestOfGroup = { readonly alerts: readonly Alert[] } | { readonly problem: string };

export interface AlertEdges {
  /** How senders prove themselves; no way where the settings take no alerts. */
  readonly alertsAccess: Access;
  /** Writes down whom they reach; nothing is decided here. */
  readonly takeAlerts: (alerts: readonly Alert[]) => Promise<AlertsTaken>;
  /** Never rejects; absent where the settings name nobody to ask. */
  readonly restOfGroup?: (group: NonNullable<Posted["group"]>, posted: readonly Alert[]) => Promise<RestOfGroup>;
  now(): Ms;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

/** A group of thousands of alerts; Alertmanager's `max_alerts` keeps it smaller. */
const MOST_BYTES = 8_000_000;

/** Posts under way at once, and the bytes of their bodies. What waits for a slow API server must not pile up here. */
const ROOM = { most: 500, mostBytes: 64_000_000 };

/** The same is logged once in this time: a storm of posts must not become one of lines. */
const QUIET_MS: Ms = 10_000;

/** Most alerts of a cluster reach no guard, which is no fault: it is said for those who look for one that they miss. */
const NOBODY_QUIET_MS: Ms = 600_000;

const RETRY_AFTER_S = 1;

const nobody: ReadonlySet<AlertOutcome> = new Set(["no-workload", "no-guard", "not-asked"]);

/**
 * Where alerts are posted. Alertmanager tries again after 5xx alone, so 4xx is for what no repetition mends, and what is only not possible
 * now is a 503, never a 429 (its next try would be at the next group_interval).
 */
export async function serveAlerts(app: FastifyInstance, edges: AlertEdges): Promise<void> {
  const room = createRoom(ROOM);
  const logged = new Map<string, Ms>();
  for (const sender of [alertmanager, grafana, kibana]) {
    await app.register(async (webhook) => {
      serveSender(webhook, sender);
    });
  }

  function isNews(key: string, quietMs: Ms): boolean {
    const now = edges.now();
    if (now - (logged.get(key) ?? -Infinity) < quietMs) return false;
    logged.set(key, now);
    return true;
  }

  function serveSender(webhook: FastifyInstance, sender: Sender): void {
    const { path } = sender;
    webhook.removeContentTypeParser("text/plain");
    webhook.addHook("onRequest", async (request, reply) => {
      const { alertsAccess } = edges;
      if (!hasAccess(alertsAccess)) return reply.code(403).send({ error: "no alerts are taken", hint: "set alerts in the settings" });
      const admission = await admit(request, alertsAccess);
      if (admission.kind === "unreadable") return later(reply, admission.because);
      if (admission.kind === "refused") {
        warn({ from: request.ip }, "a post without valid credentials was refused");
        const schemes = challenges(alertsAccess);
        if (schemes.length > 0) reply.header("www-authenticate", schemes.join(", "));
        return reply.code(401).send({ error: `the post proves nobody; allowed: ${waysIn(alertsAccess)}` });
      }
      const leave = room.enter(bytesOf(request.headers["content-length"]));
      if (leave === undefined)
        return later(reply, `${ROOM.most} posts, or ${ROOM.mostBytes} bytes of them, are being written down already`);
      reply.raw.once("close", leave);
      return undefined;
    });
    webhook.setErrorHandler<FastifyError>(async (error, _request, reply) => {
      const { statusCode = 500 } = error;
      if (statusCode >= 500) return later(reply, sentence(error));
      return refused(reply, statusCode, told(error.code, sender) ?? sentence(error));
    });
    webhook.post(path, { bodyLimit: MOST_BYTES }, async (request, reply) => {
      const read = sender.read(request.body);
      if (typeof read === "string") return refused(reply, 400, read);
      const taken = await edges.takeAlerts(read.alerts);
      if (!taken.taken) return later(reply, taken.because);
      tellOfNobody(read.alerts, taken.receipts);
      const answer = { alerts: listOf(read.alerts, taken.receipts) };
      if (read.truncated === 0) return reply.code(202).send(answer);
      return takeRest(read, answer, reply);
    });

    /** After the alerts of the post are safe: whoever is asked for the others may be slow or down. */
    async function takeRest({ alerts, truncated, group }: Posted, answer: { readonly alerts: readonly object[] }, reply: FastifyReply) {
      const left = `${truncated} more alerts of this group were left out by ${sender.name}`;
      if (edges.restOfGroup === undefined || group === undefined) {
        warn({ truncated }, "alerts were left out of a post; nobody is there to be asked for them");
        const how = sender.name === "Alertmanager" ? "set max_alerts: 0 in webhook_configs, or alerts.fetchFrom" : sender.smaller;
        return reply.code(202).send({ ...answer, truncated: `${left}; ${how}` });
      }
      const rest = await edges.restOfGroup(group, alerts);
      if ("problem" in rest) return later(reply, `${left}, and they could not be fetched: ${rest.problem}`);
      const taken = await edges.takeAlerts(rest.alerts);
      if (!taken.taken) return later(reply, taken.because);
      return reply.code(202).send({ ...answer, fetched: listOf(rest.alerts, taken.receipts) });
    }

    function warn(fields: object, message: string): void {
      if (isNews(`${path} ${message}`, QUIET_MS)) edges.log.warn({ path, ...fields }, message);
    }

    function tellOfNobody(alerts: readonly Alert[], receipts: readonly AlertReceipt[]): void {
      for (const [at, { outcome, detail }] of receipts.entries()) {
        if (!nobody.has(outcome) || !isNews(`${path} ${outcome}`, NOBODY_QUIET_MS)) continue;
        edges.log.info({ path, alertname: alerts[at]?.labels["alertname"] ?? "", outcome, detail }, "an alert reached no guard");
      }
    }

    function refused(reply: FastifyReply, code: number, error: string) {
      warn({ error }, "a post of alerts was refused");
      return reply.code(code).send({ error });
    }

    /** On a connection of its own the next try may reach the one that leads. */
    function later(reply: FastifyReply, error: string) {
      warn({ error }, "a post of alerts has to come again");
      return reply
        .code(503)
        .headers({ connection: "close", "retry-after": String(RETRY_AFTER_S) })
        .send({ error, hint: sender.again });
    }
  }
}

function listOf(alerts: readonly Alert[], receipts: readonly AlertReceipt[]): readonly object[] {
  return alerts.map(({ labels, fingerprint, endsAt }, at) => ({
    alertname: labels["alertname"] ?? "",
    fingerprint,
    status: endsAt === undefined ? "firing" : "resolved",
    ...receipts[at],
  }));
}

/** What does not say how long it is may be as long as is allowed. */
function bytesOf(length: string | undefined): number {
  const bytes = Number(length ?? MOST_BYTES);
  return Number.isFinite(bytes) ? Math.min(bytes, MOST_BYTES) : MOST_BYTES;
}

function told(code: string, { wanted, smaller }: Sender): string | undefined {
  switch (code) {
    case "FST_ERR_CTP_EMPTY_JSON_BODY":
      return `the body is empty; allowed: ${wanted}`;
    case "FST_ERR_CTP_INVALID_JSON_BODY":
      return `the body is no JSON; allowed: ${wanted}`;
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return `the body is not of type application/json; allowed: ${wanted}`;
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return `the body is larger than ${MOST_BYTES} bytes; ${smaller}`;
    default:
      return undefined;
  }
}

import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyError, FastifyInstance, FastifyReply } from "fastify";
import type { Alert } from "../alert.ts";
import { sentence } from "../errors.ts";
import type { Ms } from "../model.ts";
import type { AlertsTaken } from "../pipeline/alerts.ts";
import { readAlertmanagerPost } from "./alertmanager.ts";

export interface AlertEdges {
  /** Reads the bearer token that is asked for; absent where the settings take no alerts. */
  readonly alertsToken?: () => Promise<string>;
  /** Writes down whom they reach; nothing is decided here. */
  readonly takeAlerts: (alerts: readonly Alert[]) => Promise<AlertsTaken>;
  now(): Ms;
  readonly log: { warn(fields: object, message: string): void };
}

/** A group of thousands of alerts; Alertmanager's `max_alerts` keeps it smaller. */
const MOST_BYTES = 8_000_000;

/** Posts under way at once. What waits for a slow API server must not pile up here: Alertmanager keeps it and comes again. */
const MOST_AT_ONCE = 500;

/** The same is logged once in this time: a storm of posts must not become one of lines. */
const QUIET_MS: Ms = 10_000;

const path = "/api/v1/webhooks/alertmanager";

/**
 * Where Alertmanager posts. It tries again after 5xx alone, so 4xx is for what no repetition mends, and what is only not possible now
 * is a 503, never a 429 (its next try would be at the next group_interval).
 */
export async function serveAlerts(app: FastifyInstance, edges: AlertEdges): Promise<void> {
  const { alertsToken, takeAlerts } = edges;
  const logged = new Map<string, Ms>();
  let underWay = 0;
  await app.register(async (webhook) => {
    webhook.addHook("onRequest", async (request, reply) => {
      if (alertsToken === undefined)
        return reply.code(403).send({ error: "no alerts are taken", hint: "set alerts.tokenFile in the settings" });
      let token;
      try {
        token = (await alertsToken()).trim();
      } catch (error) {
        return later(reply, `the file of alerts.tokenFile cannot be read: ${sentence(error)}`);
      }
      if (token === "") return later(reply, "the file of alerts.tokenFile is empty");
      const given = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? "")?.[1];
      if (given !== undefined && isSame(given, token)) return undefined;
      warn({ from: request.ip }, "a post without the token of alerts.tokenFile was refused");
      const error = given === undefined ? "the bearer token is missing" : "the bearer token is wrong";
      return reply
        .code(401)
        .header("www-authenticate", "Bearer")
        .send({ error, hint: "http_config.authorization.credentials_file is the token of alerts.tokenFile" });
    });
    webhook.setErrorHandler<FastifyError>(async (error, _request, reply) => {
      const { statusCode = 500 } = error;
      if (statusCode >= 500) return later(reply, sentence(error));
      return refused(reply, statusCode, told[error.code] ?? sentence(error));
    });
    webhook.post(path, { bodyLimit: MOST_BYTES }, async (request, reply) => {
      const read = readAlertmanagerPost(request.body);
      if (typeof read === "string") return refused(reply, 400, read);
      if (underWay >= MOST_AT_ONCE) return later(reply, `${MOST_AT_ONCE} posts are being written down already`);
      underWay += 1;
      const taken = await takeAlerts(read.alerts).finally(() => (underWay -= 1));
      if (!taken.taken) return later(reply, taken.because);
      return reply.code(202).send(answerOf(read, taken.receipts));
    });
  });

  function warn(fields: object, message: string): void {
    const now = edges.now();
    if (now - (logged.get(message) ?? -Infinity) < QUIET_MS) return;
    logged.set(message, now);
    edges.log.warn({ path, ...fields }, message);
  }

  function refused(reply: FastifyReply, code: number, error: string) {
    warn({ error }, "a post of alerts was refused");
    return reply.code(code).send({ error });
  }

  /** On a connection of its own the next try may reach the one that leads. */
  function later(reply: FastifyReply, error: string) {
    warn({ error }, "a post of alerts has to come again");
    return reply.code(503).header("connection", "close").send({ error, hint: "nothing of it is lost: Alertmanager posts it again" });
  }

  function answerOf({ alerts, truncated }: { readonly alerts: readonly Alert[]; readonly truncated: number }, receipts: TakenReceipts) {
    const listed = alerts.map(({ labels, fingerprint, endsAt }, at) => ({
      alertname: labels["alertname"] ?? "",
      fingerprint,
      status: endsAt === undefined ? "firing" : "resolved",
      ...receipts[at],
    }));
    if (truncated === 0) return { alerts: listed };
    const error = `${truncated} more alerts of this group were left out by Alertmanager; set max_alerts: 0 in webhook_configs`;
    warn({ truncated }, "alerts were left out of a post; set max_alerts: 0 in webhook_configs");
    return { alerts: listed, truncated: error };
  }
}

type TakenReceipts = Extract<AlertsTaken, { taken: true }>["receipts"];

const told: Readonly<Partial<Record<string, string>>> = {
  FST_ERR_CTP_EMPTY_JSON_BODY: "the body is empty; allowed: what webhook_configs of Alertmanager posts, version 4",
  FST_ERR_CTP_INVALID_JSON_BODY: "the body is no JSON; allowed: what webhook_configs of Alertmanager posts, version 4",
  FST_ERR_CTP_INVALID_MEDIA_TYPE:
    "the body is not of type application/json; allowed: what webhook_configs of Alertmanager posts, version 4",
  FST_ERR_CTP_BODY_TOO_LARGE: `the body is larger than ${MOST_BYTES} bytes; set max_alerts in webhook_configs, or group by more labels`,
};

/** Of digests, so that neither place nor length of a difference shows in the time it takes. */
function isSame(given: string, token: string): boolean {
  const [one, other] = [given, token].map((text) => createHash("sha256").update(text).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}

import { createHmac, timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";

/** One message that was accepted. */
export interface ReceivedMessage {
  /** `webhook-id`; empty when the sender gave none. */
  readonly id: string;
  readonly at: number;
  readonly path: string;
  readonly body: unknown;
}

export interface WebhookSinkParts {
  readonly now: () => number;
  /** `whsec_<base64>`: then signatures are demanded and verified as Standard Webhooks describes. */
  readonly secret: string | undefined;
  /** Status to refuse with instead of accepting. */
  readonly refuse: () => number | undefined;
  readonly received: (message: ReceivedMessage) => void;
}

const toleranceSeconds = 300;

/** POST /webhook and /webhook/*: accepts every message, duplicates too, so that a test can see them. */
export function registerWebhookSink(app: FastifyInstance, parts: WebhookSinkParts): void {
  for (const url of ["/webhook", "/webhook/*"]) {
    app.post<{ Body: string }>(url, { bodyLimit: 20 * 1024 }, async (request, reply) => {
      const refused = parts.refuse();
      if (refused !== undefined) return reply.code(refused).send({ message: "refused on purpose" });
      const problem = parts.secret === undefined ? undefined : signatureProblem(request, parts.secret, parts.now());
      if (problem !== undefined) return reply.code(401).send({ message: problem });
      const body = parsed(request.body);
      if (body === undefined) return reply.code(400).send({ message: "the body is no JSON" });
      parts.received({ id: header(request, "webhook-id"), at: parts.now(), path: request.url, body });
      return reply.code(202).send({ message: "accepted" });
    });
  }
}

function signatureProblem(request: FastifyRequest<{ Body: string }>, secret: string, now: number): string | undefined {
  const [id, timestamp, signatures] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => header(request, name));
  if (!id || !timestamp || !signatures) return "webhook-id, webhook-timestamp or webhook-signature is missing";
  const age = Math.abs(now / 1000 - Number(timestamp));
  if (!(age <= toleranceSeconds)) return "webhook-timestamp is more than 5 minutes away";
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.${request.body}`).digest();
  const matches = signatures.split(" ").some((entry) => {
    const [version, text = ""] = entry.split(",", 2);
    const given = Buffer.from(text, "base64");
    return version === "v1" && given.length === expected.length && timingSafeEqual(given, expected);
  });
  return matches ? undefined : "webhook-signature does not match";
}

function header(request: FastifyRequest<{ Body: string }>, name: string): string {
  const value = request.headers[name];
  return typeof value === "string" ? value : "";
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

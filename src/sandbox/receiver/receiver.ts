import type { FastifyInstance } from "fastify";
import { registerAnnotations } from "./annotations.ts";
import type { Annotation } from "./annotations.ts";
import { registerWebhookSink } from "./webhook-sink.ts";
import type { ReceivedMessage } from "./webhook-sink.ts";

export interface ReceiverOptions {
  readonly now: () => number;
  /** `whsec_<base64>`; without it any message is accepted. */
  readonly webhookSecret?: string;
  readonly grafanaToken?: string;
}

/** Where messages and annotations arrive: a Grafana and a webhook behind one address. */
export interface Receiver {
  /** Accepted messages in the order of their arrival, duplicates included. */
  readonly messages: readonly ReceivedMessage[];
  /** Annotations that exist now, oldest first. */
  annotations(): readonly Annotation[];
  /** Every request to any route, refused ones too. */
  readonly requests: readonly ReceivedRequest[];
  /** Status that everything is refused with while it is set. */
  refuseWith: number | undefined;
  register(app: FastifyInstance): void;
}

export interface ReceivedRequest {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

export function createReceiver(options: ReceiverOptions): Receiver {
  const messages: ReceivedMessage[] = [];
  const requests: ReceivedRequest[] = [];
  const store = new Map<number, Annotation>();
  const receiver: Receiver = {
    messages,
    requests,
    annotations: () => [...store.values()],
    refuseWith: undefined,
    register(app) {
      // A signature is over the very bytes: nothing may parse them before.
      app.removeAllContentTypeParsers();
      app.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => done(null, body));
      app.addHook("onResponse", async (request, reply) => {
        requests.push({ at: options.now(), method: request.method, path: request.url, status: reply.statusCode });
      });
      const refuse = () => receiver.refuseWith;
      registerWebhookSink(app, {
        now: options.now,
        secret: options.webhookSecret,
        refuse,
        received: (message) => messages.push(message),
      });
      registerAnnotations(app, { now: options.now, token: options.grafanaToken, refuse, store });
    },
  };
  return receiver;
}

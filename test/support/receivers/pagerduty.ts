import { z } from "zod";
import { startReceiver } from "../../unit/actions/receiver.ts";
import type { Answer, Received } from "../../unit/actions/receiver.ts";
import { json, strictly } from "./strict.ts";

const links = z.array(z.strictObject({ href: z.url(), text: z.string().optional() })).optional();
const routingKey = z.string().length(32);
const dedupKey = z.string().min(1).max(255);
const summary = z.string().min(1).max(1024);
const details = z.record(z.string(), z.unknown());

const event = z.discriminatedUnion("event_action", [
  z.strictObject({
    routing_key: routingKey,
    event_action: z.literal("trigger"),
    dedup_key: dedupKey,
    client: z.string().optional(),
    client_url: z.url().optional(),
    links,
    payload: z.strictObject({
      summary,
      source: z.string().min(1),
      severity: z.enum(["critical", "error", "warning", "info"]),
      timestamp: z.iso.datetime().optional(),
      component: z.string().optional(),
      group: z.string().optional(),
      class: z.string().optional(),
      custom_details: details.optional(),
    }),
  }),
  z.strictObject({ routing_key: routingKey, event_action: z.literal("resolve"), dedup_key: dedupKey }),
]);
const change = z.strictObject({
  routing_key: routingKey,
  links,
  payload: z.strictObject({
    summary,
    source: z.string().optional(),
    timestamp: z.iso.datetime().optional(),
    custom_details: details.optional(),
  }),
});

export interface PagerDutyAlert {
  readonly key: string;
  readonly summary: string;
  readonly status: "triggered" | "resolved";
}

/** PagerDuty's Events API v2 with one service: a wrong field is a 400 with the reason, a repeated trigger belongs to the open alert of its key. */
export async function startPagerDuty(options: {
  readonly routingKey: string;
  readonly answer?: (request: Received) => Answer | undefined;
}) {
  const alerts: PagerDutyAlert[] = [];
  const changes: string[] = [];
  const pages: string[] = [];

  function serve(request: Received): Answer {
    const forced = options.answer?.(request);
    if (forced !== undefined) return forced;
    const { method, url, headers, body } = request;
    if (method !== "POST" || headers["content-type"] !== "application/json") return { status: 405 };
    if (Buffer.byteLength(body) > 512 * 1024) return { status: 413 };
    if (url.pathname === "/v2/change/enqueue") return changing(body);
    return url.pathname === "/v2/enqueue" ? enqueue(body) : { status: 404 };
  }

  function enqueue(body: string): Answer {
    const read = strictly(event, body);
    if ("wrong" in read) return invalid(read.wrong);
    const { value } = read;
    if (value.routing_key !== options.routingKey) return invalid(`Invalid routing key ${value.routing_key}`);
    const at = alerts.findLastIndex(({ key, status }) => key === value.dedup_key && status === "triggered");
    const open = alerts[at];
    if (value.event_action === "resolve") {
      if (open !== undefined) alerts[at] = { ...open, status: "resolved" };
    } else if (open === undefined) {
      const alert = { key: value.dedup_key, summary: value.payload.summary, status: "triggered" } as const;
      alerts.push(alert);
      pages.push(alert.summary);
    }
    return json(202, { status: "success", message: "Event processed", dedup_key: value.dedup_key });
  }

  function changing(body: string): Answer {
    const read = strictly(change, body);
    if ("wrong" in read) return invalid(read.wrong);
    changes.push(read.value.payload.summary);
    return json(202, { status: "success", message: "Change event processed" });
  }

  function invalid(error: string): Answer {
    return json(400, { status: "invalid event", message: "Event object is invalid", errors: [error] });
  }

  const receiver = await startReceiver(serve);
  return { ...receiver, alerts, changes, pages };
}

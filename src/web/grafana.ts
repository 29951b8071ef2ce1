import { z } from "zod";
import { alertOf, alertShapes, type Posted, refusal, type Sender } from "./post.ts";

/** A post of Grafana's webhook contact point: Alertmanager's shape with a version of its own. */
const post = z.looseObject({
  version: z.literal("1"),
  truncatedAlerts: z.int().min(0).default(0),
  alerts: alertShapes,
});

const wanted = "what a webhook contact point of Grafana Alerting posts, version 1";

export const grafana: Sender = {
  name: "Grafana",
  path: "/api/v1/webhooks/grafana",
  wanted,
  smaller: "set Max Alerts in the contact point, or group by more labels",
  again: "Grafana posts it again, at the latest with the next notification of the group",
  read: readGrafanaPost,
};

function readGrafanaPost(body: unknown): Posted | string {
  const parsed = post.safeParse(body);
  if (!parsed.success) return refusal(body, parsed.error.issues, { version: "1", wanted, cause: causeOf(body) });
  const { alerts, truncatedAlerts: truncated } = parsed.data;
  return { alerts: alerts.map(alertOf), truncated };
}

function causeOf(body: unknown): string {
  const isObject = typeof body === "object" && body !== null;
  if (isObject && "evalMatches" in body) return "it is of Grafana's legacy alerting, which Grafana 11 took away";
  if (isObject && "version" in body && body.version === "4") return "Alertmanager posts to /api/v1/webhooks/alertmanager";
  return "is a custom payload set in the contact point?";
}

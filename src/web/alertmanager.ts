import { z } from "zod";
import { alertOf, alertShapes, type Posted, refusal, type Sender, texts } from "./post.ts";

/** A post of Alertmanager's webhook, version 4. */
const post = z.looseObject({
  version: z.literal("4"),
  groupKey: z.string(),
  truncatedAlerts: z.int().min(0).default(0),
  receiver: z.string().default(""),
  groupLabels: texts.default({}),
  alerts: alertShapes,
});

const wanted = "what webhook_configs of Alertmanager posts, version 4";

export const alertmanager: Sender = {
  name: "Alertmanager",
  path: "/api/v1/webhooks/alertmanager",
  wanted,
  smaller: "set max_alerts in webhook_configs, or group by more labels",
  again: "nothing of it is lost: Alertmanager posts it again",
  read: readAlertmanagerPost,
};

/** The alerts of a post, each by its own status: a group that fires may hold some that have ended. */
function readAlertmanagerPost(body: unknown): Posted | string {
  const parsed = post.safeParse(body);
  if (!parsed.success)
    return refusal(body, parsed.error.issues, { version: "4", wanted, cause: "is a payload of its own set in webhook_configs?" });
  const { alerts, truncatedAlerts: truncated, groupLabels: labels, receiver } = parsed.data;
  return { alerts: alerts.map(alertOf), truncated, group: { labels, receiver } };
}

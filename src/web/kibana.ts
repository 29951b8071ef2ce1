import { z } from "zod";
import { redact } from "../redact.ts";
import { type Posted, refusal, type Sender, texts } from "./post.ts";

const filled = (template: string) => z.string().refine((text) => text.trim() !== "", `is empty; the template has ${template} there`);

/** What people write as the body of Kibana's webhook connector (docs/alerts.md): Kibana itself has no shape of its own. */
const post = z.looseObject({
  alert: filled("{{alert.uuid}}").pipe(z.string().max(64)),
  actionGroup: filled("{{alert.actionGroup}}"),
  rule: filled("{{rule.name}}"),
  at: z.iso.datetime({ offset: true, error: "is no instant; the template has {{date}} there" }),
  labels: texts,
  summary: z.string().default(""),
});

const wanted = "alert, actionGroup, rule, at, labels and summary, as the template in docs/alerts.md fills them";

export const kibana: Sender = {
  name: "Kibana",
  path: "/api/v1/webhooks/kibana",
  wanted,
  smaller: "let the template hold less",
  again: "let the action run on check intervals where Kibana gives up after a 503",
  read: readKibanaPost,
};

/** Kibana says which alert it is and not since when: the alert began, as far as is known, when it was first told. */
function readKibanaPost(body: unknown): Posted | string {
  const parsed = post.safeParse(body);
  if (!parsed.success) return refusal(body, parsed.error.issues, { wanted, cause: "is it the body of the webhook connector?" });
  const { alert: fingerprint, actionGroup, rule, at, labels, summary } = parsed.data;
  const heard = Date.parse(at);
  const ended = actionGroup === "recovered" ? { endsAt: heard } : {};
  const told = { fingerprint, startsAt: heard, startIsFirstHeard: true as const, ...ended };
  return { alerts: [{ ...told, labels: { ...labels, alertname: rule }, summary: redact(summary) }], truncated: 0 };
}

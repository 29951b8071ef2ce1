import { z } from "zod";
import type { Alert } from "../alert.ts";
import { redact } from "../redact.ts";

/** A post of Alertmanager's webhook, version 4. What newer versions add is let through. */
const post = z.looseObject({
  version: z.literal("4"),
  groupKey: z.string(),
  truncatedAlerts: z.int().min(0).default(0),
  alerts: z
    .array(
      z.looseObject({
        status: z.enum(["firing", "resolved"]),
        labels: z.record(z.string(), z.string()),
        annotations: z.record(z.string(), z.string()).default({}),
        startsAt: z.iso.datetime({ offset: true }),
        endsAt: z.iso.datetime({ offset: true }).optional(),
        fingerprint: z.string().min(1).max(64),
      }),
    )
    .min(1),
});

export interface AlertmanagerPost {
  readonly alerts: readonly Alert[];
  /** Left out of this post by Alertmanager. */
  readonly truncated: number;
}

/** The alerts of a post, each by its own status: a group that fires may hold some that have ended. A sentence when it is no such post. */
export function readAlertmanagerPost(body: unknown): AlertmanagerPost | string {
  const parsed = post.safeParse(body);
  if (!parsed.success) return refusal(body, parsed.error.issues);
  const { alerts, truncatedAlerts: truncated } = parsed.data;
  return { alerts: alerts.map(alertOf), truncated };
}

type Posted = z.output<typeof post>["alerts"][number];

/** Of one that has ended without saying when, its start is the least that can be said. */
function alertOf({ status, labels, annotations, startsAt, endsAt, fingerprint }: Posted): Alert {
  const start = Date.parse(startsAt);
  const { summary, description, message } = annotations;
  return {
    fingerprint,
    startsAt: start,
    ...(status === "resolved" ? { endsAt: Math.max(start, endsAt === undefined ? start : Date.parse(endsAt)) } : {}),
    labels,
    summary: redact(summary ?? description ?? message ?? ""),
  };
}

const wanted = "what webhook_configs of Alertmanager posts, version 4";

/** One sentence: what is wrong, what is allowed, the likely cause. */
function refusal(body: unknown, issues: readonly z.core.$ZodIssue[]): string {
  const custom = "is a payload of its own set in webhook_configs?";
  if (typeof body !== "object" || body === null || Array.isArray(body)) return `the body is no JSON object; allowed: ${wanted}; ${custom}`;
  const { version } = { version: undefined, ...body };
  if (version !== "4") {
    const what = version === undefined ? "version is missing" : `version is ${JSON.stringify(version)?.slice(0, 40)}`;
    return `${what}; allowed: ${wanted}; ${custom}`;
  }
  const [first] = issues;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  return `${z.core.toDotPath(first?.path ?? [])}: ${first?.message}${more}; allowed: ${wanted}; ${custom}`;
}

import { z } from "zod";
import type { Alert } from "../alert.ts";
import { redact } from "../redact.ts";

/** What a post tells. */
export interface Posted {
  readonly alerts: readonly Alert[];
  /** Alerts of the group that the sender left out of this post. */
  readonly truncated: number;
  /** What all alerts of the group have in common, and who is told of them: what was left out is found by it. */
  readonly group?: { readonly labels: Readonly<Record<string, string>>; readonly receiver: string };
}

/** A system that posts alerts, each with a body of its own shape. */
export interface Sender {
  readonly name: "Alertmanager" | "Grafana" | "Kibana";
  readonly path: string;
  /** Completes "allowed: ". */
  readonly wanted: string;
  /** What makes its posts smaller. */
  readonly smaller: string;
  /** Whether it posts the same again after a 5xx, as far as is known. */
  readonly again: string;
  /** A sentence where the body is none of this sender's. */
  read(body: unknown): Posted | string;
}

/** An alert as Alertmanager tells it, and Grafana after it. What newer versions add is let through. */
export const alertShape = z.looseObject({
  status: z.enum(["firing", "resolved"]),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()).default({}),
  startsAt: z.iso.datetime({ offset: true }),
  endsAt: z.iso.datetime({ offset: true }).optional(),
  fingerprint: z.string().min(1).max(64),
});

/** Of one that has ended without saying when, its start is the least that can be said. */
export function alertOf({ status, labels, annotations, startsAt, endsAt, fingerprint }: z.output<typeof alertShape>): Alert {
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

/** One sentence: what is wrong, what is allowed, the likely cause. */
export function refusal(
  body: unknown,
  issues: readonly z.core.$ZodIssue[],
  { version, wanted, cause }: { readonly version?: string; readonly wanted: string; readonly cause: string },
): string {
  const rest = `; allowed: ${wanted}; ${cause}`;
  if (typeof body !== "object" || body === null || Array.isArray(body)) return `the body is no JSON object${rest}`;
  const given = "version" in body ? body.version : undefined;
  if (version !== undefined && given !== version) {
    const what = given === undefined ? "version is missing" : `version is ${JSON.stringify(given)?.slice(0, 40)}`;
    return `${what}${rest}`;
  }
  const [first] = issues;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  return `${z.core.toDotPath(first?.path ?? [])}: ${first?.message}${more}${rest}`;
}

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

const isRecord = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Texts by name. The first that is none is told, and no more of them are looked at: a body has room for a million, and to find all that is
 * wrong with them takes longer than the lease lasts.
 */
export const texts = z
  .custom<Readonly<Record<string, unknown>>>(isRecord, "Invalid input: expected an object of texts")
  .transform((record, context) => {
    const wrong = Object.keys(record).find((name) => typeof record[name] !== "string");
    if (wrong === undefined) return record as Readonly<Record<string, string>>;
    context.addIssue({ code: "invalid_type", expected: "string", input: record[wrong], path: [wrong] });
    return z.NEVER;
  });

/** An alert as Alertmanager tells it, and Grafana after it. What newer versions add is let through. */
const alertShape = z.looseObject({
  status: z.enum(["firing", "resolved"]),
  labels: texts,
  annotations: texts.default({}),
  startsAt: z.iso.datetime({ offset: true }),
  endsAt: z.iso.datetime({ offset: true }).optional(),
  fingerprint: z.string().min(1).max(64),
});

/** No group that anybody reads is larger; each alert is held against every open guard. */
const mostAlerts = 20_000;

/** The alerts of a post; read up to the first that is none. */
export const alertShapes = z
  .array(z.unknown())
  .min(1)
  .max(mostAlerts)
  .transform((alerts, context) => {
    const read: z.output<typeof alertShape>[] = [];
    for (const [at, alert] of alerts.entries()) {
      const { data, error } = alertShape.safeParse(alert);
      if (data === undefined) {
        for (const issue of error.issues) context.addIssue({ ...issue, path: [at, ...issue.path] });
        return z.NEVER;
      }
      read.push(data);
    }
    return read;
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

/** A name in the body may be as long as the body. */
const longestPlace = 200;

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
    const what =
      given === undefined
        ? "version is missing"
        : `version is ${typeof given === "object" ? "no text" : JSON.stringify(given).slice(0, 40)}`;
    return `${what}${rest}`;
  }
  const [first] = issues;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  return `${z.core.toDotPath(first?.path ?? []).slice(0, longestPlace)}: ${first?.message}${more}${rest}`;
}

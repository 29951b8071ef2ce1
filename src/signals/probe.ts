import type { HttpAnswer, HttpApi } from "../clients/http/api.ts";
import type { Ms, ProbeFinding } from "../model.ts";
import type { ProbeExpectation } from "../policies/probe-signal.ts";
import { redact } from "../redact.ts";

/** One call of one probe, its placeholders filled. */
export interface ProbeAsk {
  readonly url: string;
  readonly expect: ProbeExpectation;
  readonly headersFile?: string;
  readonly caFile?: string;
}

export type Probe = (ask: ProbeAsk) => Promise<ProbeFinding>;

const dayMs = 86_400_000;

/** Calls and says what it found. Never rejects: what keeps it from calling is a finding too. */
export function createProber({ http, now }: { readonly http: HttpApi; readonly now: () => Ms }): Probe {
  return async ({ expect, ...ask }) => {
    const finding = findingOf(await http.get({ ...ask, withinMs: expect.withinMs }), { url: ask.url, expect }, now());
    return { ...finding, detail: redact(finding.detail) };
  };
}

/** What an answer means: whose failure it is, by the table in docs/policies.md. */
export function findingOf(answer: HttpAnswer, { url, expect }: Pick<ProbeAsk, "url" | "expect">, now: Ms): ProbeFinding {
  const called = `GET ${shown(url)}`;
  switch (answer.kind) {
    case "unreached":
      return { outcome: "error", detail: `${called} could not be called: ${answer.because}` };
    case "expired":
      return {
        outcome: "error",
        detail: `${called} could not be called: its certificate has run out`,
        ...(expect.certificateDays === undefined ? {} : { certificate: { host: answer.host, days: 0 } }),
      };
    case "failed":
      return { outcome: "failed", detail: `${called} ${answer.because}`, ...certificateIn(answer, expect, now) };
    case "answer":
      return { ...answered(answer, expect, called), ...certificateIn(answer, expect, now) };
  }
}

function answered({ status, body, cut }: Extract<HttpAnswer, { kind: "answer" }>, expect: ProbeExpectation, called: string): ProbeFinding {
  const { statuses, json } = expect;
  if (!statuses.some((one) => (typeof one === "number" ? one === status : one.startsWith(`${Math.floor(status / 100)}`)))) {
    return { outcome: "failed", detail: `${called} answered ${status} instead of ${statuses.join(", ")}` };
  }
  if (json === undefined) return { outcome: "good", detail: `${called} answered ${status}` };
  if (cut) return { outcome: "error", detail: `${called} answered more than can be read of a JSON field` };
  const wrong = wrongField(body, json);
  if (wrong === undefined) return { outcome: "good", detail: `${called} answered ${status}` };
  return { outcome: "failed", detail: `${called} answered ${status}, but ${wrong}` };
}

function wrongField(body: string, { path, equals }: NonNullable<ProbeExpectation["json"]>): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return "no JSON";
  }
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return `without ${path}`;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return value === equals ? undefined : `${path} is ${words(value)} instead of ${words(equals)}`;
}

function words(value: unknown): string {
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "a map";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function certificateIn(
  { certificate }: Extract<HttpAnswer, { kind: "answer" | "failed" }>,
  { certificateDays }: ProbeExpectation,
  now: Ms,
): Pick<ProbeFinding, "certificate"> {
  if (certificate === undefined || certificateDays === undefined) return {};
  return { certificate: { host: certificate.host, days: Math.max(0, Math.floor((certificate.until - now) / dayMs)) } };
}

/** Without the query, which may hold a key. */
function shown(url: string): string {
  const { origin, pathname, search } = new URL(url);
  return `${origin}${pathname}${search === "" ? "" : "?…"}`;
}

import { RearguardError, sentence } from "../../errors.ts";
import { redact } from "../../redact.ts";
import type { ErrorCode } from "../../errors.ts";
import { dig, number, objects, text } from "./raw.ts";

/** A call the API server did not answer as hoped. */
export class KubernetesError extends RearguardError {
  /** HTTP status, or `code` of an ERROR event; absent when nothing was answered. */
  readonly status?: number;
  /** `reason` of the server's Status: NotFound, AlreadyExists, Conflict, Invalid, Expired … */
  readonly reason?: string;
  /** The server's own message, without secrets. */
  readonly serverMessage?: string;
  /** What the server asks to wait before another try. */
  readonly retryAfterMs?: number;
  /** `details.causes` of the server's Status, without secrets; empty where it names none. */
  readonly causes: readonly Cause[];

  constructor(code: ErrorCode, sentenceText: string, facts: KubernetesErrorFacts = {}) {
    super(code, sentenceText, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = "KubernetesError";
    if (facts.status !== undefined) this.status = facts.status;
    if (facts.reason !== undefined) this.reason = facts.reason;
    if (facts.serverMessage !== undefined) this.serverMessage = redact(facts.serverMessage);
    if (facts.retryAfterMs !== undefined) this.retryAfterMs = facts.retryAfterMs;
    this.causes = (facts.causes ?? []).map(({ reason, message }) => ({ reason, message: redact(message) }));
  }
}

/** One cause of a refusal: `DisruptionBudget`, `FieldValueInvalid` … and the server's words. */
export interface Cause {
  readonly reason: string;
  readonly message: string;
}

export interface KubernetesErrorFacts {
  readonly status?: number;
  readonly reason?: string;
  readonly serverMessage?: string;
  readonly retryAfterMs?: number;
  readonly causes?: readonly Cause[];
  readonly cause?: unknown;
}

const longestMessage = 500;

/** From an answer that is not 2xx: its status, body and Retry-After header (seconds). */
export function answerError(what: string, status: number, body: string, retryAfter: string | null): KubernetesError {
  const parsed = parseJson(body);
  const serverMessage = (text(dig(parsed, "message")) ?? plainText(body)).slice(0, longestMessage);
  const reason = text(dig(parsed, "reason"));
  const seconds = number(Number(retryAfter ?? Number.NaN)) ?? number(dig(parsed, "details", "retryAfterSeconds"));
  const causes = objects(dig(parsed, "details", "causes")).map((cause) => ({
    reason: text(cause["reason"]) ?? "",
    message: (text(cause["message"]) ?? "").slice(0, longestMessage),
  }));
  const said = serverMessage === "" ? "" : `: ${serverMessage}`;
  return new KubernetesError(codeOfStatus(status), `${what}: the API server answered ${status}${said}`, {
    status,
    ...(reason === undefined ? {} : { reason }),
    ...(serverMessage === "" ? {} : { serverMessage }),
    ...(seconds === undefined || seconds < 0 ? {} : { retryAfterMs: seconds * 1000 }),
    causes,
  });
}

/** From whatever the transport threw. */
export function transportError(what: string, thrown: unknown): KubernetesError {
  return new KubernetesError("KUBERNETES_UNREACHABLE", `${what}: ${sentence(thrown)}`, { cause: thrown });
}

export function notJson(what: string, status: number, why: string): KubernetesError {
  return new KubernetesError("KUBERNETES_NOT_JSON", `${what}: ${why}`, { status });
}

export function hasStatus(thrown: unknown, status: number): boolean {
  return thrown instanceof KubernetesError && thrown.status === status;
}

function codeOfStatus(status: number): ErrorCode {
  if (status === 401 || status === 403) return "KUBERNETES_REFUSED";
  if (status === 404) return "KUBERNETES_NOT_FOUND";
  if (status === 409) return "KUBERNETES_CONFLICT";
  if (status < 400) return "KUBERNETES_NOT_JSON";
  // 410 asks for a new list and 429 for patience: neither says that the request was wrong.
  if (status === 408 || status === 410 || status === 429 || status >= 500) return "KUBERNETES_UNREACHABLE";
  return "KUBERNETES_INVALID";
}

/** A page of HTML says nothing a reader wants in a sentence. */
function plainText(body: string): string {
  const trimmed = body.trim();
  return trimmed.startsWith("<") ? "" : trimmed;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

import type { Ms } from "../../model.ts";
import type { Certificate, HttpAnswer } from "./api.ts";

export interface Failed {
  readonly connected: boolean;
  /** We ended the call because its time was over. */
  readonly late: boolean;
  readonly certificate?: Certificate;
  readonly withinMs: Ms;
  readonly host: string;
}

const unreached: Readonly<Record<string, string>> = {
  ENOTFOUND: "its name is not known",
  EAI_AGAIN: "its name could not be looked up",
  EHOSTUNREACH: "there is no way to it",
  ENETUNREACH: "there is no way to it",
  ETIMEDOUT: "the connection did not come about in time",
  UND_ERR_CONNECT_TIMEOUT: "the connection did not come about in time",
  ECONNRESET: "the connection was closed while it came about",
  CERT_NOT_YET_VALID: "its certificate is not valid yet: compare the clocks",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is not trusted: name its authority in caFile",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is not trusted: name its authority in caFile",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is not trusted: name its authority in caFile",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is not trusted: name its authority in caFile",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
};

/** Whose failure it is, as far as it can be told from here; never with the words of an error, which may hold what was sent. */
export function failureOf(thrown: unknown, { connected, late, certificate, withinMs, host }: Failed): HttpAnswer {
  const shown = certificate === undefined ? {} : { certificate };
  if (late) return { kind: "failed", because: `gave no whole answer within ${withinMs} ms`, ...shown };
  const codes = codesOf(thrown);
  const [code = ""] = codes;
  if (connected)
    return {
      kind: "failed",
      because: `${isNoHttp(thrown) ? "gave an answer that is not HTTP" : "closed the connection before a whole answer"}${code === "" ? "" : ` (${code})`}`,
      ...shown,
    };
  // Several addresses were tried: only where all of them refuse is there nobody who listens.
  if (codes.length > 0 && codes.every((each) => each === "ECONNREFUSED")) return { kind: "failed", because: "refused the connection" };
  if (code === "CERT_HAS_EXPIRED") return { kind: "expired", host };
  return { kind: "unreached", because: `${unreached[code] ?? "no connection came about"}${code === "" ? "" : ` (${code})`}` };
}

function isNoHttp(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === "HTTPParserError";
}

function codesOf(thrown: unknown): readonly string[] {
  if (!(thrown instanceof Error)) return [];
  if (thrown instanceof AggregateError && thrown.errors.length > 0) return thrown.errors.flatMap(codesOf);
  if ("code" in thrown && typeof thrown.code === "string") return [thrown.code];
  return codesOf(thrown.cause);
}

import { redact } from "./redact.ts";

/** Every error a user can meet: code → what to do about it. The sentence itself is made where the facts are known. */
export const catalogue = {
  KUBECONFIG_INVALID: "Correct the kubeconfig, $KUBECONFIG, or `kubernetes.kubeconfig` and `kubernetes.context` in the settings.",
  LISTEN_FAILED: "Choose another address with `listen.host` and `listen.port`, or REARGUARD_LISTEN_PORT.",
  POLICY_INVALID: "Correct the policy at the named place; the last good set stays in force until then.",
  KUBERNETES_UNREACHABLE: "Check the kubeconfig, the network and that the API server is up; Rearguard keeps trying.",
  KUBERNETES_REFUSED: "Check the account's role against deploy/rbac.",
  KUBERNETES_NOT_FOUND: "The object is gone, or its custom resource definition is not installed: apply deploy/crds.",
  KUBERNETES_CONFLICT: "Somebody changed the object meanwhile; it is read again and decided again.",
  KUBERNETES_INVALID: "The API server refused the change; its message names the field.",
  KUBERNETES_NOT_JSON: "Something between Rearguard and the API server answers in its place, often a proxy's login page.",
  LEDGER_UNREADABLE:
    "Correct the ConfigMap, or delete it: then nothing is paused, and schedules begin anew. Until then what was read last holds.",
  PROMETHEUS_UNREACHABLE: "Check `prometheus.url` and that the server is up; guards wait meanwhile.",
  PROMETHEUS_REFUSED: "Check the credentials in the `prometheus` settings: token file, basic or headers.",
  PROMETHEUS_BAD_QUERY: "Correct the query; Prometheus' own message names the place.",
  PROMETHEUS_NOT_JSON: "The URL answers something that is not Prometheus: check `prometheus.url` and proxies.",
  PROMETHEUS_PARTIAL: "The answer carries warnings, so it is not whole; guards wait for a whole one.",
  PROMETHEUS_TOO_COSTLY:
    "Narrow the query: fewer series, a shorter range; or raise the limit that Prometheus names, such as --query.max-samples.",
  PROMETHEUS_TIMEOUT: "Prometheus did not answer in time; guards wait meanwhile.",
  ELASTICSEARCH_UNREACHABLE: "Check `elasticsearch.url` and that the server is up; guards wait meanwhile.",
  ELASTICSEARCH_REFUSED: "Check the credentials in the `elasticsearch` settings, and that they may read the index.",
  ELASTICSEARCH_BAD_QUERY: "Correct the named field or index in the policy; Elasticsearch's own message names the cause.",
  ELASTICSEARCH_VERSION: "Set `elasticsearch.compatibility` to the server's major version.",
  ELASTICSEARCH_NOT_ELASTICSEARCH: "The URL answers something that is not Elasticsearch: check `elasticsearch.url` and proxies.",
  ELASTICSEARCH_PARTIAL: "A part of the shards did not answer; guards wait for a whole answer.",
  ELASTICSEARCH_TIMEOUT: "Elasticsearch did not answer in time; guards wait meanwhile.",
  TARGET_REFUSED: "The receiver refuses the message: check its URL and credentials.",
  TARGET_UNREACHABLE: "The receiver cannot be reached; the message is kept and tried again.",
} as const;

export type ErrorCode = keyof typeof catalogue;

/** An expected failure with its code. `message` is one sentence without secrets; `cause` is for the log only. */
export class RearguardError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, sentence: string, options?: { cause?: unknown }) {
    super(redact(sentence), options);
    this.name = "RearguardError";
    this.code = code;
  }

  /** What the reader can do about it. */
  get remedy(): string {
    return catalogue[this.code];
  }
}

/** The server answers nobody, whatever it is asked: to ask it more would only wait as long again. */
export function isSilent(thrown: unknown): boolean {
  return thrown instanceof RearguardError && /_(TIMEOUT|UNREACHABLE)$/.test(thrown.code);
}

/** Messages that whoever comes next tells from the Guards: no fault. */
export class LeftToNext extends Error {}

export function remedyOf(thrown: unknown): string | undefined {
  return thrown instanceof RearguardError ? thrown.remedy : undefined;
}

/** The sentence of anything thrown, without secrets. */
export function sentence(thrown: unknown): string {
  if (thrown instanceof Error) {
    const code = codeBehind(thrown);
    return redact(code === undefined || thrown.message.includes(code) ? thrown.message : `${thrown.message} (${code})`);
  }
  return redact(String(thrown));
}

/** Such as ECONNREFUSED: undici says "fetch failed" and keeps the reason in the cause of the cause. */
function codeBehind(thrown: Error): string | undefined {
  for (let cause = thrown.cause, depth = 0; cause instanceof Error && depth < 4; cause = cause.cause, depth += 1) {
    if ("code" in cause && typeof cause.code === "string") return cause.code;
  }
  return undefined;
}

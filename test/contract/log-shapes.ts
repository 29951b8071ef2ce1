// Documents and mappings as the shippers make them.
import type { LogFormatName } from "../../src/policies/log-formats.ts";

export const start = Date.parse("2026-11-23T12:00:00Z");
export const at = (seconds: number) => new Date(start + seconds * 1000).toISOString();
export const keyword = { type: "keyword" };

const usual = "Unhandled error: connect ECONNREFUSED";

/** A line as each shipper writes it; level `undefined` is a line without one. */
export const shapes: Readonly<
  Record<LogFormatName, (pod: string, seconds: number, bad: boolean, namespace?: string, text?: string) => object>
> = {
  filebeat: (pod, seconds, bad, namespace = "shop", text = usual) => ({
    "@timestamp": at(seconds),
    message: text,
    "log.level": bad ? "ERROR" : "info",
    kubernetes: { namespace, pod: { name: pod } },
  }),
  "fluent-bit": (pod, seconds, bad, namespace = "shop", text = usual) => ({
    "@timestamp": at(seconds),
    log: "{}",
    log_processed: { level: bad ? 50 : 30, msg: text },
    kubernetes: { namespace_name: namespace, pod_name: pod },
  }),
  otel: (pod, seconds, bad, namespace = "shop", text = usual) => ({
    "@timestamp": at(seconds),
    severity_text: bad ? "ERROR" : "INFO",
    severity_number: bad ? 17 : 9,
    body: { text },
    resource: { attributes: { "k8s.namespace.name": namespace, "k8s.pod.name": pod } },
  }),
};

/** Mappings as the shippers' own templates make them. */
export const mappings: Readonly<Record<LogFormatName, object>> = {
  filebeat: {
    kubernetes: { properties: { namespace: keyword, pod: { properties: { name: keyword } } } },
    log: { properties: { level: keyword } },
  },
  "fluent-bit": { kubernetes: { properties: { namespace_name: keyword, pod_name: keyword } } },
  otel: {
    resource: { properties: { attributes: { properties: { "k8s.namespace.name": keyword, "k8s.pod.name": keyword } } } },
  },
};

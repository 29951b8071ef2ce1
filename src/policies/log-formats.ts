import type { LogFields } from "../model.ts";

export const logFormatNames = ["filebeat", "fluent-bit", "otel"] as const;
export const logLevels = ["warn", "error", "fatal"] as const;

export type LogFormatName = (typeof logFormatNames)[number];
export type LogLevel = (typeof logLevels)[number];

type Names = Omit<LogFields, "values">;

/** Field names as each shipper writes them. Fluent Bit has no level of its own: it is read from JSON that was merged into the document. */
const formats: Readonly<Record<LogFormatName, Names>> = {
  filebeat: {
    time: "@timestamp",
    namespace: "kubernetes.namespace",
    pod: "kubernetes.pod.name",
    levels: ["log.level"],
    texts: ["message"],
  },
  "fluent-bit": {
    time: "@timestamp",
    namespace: "kubernetes.namespace_name",
    pod: "kubernetes.pod_name",
    levels: ["log_processed.level", "level"],
    texts: ["log_processed.message", "log_processed.msg", "message", "msg", "log"],
  },
  otel: {
    time: "@timestamp",
    namespace: "resource.attributes.k8s.namespace.name",
    pod: "resource.attributes.k8s.pod.name",
    levels: ["severity_number"],
    texts: ["body.text", "body", "message"],
  },
};

/** Words and the numbers of pino and bunyan, each level by its own. */
const words: Readonly<Record<LogLevel, readonly string[]>> = {
  warn: ["warn", "warning", "40"],
  error: ["err", "error", "severe", "50"],
  fatal: ["fatal", "crit", "critical", "alert", "emerg", "emergency", "panic", "60"],
};

/** First `severity_number` of each level (OpenTelemetry logs data model); the last of all is 24. */
const severities: Readonly<Record<LogLevel, number>> = { warn: 13, error: 17, fatal: 21 };
const lastSeverity = 24;

/** Own names stand over the format's; `level` and `text` are then the only fields that are looked at. */
export interface OwnFields {
  readonly time?: string | undefined;
  readonly namespace?: string | undefined;
  readonly pod?: string | undefined;
  readonly level?: string | undefined;
  readonly text?: string | undefined;
}

/**
 * The fields of a format, and every value of a level that is as bad as `level` or worse. The values are listed rather than compared:
 * in an index where numbers were stored as keywords, "9" is more than "17".
 */
export function logFieldsOf(format: LogFormatName, level: LogLevel, own: OwnFields = {}): LogFields {
  const { time, namespace, pod, levels, texts } = formats[format];
  return {
    time: own.time ?? time,
    namespace: own.namespace ?? namespace,
    pod: own.pod ?? pod,
    levels: own.level === undefined ? levels : [own.level],
    texts: own.text === undefined ? texts : [own.text],
    values: format === "otel" && own.level === undefined ? severitiesFrom(level) : wordsFrom(level),
  };
}

function severitiesFrom(level: LogLevel): readonly string[] {
  const first = severities[level];
  return Array.from({ length: lastSeverity - first + 1 }, (_, index) => String(first + index));
}

function wordsFrom(level: LogLevel): readonly string[] {
  const wanted = logLevels.slice(logLevels.indexOf(level)).flatMap((one) => words[one]);
  return [...new Set(wanted.flatMap((word) => [word, word.toUpperCase(), `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`]))];
}

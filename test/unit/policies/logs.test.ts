import { describe, expect, test } from "vitest";
import { logFieldsOf } from "../../../src/policies/log-formats.ts";
import { limitWarnings } from "../../../src/policies/limits.ts";
import { storedPolicy, storePolicy } from "../../../src/policies/policy.ts";
import { signalOf, signalSchema } from "../../../src/policies/signal.ts";
import { aPolicy } from "./a-policy.ts";

const problemsOf = (logs: object) => signalSchema.safeParse({ logs }).error?.issues.map(({ message }) => message) ?? [];

describe("a signal of log lines", () => {
  test("needs a format alone", () => {
    expect(signalOf(signalSchema.parse({ logs: { format: "filebeat" } }))).toMatchObject({
      kind: "logs",
      index: "logs-*",
      limit: 6,
      worseThanOld: 1.5,
      fields: { pod: "kubernetes.pod.name", namespace: "kubernetes.namespace", levels: ["log.level"], time: "@timestamp" },
    });
  });

  test.each<[string, object, RegExp]>([
    ["a bare number", { limit: 6 }, /6 cannot be read\n.*such as 6\/min\/pod.*\n.*did you mean "6\/min\/pod"/],
    ["a rate without pods", { limit: "6/min" }, /did you mean "6\/min\/pod"/],
    ["no lines at all", { limit: "0/min/pod" }, /out of range/],
    ["an index with capitals", { index: "Logs" }, /"Logs" is no index pattern/],
    ["a field with spaces", { fields: { pod: "pod name" } }, /"pod name" is no field name/],
  ])("refuses %s", (_what, logs, problem) => {
    expect(problemsOf({ format: "otel", ...logs }).join()).toMatch(problem);
  });

  test("is stored as it was written, and read back with the same numbers", () => {
    const policy = aPolicy("p", "{}", ["signals: { a: { logs: { format: otel, limit: 0.25/min/pod, fields: { pod: k8s.pod } } } }"]);
    expect(storedPolicy(storePolicy(policy))).toEqual(policy);
    expect(storePolicy(policy).spec.signals["a"]?.logs).toMatchObject({ limit: "0.25/min/pod" });
  });

  test("cannot pass early, and check says so", () => {
    const policy = aPolicy("p", "{}", ["passEarly: {}", "signals: { a: { logs: { format: otel } } }"]);
    expect(limitWarnings(policy)).toEqual(["a: passEarly: log lines never show enough, so the guard runs its whole window"]);
  });
});

describe("levels", () => {
  test("error and worse are counted, in any spelling and as pino's number", () => {
    const { values } = logFieldsOf("fluent-bit", "error");
    expect(values).toEqual(expect.arrayContaining(["error", "ERROR", "Error", "fatal", "critical", "50", "60"]));
    expect(values).not.toEqual(expect.arrayContaining(["warn"]));
    expect(values).not.toContain("40");
  });

  test("OpenTelemetry's numbers begin at 17 for error and end at 24", () => {
    expect(logFieldsOf("otel", "error").values).toEqual(["17", "18", "19", "20", "21", "22", "23", "24"]);
    expect(logFieldsOf("otel", "fatal").values[0]).toBe("21");
  });

  test("an own level field is the only one, and holds words", () => {
    expect(logFieldsOf("otel", "error", { level: "sev" })).toMatchObject({ levels: ["sev"] });
    expect(logFieldsOf("otel", "error", { level: "sev" }).values).toContain("ERROR");
  });
});

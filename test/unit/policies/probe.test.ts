import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { limitWarnings } from "../../../src/policies/limits.ts";
import { storedPolicy, storePolicy } from "../../../src/policies/policy.ts";
import { fillUrl } from "../../../src/policies/probe-url.ts";
import { signalOf, signalSchema } from "../../../src/policies/signal.ts";
import { aPolicy } from "./a-policy.ts";

const problemsOf = (probe: object) => signalSchema.safeParse({ probe }).error?.issues.map(({ message }) => message) ?? [];
const url = "http://{{name}}.{{namespace}}.svc:8080/health";

describe("a probe", () => {
  test("needs an address alone", () => {
    expect(signalOf(signalSchema.parse({ probe: { url } }))).toEqual({
      kind: "probe",
      url,
      everyMs: 30_000,
      expect: { statuses: ["2xx"], withinMs: 5_000 },
      failures: { failures: 3, of: 5 },
    });
  });

  test.each<[string, object, RegExp]>([
    ["another scheme", { url: "ftp://web/health" }, /is no address to call\n.*\nftp:\/\/ cannot be called/],
    ["no scheme", { url: "shop.example/health" }, /is no address to call\n.*\nhttp:\/\/ or https:\/\/ is missing/],
    ["no scheme before a port", { url: "shop.example:8080/health" }, /http:\/\/ or https:\/\/ is missing/],
    ["a port that is none", { url: "http://shop.example:80x/health" }, /its host or port cannot be read/],
    ["a password in the address", { url: "http://me:pw@web.shop.svc" }, /holds a user or a password.*\n.*\n.*headersFile/],
    ["a placeholder that does not exist", { url: "http://{{pod}}.shop.svc" }, /unknown placeholder \{\{pod\}\}/],
    ["a host that a workload's name would choose", { url: "http://{{name}}/health" }, /the host ends in a placeholder/],
    ["the same with a port", { url: "http://{{name}}.{{ namespace }}:80/health" }, /the host ends in a placeholder/],
    ["a status that is none", { expect: { status: "ok" } }, /"ok" is no HTTP status/],
    ["a path that is none", { expect: { json: { path: "$.a[0]", equals: 1 } } }, /is no path/],
    ["a value that is a map", { expect: { json: { path: "a", equals: {} } } }, /cannot be compared with/],
    ["days of a certificate without TLS", { expect: { certificateDays: 30 } }, /no certificate without https/],
    ["a pace of milliseconds", { every: "100ms" }, /out of range/],
    ["more failures than calls", { failures: "6 of 5" }, /out of range/],
    ["headers in the policy", { headers: { Authorization: "Bearer x" } }, /Unrecognized|unknown|headers/],
  ])("refuses %s", (_what, probe, problem) => {
    expect(problemsOf({ url, ...probe }).join()).toMatch(problem);
  });

  test("is stored as it was written, and read back with the same numbers", () => {
    const probe = `{ url: "https://shop.example/health", every: 1m, expect: { status: [200, 3xx], json: { path: db.up, equals: true }, within: 500ms, certificateDays: 30 }, failures: 2 of 2 }`;
    const policy = aPolicy("p", "{}", [`signals: { a: { probe: ${probe} } }`]);
    expect(storedPolicy(storePolicy(policy))).toEqual(policy);
    expect(storePolicy(policy).spec.signals["a"]?.probe).toMatchObject({ every: "1m", expect: { within: "500ms" }, failures: "2 of 2" });
  });

  test("that is called too seldom for the window can never breach, and check says so", () => {
    const policy = aPolicy("p", "{}", ["window: 10m", `signals: { a: { probe: { url: "${url}", every: 5m } } }`]);
    expect(limitWarnings(policy)).toEqual(["a: 3 calls, one every 5m, take longer than window: it can never breach"]);
  });

  test("whose calls last longer than their pace is warned of by check", () => {
    const policy = aPolicy("p", "{}", [`signals: { a: { probe: { url: "${url}", every: 2s } } }`]);
    expect(limitWarnings(policy)).toEqual(["a: within 5s is longer than every: calls that are due meanwhile are not made"]);
  });

  test("calls the host that the policy names, whatever the workload is called", () => {
    const name = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?$/);
    fc.assert(
      fc.property(name, name, (one, other) => {
        const { host, pathname } = new URL(
          fillUrl("http://{{name}}.{{namespace}}.svc:8080/x/{{name}}/health", { name: one, namespace: other }),
        );
        expect([host.endsWith(".svc:8080"), pathname.startsWith("/x/")]).toEqual([true, true]);
      }),
    );
  });
});

import { describe, expect, it } from "vitest";
import { catalogue, RearguardError, redact, sentence } from "../../src/errors.ts";

describe("redact", () => {
  it.each([
    ["a bearer token", "Authorization: Bearer abcDEF123456.xyz", "Authorization: Bearer [redacted]"],
    ["a basic credential", "authorization: basic dXNlcjpwYXNz", "authorization: basic [redacted]"],
    ["a password in a URL", "GET https://user:secret@prom.example/api", "GET https://[redacted]@prom.example/api"],
    ["a token in a query", "https://hooks.example/x?a=1&token=s3cr3t&b=2", "https://hooks.example/x?a=1&token=[redacted]&b=2"],
    ["a Grafana token", "sent glsa_abcdef123456 along", "sent [redacted] along"],
    ["a Slack token", "sent xoxb-123456-abcdef along", "sent [redacted] along"],
    ["a rotating Slack token", "sent xoxe.xoxb-1-abcdef along", "sent [redacted] along"],
    [
      "the address of a Slack webhook",
      "POST https://hooks.slack.com/services/T0/B0/abc failed",
      "POST https://hooks.slack.com/[redacted] failed",
    ],
    ["a signing secret", "whsec_MfKQ9r8GKYqrTwjU is bad", "[redacted] is bad"],
  ])("takes out %s", (_what, text, clean) => {
    const cleaned = redact(text);

    expect(cleaned).toBe(clean);
  });

  it.each(["basic and bearerTokenFile exclude each other", "the token is missing", "bearer authentication failed for deployment shop/web"])(
    "leaves ordinary words alone: %s",
    (text) => {
      expect(redact(text)).toBe(text);
    },
  );
});

describe("RearguardError", () => {
  it("never carries a credential in its sentence", () => {
    const error = new RearguardError("PROMETHEUS_UNREACHABLE", "http://me:hunter2@prom:9090 does not answer");

    expect(error.message).toBe("http://[redacted]@prom:9090 does not answer");
    expect(error.remedy).toBe(catalogue.PROMETHEUS_UNREACHABLE);
  });

  it("names the cause that the wire gave", () => {
    const cause = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });

    expect(sentence(new TypeError("fetch failed", { cause }))).toBe("fetch failed (ECONNREFUSED)");
    expect(sentence(new Error("no answer", { cause: new TypeError("fetch failed", { cause }) }))).toBe("no answer (ECONNREFUSED)");
    expect(sentence(new Error("listen ECONNREFUSED", { cause }))).toBe("listen ECONNREFUSED");
  });

  it("has a remedy for every code that ends as a sentence", () => {
    for (const remedy of Object.values(catalogue)) expect(remedy).toMatch(/^[A-Z].*\.$/);
  });
});

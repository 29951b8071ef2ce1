import { describe, expect, it } from "vitest";
import { catalogue, RearguardError, sentence } from "../../src/errors.ts";

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

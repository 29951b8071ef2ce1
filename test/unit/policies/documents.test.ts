import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePolicies } from "../../../src/policies/parse.ts";
import { renderProblem } from "../../../src/policies/problem.ts";
import { policyYaml } from "./a-policy.ts";

test("every problem of a file is reported at once, in reading order, and a good document beside a broken one is kept", () => {
  const text = [
    policyYaml("one", "{}", ["mode: off", "window: 5"]),
    "kind: Policy\nkind: Policy\n",
    policyYaml("good", "{ names: [api] }"),
    "a: &x [1]\nb: *x\n",
    "- 1\n",
    policyYaml("last", "{}", ["sustain: 1"]),
  ].join("---\n");
  const { policies, problems } = parsePolicies(text, "many.yaml");
  expect(policies.map(({ policy, file, line, column }) => [policy.metadata.name, file, line, column])).toEqual([
    ["good", "many.yaml", 15, 19],
  ]);
  expect(problems.map(renderProblem)).toEqual([
    'many.yaml:6:9 spec.mode: "off" is no mode; allowed: observe or enforce',
    "many.yaml:7:11 spec.window: 5 is not a duration; allowed: a duration such as 500ms, 30s, 5m or 1h30m; the unit is missing; did you mean 5s or 5m?",
    "many.yaml:11:1: the key stands twice in this map",
    "many.yaml:21:4: the alias *x is not supported; write the value out",
    "many.yaml:23:1: expected a map, found a list; allowed: apiVersion, kind, metadata, spec",
    "many.yaml:30:12 spec.sustain: 1 is not a duration; allowed: a duration such as 500ms, 30s, 5m or 1h30m; the unit is missing; did you mean 1s or 1m?",
  ]);
});

describe("a text that is no policy is one clear problem", () => {
  test.each([
    ["", "p.yaml:1:1: the file holds no policy; to take a policy out of force, delete its file"],
    ["# all commented out\n", "p.yaml:1:1: the file holds no policy; to take a policy out of force, delete its file"],
    ["a: [1", "p.yaml:1:6: not valid YAML: flow sequence in block collection must be sufficiently indented and end with a ]"],
    ["a:\n\t- 1\n", "p.yaml:2:1: a tab is used as indentation; YAML allows spaces only"],
    ["a: !secret x\n", "p.yaml:1:4: not valid YAML: unresolved tag: !secret"],
    ["__proto__: { a: 1 }\n", "p.yaml:1:1: the key __proto__ is not allowed"],
  ])("%j", (text, expected) => {
    expect(parsePolicies(text, "p.yaml").problems.map(renderProblem)).toEqual([expected]);
  });
});

test("a text nested beyond reason is a problem, not an overflow", () => {
  const { policies, problems } = parsePolicies(`${"[".repeat(5000)}${"]".repeat(5000)}`, "p.yaml");
  expect(policies).toEqual([]);
  // At how many of its depths the parser gives up is the engine's affair.
  expect([...new Set(problems.map(({ what }) => what))]).toEqual(["the document is nested too deeply"]);
});

test("any text at all is answered with policies or problems, never thrown at", () => {
  const pieces = fc.constantFrom(
    ...Array.from("{}[]:,-*&!|>%@`'\"\n\t #?~"),
    "spec:",
    "  match:",
    "signals",
    "<<",
    "---\n",
    "kind: Policy\n",
    "null",
    "1e400",
    "__proto__",
    "constructor",
    "é",
    "\u0000",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join("")),
      ),
      (text) => {
        const { policies, problems } = parsePolicies(text, "any.yaml");
        expect(policies.length + problems.length).toBeGreaterThan(0);
        for (const problem of problems) expect(renderProblem(problem).split("\n")).toHaveLength(1);
      },
    ),
    { numRuns: 300 },
  );
});

test("any data in the place of a spec is answered, and a wrong one is never taken for a policy", () => {
  const key = fc.constantFrom(
    "match",
    "mode",
    "signals",
    "onBreach",
    "noData",
    "http",
    "pods",
    "errors",
    "slower",
    "default",
    "p95",
    "window",
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(null, true, 0, -1, "30s", "1%", "observe", ""),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(key, tie("value"), { maxKeys: 5 }),
    ),
  }));
  fc.assert(
    fc.property(value, (spec) => {
      const text = JSON.stringify({ apiVersion: "rearguard.dev/v1alpha1", kind: "Policy", metadata: { name: "any" }, spec });
      const { policies, problems } = parsePolicies(text, "any.yaml");
      expect(policies.length === 1).toBe(problems.length === 0);
      for (const { line, column } of problems) expect([line, column > 0]).toEqual([1, true]);
    }),
    { numRuns: 300 },
  );
});

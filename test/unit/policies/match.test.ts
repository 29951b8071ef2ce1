import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { globMatches, globsOverlap } from "../../../src/policies/glob.ts";
import { choosePolicy, type Matchable } from "../../../src/policies/match.ts";
import { parsePolicies } from "../../../src/policies/parse.ts";
import { renderProblem } from "../../../src/policies/problem.ts";
import { policySetOf } from "../../../src/policies/policy-set.ts";
import { aPolicy, policyYaml } from "./a-policy.ts";

const api: Matchable = { namespace: "shop", kind: "Deployment", name: "api", labels: { app: "api", tier: "web" }, annotations: {} };

function chosen(matches: readonly string[], workload: Matchable, ownNamespace?: string): string {
  const policies = matches.map((match, at) => aPolicy(`p${at}`, match));
  const choice = choosePolicy(policies, workload, ownNamespace);
  return choice.kind === "policy" ? (matches[policies.indexOf(choice.policy)] ?? "") : choice.kind;
}

describe("the most specific policy wins", () => {
  test.each([
    ["a name over labels", "{ names: [api] }", "{ labels: { app: api, tier: web }, namespaces: [shop], kinds: [Deployment] }"],
    ["more labels over fewer", "{ labels: { app: api, tier: web } }", "{ labels: { app: api }, namespaces: [shop] }"],
    ["labels over a namespace", "{ labels: { app: api } }", "{ namespaces: [shop], kinds: [Deployment] }"],
    ["a namespace over a kind", "{ namespaces: [shop] }", "{ kinds: [Deployment] }"],
    ["a kind over nothing", "{ kinds: [Deployment] }", "{}"],
    ["a full name over a glob", "{ names: [api] }", "{ names: ['ap*'], labels: { app: api } }"],
    ["a longer glob over a shorter one", "{ namespaces: ['sho*'] }", "{ namespaces: ['s*'] }"],
    ["a glob over nothing", "{ namespaces: ['*'] }", "{}"],
    ["the best of several patterns counts", "{ names: ['a*', api] }", "{ names: ['ap*'] }"],
    ["equal names, then labels", "{ names: [api], labels: { app: api } }", "{ names: [api], namespaces: [shop] }"],
  ])("%s", (_name, winner, loser) => {
    expect(chosen([winner, loser], api)).toBe(winner);
    expect(chosen([loser, winner], api)).toBe(winner);
  });
});

test.each([
  "{ names: [web] }",
  "{ namespaces: [sho] }",
  "{ labels: { app: web } }",
  "{ labels: { app: api, more: x } }",
  "{ kinds: [StatefulSet] }",
  "{ names: ['*x'] }",
])("%s does not match", (match) => {
  expect(chosen([match], api)).toBe("none");
});

test("the annotation takes a workload out, whatever names it", () => {
  const choice = choosePolicy([aPolicy("p", "{ names: [api] }")], { ...api, annotations: { "rearguard.dev/guard": "off" } });
  expect(choice).toEqual({ kind: "off", because: "annotation rearguard.dev/guard: off" });
  expect(chosen(["{}"], { ...api, annotations: { "rearguard.dev/guard": "on" } })).toBe("{}");
});

test("kube-system and Rearguard itself are matched only where they are named", () => {
  const dns = { ...api, namespace: "kube-system", name: "dns" };
  expect(chosen(["{}", "{ namespaces: ['*'] }", "{ namespaces: ['kube-*'] }", "{ labels: { app: api } }", "{ names: ['d*'] }"], dns)).toBe(
    "none",
  );
  expect(chosen(["{ namespaces: [kube-system] }"], dns)).toBe("{ namespaces: [kube-system] }");
  expect(chosen(["{ names: [dns] }"], dns)).toBe("{ names: [dns] }");
  expect(chosen(["{}"], { ...api, namespace: "guarding" }, "guarding")).toBe("none");
  expect(chosen(["{}"], { ...api, labels: { "app.kubernetes.io/name": "rearguard" } })).toBe("none");
});

describe("ties at load", () => {
  test.each([
    ["{}", "{}"],
    ["{ namespaces: [a, b] }", "{ namespaces: [b, c] }"],
    ["{ namespaces: ['a*'] }", "{ namespaces: ['*b'] }"],
    ["{ labels: { app: x } }", "{ labels: { tier: y } }"],
    ["{ kinds: [Deployment] }", "{ kinds: [Deployment, DaemonSet] }"],
    ["{ names: [api], namespaces: [a] }", "{ names: [api], namespaces: [a] }"],
  ])("%s ties with %s", (one, other) => {
    const { problems } = policySetOf([
      { file: "one.yaml", text: policyYaml("one", one) },
      { file: "other.yaml", text: policyYaml("other", other) },
    ]);
    expect(problems.map(renderProblem)).toEqual([
      'other.yaml:3:19 spec.match: "other" and "one" (one.yaml:3:19) can match the same workload and are equally specific; make one of them more specific: names, then labels, then namespaces, then kinds decide',
    ]);
  });

  test.each([
    ["{}", "{ kinds: [Deployment] }"],
    ["{ namespaces: [a] }", "{ namespaces: [b] }"],
    ["{ namespaces: [abc] }", "{ namespaces: ['a*'] }"],
    ["{ namespaces: ['a*'] }", "{ namespaces: ['b*'] }"],
    ["{ labels: { app: x } }", "{ labels: { app: y } }"],
    ["{ labels: { app: x } }", "{ labels: { app: x, tier: y } }"],
    ["{ kinds: [Deployment] }", "{ kinds: [DaemonSet] }"],
    ["{ names: [api] }", "{ names: [web] }"],
  ])("%s does not tie with %s", (one, other) => {
    const text = `${policyYaml("one", one)}---\n${policyYaml("other", other)}`;
    expect(policySetOf([{ file: "both.yaml", text }]).problems).toEqual([]);
  });

  test("two policies of one name are a problem that names both places", () => {
    const text = `${policyYaml("twin", "{ names: [a] }")}---\n${policyYaml("twin", "{ names: [b] }")}`;
    expect(policySetOf([{ file: "both.yaml", text }]).problems.map(renderProblem)).toEqual([
      'both.yaml:10:19 metadata.name: the name "twin" is taken by both.yaml:3:19; allowed: one name for each policy',
    ]);
  });
});

const word = fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 4 });
const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*"), minLength: 1, maxLength: 5 });

test("a glob matches what the same regular expression matches, and two that match one text overlap", () => {
  fc.assert(
    fc.property(pattern, pattern, word, (one, other, text) => {
      const asRegex = new RegExp(`^${one.replaceAll("*", ".*")}$`);
      expect(globMatches(one, text)).toBe(asRegex.test(text));
      expect(globsOverlap(one, other) || !globMatches(one, text) || !globMatches(other, text)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test("globs that overlap have a text in common", () => {
  let texts = [""];
  for (let length = 1; length <= 5; length += 1) texts = ["", ...texts.flatMap((text) => [`${text}a`, `${text}b`])];
  const short = fc.string({ unit: fc.constantFrom("a", "b", "*"), minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(short, short, (one, other) => {
      expect(globsOverlap(one, other)).toBe(texts.some((text) => globMatches(one, text) && globMatches(other, text)));
    }),
    { numRuns: 1000 },
  );
});

test("the choice is the same whatever the order of the policies, and a set that loads never ties", () => {
  const values = fc.array(pattern, { minLength: 1, maxLength: 2 });
  const match = fc.record(
    { names: values, namespaces: values, labels: fc.dictionary(fc.constantFrom("x", "y"), word), kinds: fc.constant(["Deployment"]) },
    { requiredKeys: [] },
  );
  const workload = fc.record({
    namespace: word,
    name: word,
    kind: fc.constant("Deployment" as const),
    labels: fc.dictionary(fc.constantFrom("x", "y"), word),
    annotations: fc.constant({}),
  });
  fc.assert(
    fc.property(fc.array(match, { minLength: 1, maxLength: 5 }), workload, (matches, one) => {
      const text = matches.map((item, at) => policyYaml(`p${at}`, JSON.stringify(item))).join("---\n");
      const { loaded, policies } = policySetOf([{ file: "any.yaml", text }]).set;
      expect(loaded).toHaveLength(matches.length);
      const choice = choosePolicy(policies, one);
      expect(choosePolicy(policies.toReversed(), one)).toEqual(choice);
      if (choice.kind !== "policy" || policySetOf([{ file: "any.yaml", text }]).problems.length > 0) return;
      // Renamed the other way round, the name decides otherwise; so if the choice stays, something better than the name decided.
      const renamed = parsePolicies(
        matches.map((item, at) => policyYaml(`p${9 - at}`, JSON.stringify(item))).join("---\n"),
        "any.yaml",
      ).policies.map(({ policy }) => policy);
      const again = choosePolicy(renamed, one);
      expect(again.kind === "policy" && renamed.indexOf(again.policy)).toBe(policies.indexOf(choice.policy));
    }),
    { numRuns: 300 },
  );
});

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fastify } from "fastify";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";
import { check } from "../../../src/cli/check.ts";
import { generate } from "../../../src/cli/generate.ts";
import { policyJsonSchema, schemasByKind } from "../../../src/policies/schema.ts";
import { policyYaml } from "./a-policy.ts";

const root = join(import.meta.dirname, "../../..");
let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "check-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function checked(...paths: readonly string[]) {
  const lines: string[] = [];
  const code = await check(paths, (line) => lines.push(line.replaceAll(folder, "F")));
  return { code, lines };
}

test("valid policies: what each matches, what to know, how many", async () => {
  await writeFile(join(folder, "a.yaml"), policyYaml("all"));
  await writeFile(
    join(folder, "b.yaml"),
    policyYaml("api", "{ kinds: [Deployment], names: ['api-*'], namespaces: [shop, lab], labels: { app: api, tier: web } }", [
      "mode: enforce",
      "signals: { latency: { http: { preset: prom-client, slower: { p95: 200ms } } } }",
    ]),
  );
  expect(await checked(folder)).toEqual({
    code: 0,
    lines: [
      "all (observe): every workload",
      "api (enforce): Deployment named api-* in shop, lab with app=api, tier=web",
      "F/b.yaml:3:19 warning: latency: p95 200ms: prom-client's default buckets have no bound at 0.2 s; judged between 0.1 and 0.25 s",
      "2 policies in 2 files, no problem",
    ],
  });
});

test("every problem on a line of its own, then how many", async () => {
  await writeFile(join(folder, "a.yaml"), policyYaml("a", "{}", ["mode: strict", "sustain: 5"]));
  expect(await checked(join(folder, "a.yaml"), join(folder, "gone.yaml"))).toEqual({
    code: 1,
    lines: [
      'F/a.yaml:6:9 spec.mode: "strict" is no mode; allowed: observe or enforce',
      "F/a.yaml:7:12 spec.sustain: 5 is not a duration; allowed: a duration such as 500ms, 30s, 5m or 1h30m; the unit is missing; did you mean 5s or 5m?",
      "F/gone.yaml: cannot be read; it does not exist",
      "3 problems in F/a.yaml, F/gone.yaml",
    ],
  });
});

test("a folder without policies is no success", async () => {
  expect(await checked(folder)).toEqual({ code: 1, lines: ["no policy file (*.yaml) in F"] });
});

test("the policies that come with Rearguard are valid, without warnings", async () => {
  const { code, lines } = await checked(join(root, "config/policies"));
  expect([code, lines.filter((line) => line.includes("warning"))]).toEqual([0, []]);
});

test("an editor with the schema accepts what we accept and refuses the common slips", async () => {
  // Fastify brings a full JSON schema validator, as an editor has one.
  await using server = fastify({ ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } } });
  server.post("/", { schema: { body: policyJsonSchema() } }, () => "valid");
  const accepts = async (text: string) =>
    (await server.inject({ method: "POST", url: "/", payload: parse(text) as object })).statusCode === 200;
  expect(await accepts(await readFile(join(root, "config/policies/default.yaml"), "utf8"))).toBe(true);
  expect(await accepts(policyYaml("a"))).toBe(true);
  const job = "signals: { a: { job: { pod: { containers: [{ name: a, image: b }] } } } }";
  expect(await accepts(policyYaml("a", "{}", [job]))).toBe(true);
  const slips = [
    "signals: { a: { job: { pod: {} } } }",
    "signals: { a: { job: { pod: { containers: [] } } } }",
    "signals: { a: { job: { pod: { spec: { containers: [{ name: a, image: b }] } } } } }",
    "window: 30",
    "modus: observe",
    "confidence: 0.99",
    "signals: { a: { http: { preset: asp, errors: {} } } }",
    "signals: { a: { http: { preset: otel } } }",
    "signals: { a: { http: { preset: otel, slower: { p95: 1s, p99: 2s } } } }",
  ];
  for (const line of slips) expect([line, await accepts(policyYaml("a", "{}", [line]))]).toEqual([line, false]);
});

test("the schema offers each default as people would write it", () => {
  expect(schemasByKind.Policy).toMatchObject({
    properties: { spec: { required: ["match", "signals"], properties: { window: { default: "30m" }, confidence: { default: "99.9%" } } } },
  });
});

test("generated files are written once, and a stale one fails the check", async () => {
  const lines: string[] = [];
  const run = (checkOnly: boolean) =>
    generate({ root: folder, check: checkOnly, more: [{ path: "deploy/crds/x.yaml", text: "x\n" }], write: (line) => lines.push(line) });
  expect([await run(true), await run(false), await run(true)]).toEqual([1, 0, 0]);
  expect(lines).toEqual([
    "config/policy.schema.json is out of date: run npm run generate",
    "deploy/crds/x.yaml is out of date: run npm run generate",
    "config/policy.schema.json written",
    "deploy/crds/x.yaml written",
    "2 generated files are up to date",
  ]);
  expect(await readFile(join(folder, "deploy/crds/x.yaml"), "utf8")).toBe("x\n");
});

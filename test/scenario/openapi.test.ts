// The OpenAPI document is taken at its word: calls are made up from it, right and wrong ones, and each answer is held against it.
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { World } from "../support/world.ts";
import { bad, openQuick, quickPolicy } from "./quick.ts";
import { remedyPolicy } from "./remediation-world.ts";

interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}
interface Parameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly schema: JsonSchema;
}
type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>;
interface Operation {
  readonly operationId: string;
  readonly "x-role": string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content: Content }>>;
}
interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

interface Call {
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
  readonly type?: string;
  readonly token: keyof typeof tokens;
}

const tokens = { operate: "Bearer glsa_world_token", read: "Bearer reader", wrong: "Bearer nobody", none: undefined } as const;

let world: World;
let document: OpenApi;
let ajv: Ajv2020;
const faults: string[] = [];

beforeAll(async () => {
  world = await openQuick([{ name: "web" }, { name: "cart" }], {
    files: { "reader-token": "reader\n" },
    policy: `${quickPolicy}---\n${remedyPolicy("do: [notify]")}`,
    settings: {
      listen: {
        tokens: [
          { name: "alice", role: "operate", tokenFile: "grafana-token" },
          { name: "dashboard", role: "read", tokenFile: "reader-token" },
        ],
      },
    },
    logged(line) {
      if (/not as it is documented|a call of the API failed|"level":60/.test(line)) faults.push(line);
    },
  });
  world.release("cart", bad);
  world.release("web");
  await world.until("there are guards", () => world.records("web").length + world.records("cart").length === 2, 20);
  await world.run(5);
  const answer = await fetch(`${world.url()}/api/v1/openapi.json`, { headers: { authorization: tokens.read } });
  document = (await answer.json()) as OpenApi;
  ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: "openapi", components: document.components });
});

afterAll(() => world[Symbol.asyncDispose]());

const absolute = (schema: JsonSchema): object =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"openapi#/components')) as object;
const compiled = new Map<JsonSchema, ValidateFunction>();

function fits(schema: JsonSchema, value: unknown): boolean {
  const check = compiled.get(schema) ?? ajv.compile(absolute(schema));
  compiled.set(schema, check);
  return check(value);
}

function resolved(schema: JsonSchema): JsonSchema {
  const name = schema.$ref?.split("/").at(-1);
  return name === undefined ? schema : (document.components.schemas[name] ?? {});
}

/** Values that the schema allows. */
function valid(written: JsonSchema): fc.Arbitrary<unknown> {
  const schema = resolved(written);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.type === "integer") return fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? 9 });
  if (schema.type === "object") {
    const all = Object.entries(schema.properties ?? {}).map(([name, each]) => [name, fc.oneof(valid(each), known(name, each))] as const);
    return fc.record(Object.fromEntries(all), { requiredKeys: [...(schema.required ?? [])] });
  }
  const texts = [
    fc.string({ minLength: 1 }),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }),
    fc.string({ unit: "grapheme-ascii", minLength: 299, maxLength: 300 }),
    fc.string({ unit: fc.constantFrom("🙂", "a"), minLength: 295, maxLength: 300 }),
    ...(schema.pattern === undefined ? [] : [fc.stringMatching(new RegExp(schema.pattern))]),
  ];
  return fc.oneof(...texts).filter((text) => fits(schema, text));
}

/** What there is in this world, so that some calls find it. */
function known(name: string, schema: JsonSchema): fc.Arbitrary<unknown> {
  const there: Readonly<Record<string, unknown>> = {
    remediation: "slow",
    workload: { namespace: "shop", kind: "Deployment", name: "web" },
  };
  return name in there ? fc.constant(there[name]) : valid(schema);
}

/** Values that it does not allow, near ones and far ones. */
function invalid(schema: JsonSchema): fc.Arbitrary<unknown> {
  const near = fc
    .tuple(valid(schema), fc.string(), fc.jsonValue())
    .map(([value, key, other]) => (typeof value === "object" && value !== null ? { ...value, [key]: other } : other));
  const missing = valid(schema).map((value) => Object.fromEntries(Object.entries(value as object).slice(1)));
  const wrong = fc.tuple(valid(schema), fc.jsonValue(), fc.nat(3)).map(([value, other, at]) => {
    const keys = Object.keys(value as object);
    return { ...(value as object), [keys[at % Math.max(1, keys.length)] ?? "kind"]: other };
  });
  return fc.oneof(near, missing, wrong, fc.jsonValue()).filter((value) => !fits(schema, value));
}

const anyToken = fc.constantFrom<Call["token"][]>("operate", "operate", "operate", "read", "none", "wrong");
const parameters = (operation: Operation, place: Parameter["in"]) => operation.parameters.filter((each) => each.in === place);

/** Names in the path: mostly of a guard that is there. */
function paths(operation: Operation): fc.Arbitrary<Call["path"]> {
  const name = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom("@web", "@cart", "@slow") },
    fc.string({ minLength: 1 }).filter((text) => !/^\.{1,2}$/.test(text)),
  );
  return fc.record(Object.fromEntries(parameters(operation, "path").map((each) => [each.name, name])));
}

function rightCalls(operation: Operation): fc.Arbitrary<Call> {
  const query = fc.record(Object.fromEntries(parameters(operation, "query").map(({ name, schema }) => [name, valid(schema).map(String)])), {
    requiredKeys: [],
  });
  const schema = operation.requestBody?.content["application/json"]?.schema;
  const body =
    schema === undefined ? fc.constant({}) : valid(schema).map((value) => ({ body: JSON.stringify(value), type: "application/json" }));
  return fc.tuple(paths(operation), query, body, anyToken).map(([path, asked, sent, token]) => ({ path, query: asked, ...sent, token }));
}

/** Each is wrong in one way, so that its refusal is owed to that. */
function wrongCalls(operation: Operation): fc.Arbitrary<Call> {
  const schema = operation.requestBody?.content["application/json"]?.schema;
  const right = rightCalls(operation).map((call): Call => ({ ...call, token: "operate" }));
  const bodies =
    schema === undefined
      ? []
      : [
          fc.tuple(right, invalid(schema)).map(([call, value]) => ({ ...call, body: JSON.stringify(value) })),
          fc
            .tuple(
              right,
              fc.string().filter((text) => !isJson(text)),
            )
            .map(([call, body]) => ({ ...call, body })),
          fc
            .tuple(right, fc.constantFrom("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml", "x"))
            .map(([call, type]) => ({ ...call, type })),
          right.map((call) => ({ ...call, body: JSON.stringify({ reason: "x".repeat(20_000) }) })),
          right.map((call) => ({ ...call, body: '{"__proto__":{"kind":"abort"},"reason":"x","kind":"abort"}' })),
        ];
  const queries = parameters(operation, "query").flatMap(({ name, schema: wanted }) => [
    fc
      .tuple(
        right,
        fc.string().filter((text) => !fits(wanted, wanted.type === "integer" && /^\d+$/.test(text) ? Number(text) : text)),
      )
      .map(([call, text]) => ({ ...call, query: { ...call.query, [name]: text } })),
  ]);
  const unknownKey =
    parameters(operation, "query").length === 0 ? [] : [right.map((call) => ({ ...call, query: { ...call.query, nothing: "1" } }))];
  return fc.oneof(...bodies, ...queries, ...unknownKey);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The newest guard of a service, or of the remediation, when the call is made. */
function named(name: string): string {
  if (name === "@slow") return world.remediations("web").at(-1)?.name ?? name;
  return name === "@web" || name === "@cart" ? world.record(name.slice(1)).name : name;
}

async function make(
  method: string,
  path: string,
  call: Call,
): Promise<{ readonly status: number; readonly type: string; readonly body: string }> {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(named(call.path[name] ?? "")).replaceAll(".", "%2E"),
  );
  const asked = Object.entries(call.query).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as [string, string]]));
  const query = new URLSearchParams(asked).toString();
  const authorization = tokens[call.token];
  const enough = new AbortController();
  const answer = await fetch(`${world.url()}${filled}${query === "" ? "" : `?${query}`}`, {
    method: method.toUpperCase(),
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      ...(call.type === undefined ? {} : { "content-type": call.type }),
    },
    ...(call.body === undefined ? {} : { body: call.body }),
    signal: enough.signal,
  });
  const type = (answer.headers.get("content-type") ?? "").split(";")[0] ?? "";
  // A stream never ends by itself.
  const body = type === "text/event-stream" ? "" : await answer.text();
  enough.abort();
  return { status: answer.status, type, body };
}

/** The answer is one that the document names, in the form that it says. */
function expectDocumented(operation: Operation, { status, type, body }: Awaited<ReturnType<typeof make>>): void {
  const documented = operation.responses[status];
  expect(documented, `status ${status}: ${body}`).toBeDefined();
  const schema = documented?.content[type]?.schema;
  expect(schema, `status ${status} of type ${type}: ${body}`).toBeDefined();
  if (schema === undefined || type !== "application/json") return;
  expect(fits(schema, JSON.parse(body)), `${body} ${JSON.stringify(compiled.get(schema)?.errors)}`).toBe(true);
}

const came = new Set<string>();
let calls = 0;

/** So many calls, with the world going on between them. */
async function play(
  operationId: string,
  callsOf: (operation: Operation) => fc.Arbitrary<Call>,
  holds: (operation: Operation, call: Call, status: number) => void,
) {
  const found = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const { path, method, operation } = found.find((each) => each.operation.operationId === operationId) ?? {};
  if (path === undefined || method === undefined || operation === undefined) throw new Error(`no operation ${operationId}`);
  await fc.assert(
    fc.asyncProperty(callsOf(operation), async (call) => {
      // Orders end guards, and there are only so many in a second.
      calls += 1;
      if (calls % 10 === 0) await world.run(1);
      if (calls % 40 === 0) world.release("web");
      const answer = await make(method, path, call);
      came.add(`${operationId} ${answer.status}`);
      expectDocumented(operation, answer);
      holds(operation, call, answer.status);
    }),
    { numRuns: 100, seed: 61, endOnFailure: true },
  );
}

const operations = [
  "openGuard",
  "listGuards",
  "showGuard",
  "streamGuards",
  "streamGuard",
  "commandGuard",
  "showPause",
  "pauseAll",
  "resumeAll",
  "listPolicies",
  "openapi",
] as const;

test("the document names every operation, its role, and every answer that any call may get", () => {
  const all = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  expect(all.map(({ operationId }) => operationId).toSorted()).toEqual([...operations].toSorted());
  for (const operation of all) {
    expect(["read", "operate"]).toContain(operation["x-role"]);
    expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(["400", "401", "403", "503"]));
  }
});

describe("an answer is as documented, and no right call is called wrong", () => {
  test.each(operations)("%s", async (id) => {
    await play(id, rightCalls, (operation, { token }, status) => {
      expect([400, 413, 415, 500], "refused as wrong").not.toContain(status);
      expect(status === 401).toBe(token === "none" || token === "wrong");
      expect(status === 403).toBe(token === "read" && operation["x-role"] === "operate");
    });
  });
});

describe("an answer is as documented, and no wrong call is let through", () => {
  test.each(["listGuards", "commandGuard", "openGuard", "pauseAll"] as const)("%s", async (id) => {
    await play(id, wrongCalls, (_operation, call, status) => {
      expect([400, 413, 415]).toContain(status);
      // A form of another page cannot say that it is JSON.
      expect(status === 415).toBe(call.type !== undefined && call.type !== "application/json");
    });
  });
});

test("every kind of answer came, and nothing that is a fault of ours was logged", () => {
  const everyKind = ["commandGuard", "openGuard"].flatMap((id) => [202, 400, 401, 403, 404, 413, 415].map((status) => `${id} ${status}`));
  expect([...came]).toEqual(expect.arrayContaining([...everyKind, "commandGuard 409", "showGuard 404", "listGuards 200", "pauseAll 202"]));
  expect([...came].filter((answer) => answer.endsWith(" 500"))).toEqual([]);
  expect(faults).toEqual([]);
});

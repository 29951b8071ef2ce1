import type { RouteOptions } from "fastify";
import { z } from "zod";
import { failure, named } from "./schemas.ts";

/** What zod cannot say of itself stands in its meta. */
const lenient = { unrepresentable: "any" } as const;

type Json = Readonly<Record<string, unknown>>;

/** The OpenAPI 3.1 document of these routes, made from what they are registered with. */
export function openApiOf(routes: readonly RouteOptions[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = route.url.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [String(route.method).toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Rearguard", version, license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
    servers: [{ url: "/" }],
    security: [{ token: [] }],
    paths,
    components: {
      schemas: components(),
      securitySchemes: { token: { type: "http", scheme: "bearer", description: "One of listen.tokens of the settings." } },
    },
  };
}

function operationOf({ schema, config }: RouteOptions): Json {
  const { id, summary, role, failures = {}, produces } = config ?? {};
  const body = schema?.body as z.ZodType | undefined;
  const answers = Object.entries((schema?.response ?? {}) as Readonly<Record<string, z.ZodType>>);
  return {
    operationId: id,
    summary,
    "x-role": role,
    parameters: [...parametersOf("path", schema?.params), ...parametersOf("query", schema?.querystring)],
    ...(body === undefined ? {} : { requestBody: { required: true, content: json(body) } }),
    responses: {
      ...Object.fromEntries(answers.map(([status, answer]) => [status, { description: "As asked.", content: json(answer) }])),
      ...(produces === undefined ? {} : { 200: { description: "As asked.", content: { [produces]: { schema: { type: "string" } } } } }),
      ...Object.fromEntries(Object.entries(failures).map(([status, description]) => [status, { description, content: json(failure) }])),
    },
  };
}

function parametersOf(place: "path" | "query", schema: unknown): readonly Json[] {
  if (!(schema instanceof z.ZodObject)) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(schema, lenient);
  return Object.entries(properties).map(([name, each]) => {
    const { description, ...of } = each as Json;
    return { name, in: place, required: required.includes(name), ...(description === undefined ? {} : { description }), schema: of };
  });
}

function json(schema: z.ZodType): Json {
  const id = named.get(schema)?.id;
  return { "application/json": { schema: id === undefined ? z.toJSONSchema(schema, lenient) : { $ref: refOf(id) } } };
}

function components(): Json {
  const { schemas } = z.toJSONSchema(named, { ...lenient, uri: refOf });
  return Object.fromEntries(Object.entries(schemas).map(([id, { $id: _id, $schema: _schema, ...schema }]) => [id, schema]));
}

function refOf(id: string): string {
  return `#/components/schemas/${id}`;
}

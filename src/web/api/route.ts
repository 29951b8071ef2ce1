import type { FastifyBaseLogger, FastifyInstance, FastifyTypeProvider, RawServerDefault } from "fastify";
import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import type { Role } from "./identity.ts";

/** What zod reads a request as, and what an answer has to be. */
interface ZodTypes extends FastifyTypeProvider {
  readonly validator: this["schema"] extends z.ZodType ? z.output<this["schema"]> : unknown;
  readonly serializer: this["schema"] extends z.ZodType ? Frozen<z.input<this["schema"]>> : unknown;
}

/** What is only read may be readonly. */
type Frozen<T> = T extends readonly (infer Each)[]
  ? readonly Frozen<Each>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;

export type Api = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypes>;

declare module "fastify" {
  interface FastifyContextConfig {
    /** Who may call it. */
    readonly role?: Role;
    /** Name in the OpenAPI document. */
    readonly id?: string;
    readonly summary?: string;
    /** Answers beside those with a schema of their own, with what each means. */
    readonly failures?: Readonly<Record<number, string>>;
    /** What it answers with where that is no JSON. */
    readonly produces?: string;
  }
}

/** Requests are read, and answers written, by the schemas that the OpenAPI document is made from. */
export function withSchemas(app: FastifyInstance): Api {
  const api = app.withTypeProvider<ZodTypes>();
  api.setValidatorCompiler<z.ZodType>(({ schema }) => (value: unknown) => {
    const parsed = schema.safeParse(value);
    return parsed.success ? { value: parsed.data } : { error: new Error(firstOf(parsed.error.issues)) };
  });
  api.setSerializerCompiler<z.ZodType>(({ schema, method, url }) => (answer) => {
    const parsed = schema.safeParse(answer);
    if (parsed.success) return JSON.stringify(parsed.data);
    // Better an answer with a fault in its form than none.
    api.log.error({ method, url, error: firstOf(parsed.error.issues) }, "an answer is not as it is documented");
    return JSON.stringify(answer);
  });
  return api;
}

function firstOf(issues: readonly z.core.$ZodIssue[]): string {
  const [first] = issues;
  const place = z.core.toDotPath(first?.path ?? []);
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  return `${place === "" ? "" : `${place}: `}${first?.message}${more}`;
}

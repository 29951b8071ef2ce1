import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { accessOf, type ElasticsearchUser } from "./access.ts";
import { aggregate, type Shard } from "./aggregate.ts";
import { hitsOf } from "./hits.ts";
import { compile } from "./query.ts";
import { SearchRefused } from "./refusal.ts";
import type { LogStore } from "./store.ts";

/** How this Elasticsearch misbehaves. hang: never answers; unavailable: 503; partial: a shard failed, the rest is answered. */
export type ElasticsearchFault = "hang" | "unavailable" | "partial";

export interface ElasticsearchApiParts {
  readonly store: LogStore;
  /** Major version; 9 unless told. */
  readonly version?: 8 | 9;
  /** With any, security is on. */
  readonly users?: readonly ElasticsearchUser[];
  /** In force at this request; undefined answers as it should. */
  readonly fault?: () => ElasticsearchFault | undefined;
}

type Body = Readonly<Record<string, unknown>>;

/** Serves what Rearguard asks of Elasticsearch, and what a test needs to fill it. */
export function registerElasticsearchApi(
  app: FastifyInstance,
  { store, version = 9, users = [], fault = () => undefined }: ElasticsearchApiParts,
): void {
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser(/^application\/.*json/, { parseAs: "string" }, (_request, body, done) => done(null, body));
  app.addHook("onSend", async (_request, reply) => void reply.header("x-elastic-product", "Elasticsearch"));
  app.addHook("preHandler", async (request, reply) => {
    const asked = /compatible-with=(\d+)/.exec(request.headers["content-type"] ?? request.headers.accept ?? "")?.[1];
    if (asked === undefined || Number(asked) <= version) return undefined;
    const reason = `A compatible version is required on both Content-Type and Accept headers if either one has requested a compatible version`;
    return refuse(reply, 400, "media_type_header_exception", reason);
  });

  app.get("/_cluster/health", async () => ({ status: "green", number_of_nodes: 1, timed_out: false }));
  app.put("/:index", async (request) => {
    const { mappings } = bodyOf(request) as { readonly mappings?: { readonly properties?: object } };
    store.create(indexOf(request), mappings?.properties ?? {});
    return { acknowledged: true, index: indexOf(request) };
  });
  // A document is found as soon as it is there.
  app.post("/_bulk", async (request) => {
    const lines = String(request.body).split("\n").filter(Boolean);
    for (let line = 0; line + 1 < lines.length; line += 2) {
      const { index, create } = JSON.parse(lines[line] ?? "{}") as Record<string, { readonly _index: string } | undefined>;
      store.add((index ?? create)?._index ?? "", JSON.parse(lines[line + 1] ?? "{}") as object);
    }
    return { errors: false, items: [] };
  });
  app.post("/:index/_search", async (request, reply) => {
    if (fault() === "hang") return reply.hijack();
    if (fault() === "unavailable") return refuse(reply, 503, "cluster_block_exception", "no master");
    const pattern = indexOf(request);
    const access = accessOf(pattern, request.headers.authorization, users, (name) => store.shards(name).length > 0);
    if (access.kind === "refused") return refuse(reply, access.status, "security_exception", access.reason);
    if (access.kind === "missing") return refuse(reply, 404, "index_not_found_exception", `no such index [${access.index}]`);
    const shards = store.shards(pattern).filter(({ index }) => access.mayRead(index));
    try {
      return await reply.send({ ...search(shards, bodyOf(request)), ...(fault() === "partial" ? failedShard : {}) });
    } catch (error) {
      if (!(error instanceof SearchRefused)) throw error;
      return refuse(reply, 400, error.type, error.message);
    }
  });
}

function search(shards: readonly Shard[], { query, aggs, ...wanted }: Body): object {
  const found = shards.map((shard) => ({ ...shard, documents: shard.documents.filter(compile(query, shard.mapping)) }));
  const value = found.reduce((sum, { documents }) => sum + documents.length, 0);
  return {
    took: 1,
    timed_out: false,
    _shards: { total: shards.length, successful: shards.length, skipped: 0, failed: 0 },
    hits: { total: { value, relation: "eq" }, max_score: null, hits: hitsOf(wanted, found) },
    ...(shards.length === 0 ? {} : { aggregations: aggregate(aggs, found) }),
  };
}

const failedShard = { _shards: { total: 2, successful: 1, skipped: 0, failed: 1, failures: [{ reason: { reason: "shard lost" } }] } };

function refuse(reply: FastifyReply, status: number, type: string, reason: string): FastifyReply {
  const cause = { type, reason };
  // A search's refusal comes from its shards, any other from the node.
  const isShards = type === "illegal_argument_exception" || type === "query_shard_exception";
  const outer = isShards ? { type: "search_phase_execution_exception", reason: "all shards failed" } : cause;
  return reply.code(status).send({ error: { root_cause: [cause], ...outer }, status });
}

function bodyOf(request: FastifyRequest): Body {
  return typeof request.body === "string" && request.body !== "" ? (JSON.parse(request.body) as Body) : {};
}

function indexOf(request: FastifyRequest): string {
  return decodeURIComponent((request.params as { readonly index: string }).index);
}

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { checkAccess, verbOf } from "./api/access.ts";
import type { Denied } from "./api/access.ts";
import type { Answer, Call } from "./api/call.ts";
import { discover, versionInfo } from "./api/discovery.ts";
import { get, list } from "./api/list.ts";
import type { Snapshots } from "./api/list.ts";
import { openApi } from "./api/openapi.ts";
import { representationOf } from "./api/representation.ts";
import { parseRequestPath } from "./api/request-path.ts";
import type { RequestPath } from "./api/request-path.ts";
import { streamWatch, watchStart } from "./api/watch.ts";
import { patch, post, put, remove } from "./api/write.ts";
import type { Cluster } from "./cluster.ts";
import { methodNotAllowed, noSuchPath, StatusError } from "./status.ts";

export interface KubernetesApiOptions {
  /** RBAC: true refuses with 403. `verb` is get, list, watch, create, update, patch, delete, deletecollection; `resource` is `deployments`, `deployments/scale` …; `namespace` is "" for the whole cluster. */
  readonly denied?: Denied;
  /** Who asks, in the words of a 403; `system:serviceaccount:rearguard:rearguard` unless told. */
  readonly user?: string;
  /** An answer instead of the real one (429, 500 …); undefined lets the request pass. */
  readonly fault?: (method: string, path: string) => { readonly code: number; readonly retryAfterSeconds?: number } | undefined;
  /** How a watch from a forgotten version is refused: in the stream, as 1.37 does, or by HTTP status, as some proxies and older servers do. */
  readonly goneAs?: "stream" | "http";
}

const requestsKept = 10_000;
const bodyLimit = 3 * 1024 * 1024;

/** Serves the cluster under /api, /apis, /version, /readyz, /healthz and /livez of `app`, as kube-apiserver 1.37 does. Ends open watches when the app closes. */
export function registerKubernetesApi(app: FastifyInstance, cluster: Cluster, options: KubernetesApiOptions = {}): void {
  const snapshots: Snapshots = new Map();
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "string", bodyLimit }, (_request, body, done) => done(null, body));
    scope.addHook("preClose", async () => cluster.watches.end());
    scope.setErrorHandler((error, _request, reply) => refuse(reply, error));
    for (const path of ["/readyz", "/healthz", "/livez"]) scope.get(path, (_request, reply) => reply.type("text/plain").send("ok"));
    scope.get("/version", (_request, reply) => send(reply, 200, versionInfo));
    for (const url of ["/api", "/api/*", "/apis", "/apis/*", "/openapi/*"]) scope.all(url, (request, reply) => answer(request, reply));
  });

  function answer(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const path = new URL(request.url, "http://sandbox").pathname;
    note(request, path);
    const fault = options.fault?.(request.method, path);
    if (fault) return faulty(reply, fault);
    const found = parseRequestPath(path);
    if (!found || path.startsWith("/openapi/")) {
      const describe = path.startsWith("/openapi/") ? openApi : discover;
      const discovered = describe(cluster.types(), path);
      if (!discovered) throw noSuchPath();
      return send(reply, 200, discovered);
    }
    const call = callOf(request, found);
    const isWatch = request.method === "GET" && ["1", "true", "t"].includes(call.query["watch"] ?? "");
    checkAccess(
      options.denied ?? (() => false),
      options.user ?? "system:serviceaccount:rearguard:rearguard",
      verbOf(request.method, found, isWatch),
      call.type,
      found,
    );
    if (isWatch) return watch(call, reply);
    if (request.method === "GET" && call.type.resource === "pods" && call.subresource === "log") return log(call, reply);
    const { code, body } = respond(request.method, call);
    cluster.settle();
    return send(reply, code, body);
  }

  function respond(method: string, call: Call): Answer {
    switch (method) {
      case "GET":
        return call.name === "" ? list(call, snapshots) : get(call);
      case "POST":
        return post(call);
      case "PUT":
        return put(call);
      case "PATCH":
        return patch(call);
      case "DELETE":
        return remove(call);
      default:
        throw methodNotAllowed();
    }
  }

  /** Of the first container; `limitBytes` cuts the end of what `tailLines` left, as the kubelet does. */
  function log({ namespace, name, query, type }: Call, reply: FastifyReply): FastifyReply {
    cluster.registry.get(type, namespace, name);
    const lines = (cluster.logOf(namespace, name) ?? "").split(/(?<=\n)/);
    const tail = lines.slice(-Number(query["tailLines"] ?? lines.length)).join("");
    return reply.type("text/plain").send(Buffer.from(tail).subarray(0, Number(query["limitBytes"] ?? Infinity)));
  }

  function watch(call: Call, reply: FastifyReply): FastifyReply {
    const start = watchStart(call);
    if (start.tooOld && options.goneAs === "http") throw start.tooOld;
    reply.hijack();
    streamWatch(call, start, reply.raw);
    return reply;
  }

  function callOf(request: FastifyRequest, path: RequestPath): Call {
    const type = cluster
      .types()
      .find((candidate) => candidate.group === path.group && candidate.version === path.version && candidate.resource === path.resource);
    if (!type || (!type.namespaced && path.namespace !== "")) throw noSuchPath();
    const query = queryOf(request);
    return {
      cluster,
      type,
      query,
      namespace: path.namespace,
      name: path.name,
      subresource: path.subresource,
      body: bodyOf(request),
      contentType: contentTypeOf(request),
      manager: query["fieldManager"] || userAgentOf(request).split("/")[0] || "unknown",
      form: representationOf(request.headers.accept),
    };
  }

  function note(request: FastifyRequest, path: string): void {
    const query = queryOf(request);
    const text = bodyOf(request);
    cluster.requests.push({
      at: cluster.now(),
      method: request.method,
      path,
      query,
      userAgent: userAgentOf(request),
      contentType: contentTypeOf(request),
      body: text === "" ? undefined : parsedOrText(text),
      fieldManager: query["fieldManager"] ?? "",
    });
    if (cluster.requests.length > requestsKept) cluster.requests.splice(0, cluster.requests.length - requestsKept);
  }
}

function faulty(reply: FastifyReply, fault: { readonly code: number; readonly retryAfterSeconds?: number }): FastifyReply {
  if (fault.retryAfterSeconds !== undefined) void reply.header("retry-after", String(fault.retryAfterSeconds));
  const reasons: Readonly<Record<number, string>> = {
    401: "Unauthorized",
    403: "Forbidden",
    429: "TooManyRequests",
    503: "ServiceUnavailable",
  };
  const details = fault.retryAfterSeconds === undefined ? undefined : { retryAfterSeconds: fault.retryAfterSeconds };
  return refuse(reply, new StatusError(fault.code, reasons[fault.code] ?? "InternalError", "a fault of the sandbox", details));
}

function refuse(reply: FastifyReply, error: unknown): FastifyReply {
  if (error instanceof StatusError) return send(reply, error.code, error.toStatus());
  const message = error instanceof Error ? error.message : String(error);
  const status = new StatusError(500, "InternalError", `Internal error occurred: ${message}`, { causes: [{ message }] });
  return send(reply, 500, status.toStatus());
}

/** As bytes: Fastify would add a charset that the real server does not send. */
function send(reply: FastifyReply, code: number, body: unknown): FastifyReply {
  return reply
    .code(code)
    .header("content-type", "application/json")
    .send(Buffer.from(JSON.stringify(body)));
}

function queryOf(request: FastifyRequest): Record<string, string> {
  return Object.fromEntries(new URL(request.url, "http://sandbox").searchParams);
}

function bodyOf(request: FastifyRequest): string {
  return typeof request.body === "string" ? request.body : "";
}

function contentTypeOf(request: FastifyRequest): string {
  return (request.headers["content-type"] ?? "").split(";")[0]?.trim() ?? "";
}

function userAgentOf(request: FastifyRequest): string {
  return request.headers["user-agent"] ?? "";
}

function parsedOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

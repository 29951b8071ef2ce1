import { fetch } from "undici";
import type { Response } from "undici";
import { RearguardError, sentence } from "../../errors.ts";
import type { Connection } from "./config.ts";
import { answerError, KubernetesError, notJson, transportError } from "./kubernetes-error.ts";

/** How the wire is reached: what `PooledKubeConfig` offers. */
export interface Connector {
  connect(): Promise<Connection>;
  renew(): void;
}

export interface WireRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly accept?: string;
  readonly contentType?: string;
  readonly body?: unknown;
}

/**
 * One call and the whole of its answer, parsed.
 * @throws KubernetesError; or the reason of `signal` when the caller gave up.
 */
export async function call(connector: Connector, request: WireRequest, deadlineMs: number, signal?: AbortSignal): Promise<unknown> {
  return whole(connector, request, deadlineMs, signal, async (response) =>
    parse(describe(request), response.status, await response.text()),
  );
}

/** The same for an answer that is no JSON. */
export async function callText(connector: Connector, request: WireRequest, deadlineMs: number, signal?: AbortSignal): Promise<string> {
  return whole(connector, request, deadlineMs, signal, (response) => response.text());
}

async function whole<T>(
  connector: Connector,
  request: WireRequest,
  deadlineMs: number,
  signal: AbortSignal | undefined,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  const what = describe(request);
  const deadline = AbortSignal.timeout(deadlineMs);
  const either = signal ? AbortSignal.any([deadline, signal]) : deadline;
  try {
    const response = await send(connector, request, "calls", either);
    return await read(response);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (!deadline.aborted) throw error instanceof RearguardError ? error : transportError(what, error);
    // A call that hangs may hang with its connection.
    connector.renew();
    throw new KubernetesError("KUBERNETES_UNREACHABLE", `${what}: no answer within ${deadlineMs / 1000} s`, { cause: error });
  }
}

/** Opens a watch; the body is one JSON event a line, for as long as the server likes. */
export async function open(connector: Connector, request: WireRequest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  const what = describe(request);
  try {
    const response = await send(connector, request, "watches", signal);
    const type = response.headers.get("content-type") ?? "";
    if (!type.includes("json") || response.body === null) {
      await response.body?.cancel();
      throw notJson(what, response.status, `a watch was answered as ${type || "nothing"}, not as JSON`);
    }
    return response.body;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw error instanceof RearguardError ? error : transportError(what, error);
  }
}

async function send(connector: Connector, request: WireRequest, pool: "calls" | "watches", signal: AbortSignal): Promise<Response> {
  const what = describe(request);
  const connection = await orAbort(connector.connect(), signal).catch((error: unknown) => {
    if (signal.aborted || error instanceof RearguardError) throw error;
    throw new KubernetesError("KUBERNETES_REFUSED", `${what}: no credentials: ${sentence(error)}`, { cause: error });
  });
  const response = await fetch(`${connection.server}${request.path}${queryString(request.query)}`, {
    method: request.method,
    dispatcher: connection[pool],
    headers: {
      ...connection.headers,
      accept: request.accept ?? "application/json",
      ...(request.body === undefined ? {} : { "content-type": request.contentType ?? "application/json" }),
    },
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    // An API server never redirects; a proxy's login page does, and must not see our token.
    redirect: "manual",
    signal,
  });
  if (response.ok) return response;
  if (response.status >= 300 && response.status < 400) {
    await response.body?.cancel();
    throw notJson(what, response.status, `redirected (${response.status}) to ${originOf(response.headers.get("location"))}`);
  }
  throw answerError(what, response.status, await response.text(), response.headers.get("retry-after"));
}

function parse(what: string, status: number, body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw notJson(what, status, `the answer (${status}) is not JSON, it begins with ${JSON.stringify(body.slice(0, 40))}`);
  }
}

function describe({ method, path }: WireRequest): string {
  return `${method} ${path}`;
}

function queryString(query: WireRequest["query"]): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) parameters.set(name, value);
  }
  return parameters.size === 0 ? "" : `?${parameters.toString()}`;
}

function originOf(location: string | null): string {
  return location !== null && URL.canParse(location) ? new URL(location).origin : "another page";
}

/** A credential plugin has no deadline of its own. */
function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const give = () => reject(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
    if (signal.aborted) return give();
    signal.addEventListener("abort", give, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", give));
  });
}

import type { RequestOptions } from "node:https";
import { KubeConfig } from "@kubernetes/client-node";
import type { RequestContext } from "@kubernetes/client-node";
import { Agent, ProxyAgent } from "undici";
import type { Dispatcher } from "undici";
import { RearguardError, sentence } from "../../errors.ts";

/** What one call needs: where to, as whom, over which pool. */
export interface Connection {
  /** Without a slash at its end; may carry a path of its own. */
  readonly server: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly calls: Dispatcher;
  /** Apart from calls, because over HTTP/1.1 each watch holds a connection for minutes. */
  readonly watches: Dispatcher;
}

interface Pools {
  readonly fingerprint: string;
  readonly calls: Dispatcher;
  readonly watches: Dispatcher;
}

const callDeadlineMs = 10_000;

/** A KubeConfig that keeps its connections; as shipped it opens a new one for every call. */
class PooledKubeConfig extends KubeConfig {
  #pools: Pools | undefined;

  /** Credentials are asked for anew (token files and exec plugins rotate); the pools change only with the certificates. */
  async connect(): Promise<Connection> {
    const cluster = this.getCurrentCluster();
    if (!cluster) throw new RearguardError("KUBECONFIG_INVALID", "The kubeconfig names no cluster for its current context.");
    const options: RequestOptions = {};
    await this.applyToHTTPSOptions(options);
    const { calls, watches } = this.#poolsFor(options, cluster.proxyUrl);
    return { server: cluster.server.replace(/\/+$/, ""), headers: headersOf(options), calls, watches };
  }

  /** Lets go of connections that may be dead: what runs on them may finish, the next call opens new ones. */
  renew(): void {
    const old = this.#pools;
    this.#pools = undefined;
    void old?.calls.close();
    void old?.watches.close();
  }

  async close(): Promise<void> {
    const old = this.#pools;
    this.#pools = undefined;
    await Promise.all([old?.calls.destroy(), old?.watches.destroy()]);
  }

  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    const { headers, calls } = await this.connect();
    for (const [name, value] of Object.entries(headers)) context.setHeaderParam(name, value);
    context.setDispatcher(calls);
    context.setSignal(AbortSignal.timeout(callDeadlineMs));
  }

  #poolsFor(options: RequestOptions, proxyUrl: string | undefined): Pools {
    const { ca, cert, key, rejectUnauthorized, servername } = options;
    const fingerprint = [ca, cert, key, rejectUnauthorized, servername, proxyUrl].map(String).join("\n");
    if (this.#pools?.fingerprint === fingerprint) return this.#pools;
    this.renew();
    const tls = Object.fromEntries(
      Object.entries({ ca, cert, key, rejectUnauthorized, servername }).filter(([, value]) => value !== undefined),
    );
    const open = (connections: number | null) =>
      proxyUrl === undefined
        ? new Agent({ connections, bodyTimeout: 0, allowH2: true, connect: { ...tls, timeout: 5_000 } })
        : new ProxyAgent({ uri: proxyUrl, bodyTimeout: 0, requestTls: tls });
    this.#pools = { fingerprint, calls: open(32), watches: open(null) };
    return this.#pools;
  }
}

/**
 * From the kubeconfig at `path`, or else the usual places: KUBECONFIG, ~/.kube/config, the pod's service account.
 * @throws RearguardError KUBECONFIG_INVALID when there is none, it cannot be read, or it lacks the context.
 */
export function loadKubeConfig(source: { readonly path?: string; readonly context?: string } = {}): PooledKubeConfig {
  const config = new PooledKubeConfig();
  const where = source.path === undefined ? "kubeconfig" : `kubeconfig ${source.path}`;
  try {
    if (source.path === undefined) config.loadFromDefault();
    else config.loadFromFile(source.path);
  } catch (error) {
    throw new RearguardError("KUBECONFIG_INVALID", `${where}: ${sentence(error)}`, { cause: error });
  }
  if (source.context !== undefined) config.setCurrentContext(source.context);
  const cluster = config.getCurrentCluster();
  if (!cluster?.server) {
    const names = config.getContexts().map(({ name }) => name);
    const wanted = config.getCurrentContext() ?? "(none)";
    throw new RearguardError("KUBECONFIG_INVALID", `${where}: context ${wanted} has no cluster; allowed: ${names.join(", ") || "none"}`);
  }
  // The library's last resort when it finds no configuration at all; a guess is worse than a sentence.
  if (source.path === undefined && cluster.name === "cluster" && cluster.server === "http://localhost:8080") {
    throw new RearguardError("KUBECONFIG_INVALID", "No kubeconfig found, and this is not a pod with a service account.");
  }
  if (cluster.proxyUrl?.startsWith("socks")) {
    throw new RearguardError("KUBECONFIG_INVALID", `${where}: proxy-url ${cluster.proxyUrl} is not supported; allowed: http://, https://`);
  }
  // The library refuses plain HTTP unless TLS is not verified, and there is none to verify.
  config.clusters = config.clusters.map((each) => (each.server.startsWith("http:") ? { ...each, skipTLSVerify: true } : each));
  return config;
}

function headersOf(options: RequestOptions): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (value !== undefined) headers[name.toLowerCase()] = String(value).trim();
  }
  if (typeof options.auth === "string") headers["authorization"] = `Basic ${Buffer.from(options.auth).toString("base64")}`;
  return headers;
}

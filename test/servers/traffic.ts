import { Agent, request } from "undici";
import type { KubeClient, KubeObject } from "./kube-client.ts";
import { waitUntil } from "./wait-until.ts";

type Service = KubeObject & {
  readonly spec: {
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports?: readonly { readonly port: number; readonly targetPort?: number | string }[];
  };
};

export type Pod = KubeObject & {
  readonly status?: {
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
};

type Endpoint = { readonly origin: string; readonly pod: string };

/** What clients of the Service have seen so far. */
export type TrafficCounts = {
  /** When this was counted, epoch milliseconds. */
  readonly at: number;
  /** Requests that have an answer or an error. */
  readonly sent: number;
  /** Of these, answered 5xx or not at all. */
  readonly bad: number;
  /** Of these, not answered at all: refused, reset, timed out, or no ready endpoint. */
  readonly unanswered: number;
  /** Not sent, because `maxInFlight` were open. */
  readonly dropped: number;
  /** Answers by pod name. */
  readonly byPod: Readonly<Record<string, number>>;
};

export type Traffic = AsyncDisposable & {
  counts(): TrafficCounts;
  /** Changes the rate from now on; 0 pauses. */
  setRate(requestsPerSecond: number): void;
};

const tickMs = 20;
const answerTimeoutMs = 10_000;

/**
 * Sends requests to the ready pods of a Service in turn, as kube-proxy would. Starts with the first
 * ready endpoint; loopback addresses only. The endpoints are worked out here from the Service's
 * selector, because the API refuses loopback addresses in EndpointSlices. Reads the Service once.
 * @throws Error when the Service has no ready endpoint within 30 s.
 */
export async function startTraffic(options: {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly service: string;
  readonly requestsPerSecond: number;
  readonly path?: string;
  /** 200 unless told. */
  readonly maxInFlight?: number;
}): Promise<Traffic> {
  const { client, namespace, service, path = "/", maxInFlight = 200 } = options;
  const dispatcher = new Agent({
    connections: 64,
    headersTimeout: answerTimeoutMs,
    bodyTimeout: answerTimeoutMs,
  });
  const { spec } = await client.request<Service>("GET", `/api/v1/namespaces/${namespace}/services/${service}`);
  const selector = Object.entries(spec.selector ?? {}).map(([key, value]) => `${key}=${value}`);
  const port = Number(spec.ports?.[0]?.targetPort ?? spec.ports?.[0]?.port);
  let endpoints: readonly Endpoint[] = [];
  const following = client.follow<Pod>(
    `/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(selector.join(","))}`,
    (pods) => {
      endpoints = pods.filter(isReady).map((pod) => endpointOf(pod, port));
    },
  );

  const counts = { sent: 0, bad: 0, unanswered: 0, dropped: 0 };
  const byPod: Record<string, number> = {};
  let inFlight = 0;
  let turn = 0;

  async function send(): Promise<void> {
    if (inFlight >= maxInFlight) return void (counts.dropped += 1);
    turn += 1;
    const endpoint = endpoints[turn % endpoints.length];
    inFlight += 1;
    try {
      if (!endpoint) throw new Error("no ready endpoint");
      const { statusCode, body } = await request(`${endpoint.origin}${path}`, { dispatcher });
      await body.dump();
      byPod[endpoint.pod] = (byPod[endpoint.pod] ?? 0) + 1;
      if (statusCode >= 500) counts.bad += 1;
    } catch {
      counts.bad += 1;
      counts.unanswered += 1;
    } finally {
      inFlight -= 1;
      counts.sent += 1;
    }
  }

  let rate = options.requestsPerSecond;
  let due = 0;
  let last = performance.now();
  const tick = () => {
    const now = performance.now();
    // A pause of the test process is not made up for by more than a second's worth.
    due = Math.min(due + (rate * (now - last)) / 1000, Math.max(rate, 1));
    last = now;
    for (; due >= 1; due -= 1) void send();
  };

  try {
    await waitUntil(`a ready endpoint of ${namespace}/${service}`, () => endpoints.length > 0);
  } catch (error) {
    await following[Symbol.asyncDispose]();
    throw error;
  }
  last = performance.now();
  const timer = setInterval(tick, tickMs);

  return {
    counts: () => ({ ...counts, byPod: { ...byPod }, at: Date.now() }),
    setRate(requestsPerSecond) {
      rate = requestsPerSecond;
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await following[Symbol.asyncDispose]();
      await dispatcher.destroy();
    },
  };
}

/** The EndpointSlice controller's rule: ready and not on its way out. */
export function isReady(pod: Pod): boolean {
  const ready = pod.status?.conditions?.find((condition) => condition.type === "Ready");
  return ready?.status === "True" && pod.metadata.deletionTimestamp === undefined;
}

function endpointOf(pod: Pod, port: number): Endpoint {
  const address = pod.status?.podIP ?? "";
  if (address.startsWith("127.")) return { origin: `http://${address}:${port}`, pod: pod.metadata.name };
  throw new Error(`test traffic stays on the loopback, and ${pod.metadata.name} (${address}) is not on it`);
}

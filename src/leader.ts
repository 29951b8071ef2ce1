import type { Clock } from "./clock.ts";
import type { KubernetesApi } from "./clients/kubernetes/api.ts";
import { hasStatus } from "./clients/kubernetes/kubernetes-error.ts";
import type { Log } from "./clients/kubernetes/log.ts";
import { dig, number, text } from "./clients/kubernetes/raw.ts";
import type { RawObject } from "./clients/kubernetes/raw.ts";
import { sentence } from "./errors.ts";
import type { Ms } from "./model.ts";

export interface LeaderOptions {
  readonly api: Pick<KubernetesApi, "get" | "post" | "put">;
  readonly namespace: string;
  /** Of the Lease. */
  readonly name: string;
  /** Ours; no other process may have it. */
  readonly identity: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Others wait this long for a renewal before they take over; 15 s unless told. */
  readonly leaseDurationMs?: Ms;
  /** We stop leading this long after our last renewal; must be shorter than the lease. 10 s unless told. */
  readonly renewDeadlineMs?: Ms;
  /** 2 s unless told. */
  readonly retryPeriodMs?: Ms;
  readonly onChange: (leading: boolean) => void;
  /** False: no Lease, always leading (one process, or a test). */
  readonly enabled?: boolean;
}

export interface Leader {
  start(): void;
  /** Gives the Lease back, so that the next leader need not wait. */
  stop(): Promise<void>;
  /** True only while the Lease is surely still ours. Ask before each effect. */
  leading(now: Ms): boolean;
  /** Who led when we last looked, if it was not us; undefined where nobody did or that is not known. */
  holder(): string | undefined;
}

/** Who held the Lease when we last saw it change, by our own clock: other clocks may differ. */
interface Sighting {
  readonly version: string;
  readonly lease: RawObject;
  readonly at: Ms;
}

/** Leadership by a coordination.k8s.io Lease, by the rules of client-go's leader election. */
export function createLeader(options: LeaderOptions): Leader {
  return options.enabled === false ? createLoneLeader(options) : createLeaseLeader(options);
}

function createLoneLeader({ onChange }: LeaderOptions): Leader {
  let running = false;
  function become(next: boolean): void {
    if (running === next) return;
    running = next;
    onChange(next);
  }
  return { start: () => become(true), stop: async () => become(false), leading: () => running, holder: () => undefined };
}

function createLeaseLeader(options: LeaderOptions): Leader {
  const { api, identity, clock, log } = options;
  const leaseDurationMs = options.leaseDurationMs ?? 15_000;
  const renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
  const retryPeriodMs = options.retryPeriodMs ?? 2_000;
  if (renewDeadlineMs >= leaseDurationMs) throw new RangeError("renewDeadlineMs must be shorter than leaseDurationMs");
  const collection = `/apis/coordination.k8s.io/v1/namespaces/${options.namespace}/leases`;
  const path = `${collection}/${options.name}`;
  const stopping = new AbortController();
  let sighting: Sighting | undefined;
  /** Start of our last successful write; absent while the Lease is not ours. */
  let renewedAt: Ms | undefined;
  let told = false;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await acquireOrRenew();
      } catch (error) {
        // 409: somebody else wrote it; 404: it was deleted. What we knew of it no longer holds.
        if (hasStatus(error, 409) || hasStatus(error, 404)) lose();
        if (!stopping.signal.aborted) log.warn({ lease: path, error: sentence(error) }, "lease not renewed");
      }
      tell();
      await clock.sleep(retryPeriodMs * (1 + 0.2 * options.random()), stopping.signal);
    }
  }

  async function acquireOrRenew(): Promise<void> {
    if (renewedAt === undefined || sighting === undefined) {
      const seen = await read();
      if (seen === undefined) return take(undefined);
      if (!isFree(seen)) return;
    }
    await take(sighting);
  }

  async function read(): Promise<Sighting | undefined> {
    try {
      see(await api.get(path, callOptions()));
    } catch (error) {
      if (!hasStatus(error, 404)) throw error;
      sighting = undefined;
    }
    return sighting;
  }

  function see(lease: RawObject): void {
    const version = text(dig(lease, "metadata", "resourceVersion")) ?? "";
    if (sighting?.version !== version) sighting = { version, lease, at: clock.now() };
  }

  function isFree({ lease, at }: Sighting): boolean {
    const holder = text(dig(lease, "spec", "holderIdentity"));
    const durationMs = (number(dig(lease, "spec", "leaseDurationSeconds")) ?? leaseDurationMs / 1000) * 1000;
    return holder === undefined || holder === identity || clock.now() >= at + durationMs;
  }

  async function take(from: Sighting | undefined): Promise<void> {
    const startedAt = clock.now();
    const time = microTime(startedAt);
    const ours = text(dig(from?.lease, "spec", "holderIdentity")) === identity;
    const transitions = number(dig(from?.lease, "spec", "leaseTransitions")) ?? 0;
    const spec = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
      acquireTime: ours ? (text(dig(from?.lease, "spec", "acquireTime")) ?? time) : time,
      renewTime: time,
      leaseTransitions: from === undefined || ours ? transitions : transitions + 1,
    };
    see(await write(from, spec));
    renewedAt = startedAt;
  }

  function write(from: Sighting | undefined, spec: Readonly<Record<string, unknown>>): Promise<RawObject> {
    const metadata = { name: options.name, namespace: options.namespace };
    const lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec };
    if (from === undefined) return api.post(collection, lease, callOptions());
    return api.put(path, { ...lease, metadata: { ...metadata, resourceVersion: from.version } }, callOptions());
  }

  /** Within the renew deadline a call that hangs leaves time for another. */
  function callOptions(): { readonly deadlineMs: number } {
    return { deadlineMs: Math.max(500, renewDeadlineMs / 2) };
  }

  function lose(): void {
    renewedAt = undefined;
  }

  function leading(now: Ms): boolean {
    return renewedAt !== undefined && now - renewedAt < renewDeadlineMs;
  }

  function tell(): void {
    if (!leading(clock.now())) lose();
    const next = renewedAt !== undefined;
    if (next === told) return;
    told = next;
    log.info({ lease: path, identity, leading: next }, "leadership changed");
    options.onChange(next);
  }

  return {
    start() {
      running ??= run();
    },
    async stop() {
      stopping.abort();
      await running;
      const held = renewedAt === undefined ? undefined : sighting;
      lose();
      tell();
      if (held === undefined) return;
      const transitions = number(dig(held.lease, "spec", "leaseTransitions")) ?? 0;
      const time = microTime(clock.now());
      const spec = { holderIdentity: "", leaseDurationSeconds: 1, acquireTime: time, renewTime: time, leaseTransitions: transitions };
      await write(held, spec).catch((error: unknown) => log.warn({ lease: path, error: sentence(error) }, "lease not released"));
    },
    leading,
    holder() {
      const holder = text(dig(sighting?.lease, "spec", "holderIdentity"));
      return holder === identity ? undefined : holder;
    },
  };
}

/** Six digits, as the API server's fixed-width parser wants. */
function microTime(at: Ms): string {
  return new Date(at).toISOString().replace("Z", "000Z");
}

// One incident on the real cluster, and what came of it by the API server's own record.
import { setTimeout as delay } from "node:timers/promises";
import { guardsIn } from "../../test/e2e/guards.ts";
import type { StoredGuard } from "../../test/e2e/guards.ts";
import { deployShop } from "../../test/e2e/shop.ts";
import type { World } from "../../test/e2e/world.ts";
import { workloadWrites } from "../../test/e2e/writes.ts";
import { startTraffic } from "../../test/servers/traffic.ts";
import type { TrafficCounts } from "../../test/servers/traffic.ts";
import { decidingBlock, firstWrite } from "../guard-times.ts";
import type { Incident } from "./rows.ts";

const replicas = 8;
/** Two new pods become available 40 s after they were made: kwok takes a second until they are ready. */
const minReadySeconds = 39;
const historyMs = 90_000;
/** Enough for a baseline; a quiet service has served as many in its six hours. */
const historyRequestsPerSecond = 40;

export interface Played {
  readonly incident: Incident;
  /** Since the first new pod was ready; in a crash loop, since it ran. Null: never. */
  readonly brakeMs: number | null;
  readonly wayBackMs: number | null;
  /** End of the block that decided to our patch; null where no block decided. */
  readonly ourShareMs: number | null;
  readonly sent: number;
  readonly bad: number;
  readonly unanswered: number;
  readonly dropped: number;
  readonly phase: string;
  readonly held: readonly string[];
}

type Counts = { readonly before: TrafficCounts; readonly after: TrafficCounts };

/** Plays it for `minutes` after the beginning of its rollout, with traffic before it from which a baseline is known. */
export async function play(world: World, incident: Incident, minutes: number): Promise<Played> {
  const { cluster, fleet } = world;
  const { namespace, requestsPerSecond, outage } = incident;
  const shop = await deployShop(cluster, { namespace, replicas, minReadySeconds, maxSurge: 2, behaviour: incident.old });
  const history = requestsPerSecond === 0 ? 0 : Math.max(requestsPerSecond, historyRequestsPerSecond);
  await using traffic = await startTraffic({ client: cluster.client, namespace, service: "shop", requestsPerSecond: history });
  await delay(historyMs);
  traffic.setRate(requestsPerSecond);
  const before = traffic.counts();
  await shop.rollOut("v2", incident.fresh);
  const end = before.at + minutes * 60_000;
  if (outage !== undefined) {
    await delay(outage.from * 1000);
    fleet.failDependency(incident.fresh["depends-on"] ?? "", outage.errorRatio);
    await delay(Math.max(0, Math.min(before.at + outage.to * 1000, end) - Date.now()));
    fleet.failDependency(incident.fresh["depends-on"] ?? "", 0);
  }
  await delay(Math.max(0, end - Date.now()));
  return outcomeOf(world, incident, { before, after: traffic.counts() });
}

async function outcomeOf({ cluster }: World, incident: Incident, { before, after }: Counts): Promise<Played> {
  const { namespace } = incident;
  const guard = (await guardsIn(cluster, namespace)).find(({ status }) => status?.revision === 2);
  const writes = (await workloadWrites(cluster, namespace)).filter(({ at }) => at >= before.at);
  const since = await newPodAt(cluster, namespace, before.at, incident.fresh["crash"] === undefined ? isReady : isRunning);
  const patched = firstWrite(writes, "/spec/template");
  const braked = firstWrite(writes, "/spec/paused");
  const signal = incident.fresh["latency-mult"] === undefined ? "errors" : "latency";
  const deciding = guard === undefined || incident.fresh["crash"] !== undefined ? null : decidingBlock(guard, signal, "rollback");
  return {
    incident,
    brakeMs: braked === undefined ? null : braked - since,
    wayBackMs: patched === undefined ? null : patched - since,
    ourShareMs: patched === undefined || deciding === null ? null : patched - deciding,
    sent: after.sent - before.sent,
    bad: after.bad - before.bad,
    unanswered: after.unanswered - before.unanswered,
    dropped: after.dropped - before.dropped,
    phase: guard?.status?.phase ?? "no guard",
    held: guard === undefined ? [] : heldFor(guard),
  };
}

type PodStatus = { readonly phase?: string; readonly conditions?: readonly { readonly type: string; readonly status: string }[] };

/** First report of a pod of the namespace that fits, after the rollout began: that pod is a new one. NaN: there is none. */
async function newPodAt(cluster: World["cluster"], namespace: string, after: number, fits: (status: PodStatus) => boolean) {
  const events = await cluster.auditLog();
  const report = events.find(({ objectRef, requestObject, requestReceivedTimestamp }) => {
    if (objectRef?.namespace !== namespace || objectRef.resource !== "pods" || objectRef.subresource !== "status") return false;
    const { status } = requestObject as { readonly status?: PodStatus };
    return Date.parse(requestReceivedTimestamp) > after && status !== undefined && fits(status);
  });
  return report === undefined ? Number.NaN : Date.parse(report.requestReceivedTimestamp);
}

function isReady({ conditions = [] }: PodStatus): boolean {
  return conditions.some(({ type, status }) => type === "Ready" && status === "True");
}

function isRunning({ phase }: PodStatus): boolean {
  return phase === "Running";
}

function heldFor({ status }: StoredGuard): readonly string[] {
  const codes = (status?.entries ?? []).filter(({ kind }) => kind === "held" || kind === "withheld").flatMap(({ because = [] }) => because);
  return [...new Set(codes.map(({ code }) => code))];
}

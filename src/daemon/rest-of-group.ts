import type { Alert } from "../alert.ts";
import type { AlertmanagerApi } from "../clients/alertmanager/alertmanager.ts";
import { sentence } from "../errors.ts";
import type { AlertEdges, RestOfGroup } from "../web/alerts.ts";

/** Groups that are asked for at once: posts beyond them come again. */
const MOST_AT_ONCE = 8;

/**
 * Asks every peer for a group and joins what they say, since one that has just started knows little. Answers only where the peers know
 * the posted alerts: another Alertmanager would say of any group that nothing more fires. Equal questions at one time are one.
 */
export function createRestOfGroup(peers: readonly AlertmanagerApi[]): NonNullable<AlertEdges["restOfGroup"]> {
  const asking = new Map<string, Promise<Answers>>();

  return async (group, posted) => {
    const key = JSON.stringify([group.receiver, Object.entries(group.labels).toSorted(([one], [other]) => (one < other ? -1 : 1))]);
    if (!asking.has(key) && asking.size >= MOST_AT_ONCE) return { problem: `${MOST_AT_ONCE} groups are being asked for already` };
    const answers = asking.get(key) ?? askAll(peers, group).finally(() => asking.delete(key));
    asking.set(key, answers);
    return restOf(await answers, posted);
  };
}

interface Answers {
  readonly alerts: readonly Alert[];
  /** One for each peer that did not answer. */
  readonly problems: readonly string[];
}

async function askAll(peers: readonly AlertmanagerApi[], group: Parameters<AlertmanagerApi["firing"]>[0]): Promise<Answers> {
  const answers = await Promise.allSettled(peers.map((peer) => peer.firing(group)));
  const alerts = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  const problems = answers.flatMap((answer) => (answer.status === "rejected" ? [sentence(answer.reason)] : []));
  return { alerts: [...new Map(alerts.map((alert) => [alert.fingerprint, alert])).values()], problems };
}

function restOf({ alerts, problems }: Answers, posted: readonly Alert[]): RestOfGroup {
  const firing = posted.filter(({ endsAt }) => endsAt === undefined);
  const isKnown = firing.some(({ fingerprint }) => alerts.some((alert) => alert.fingerprint === fingerprint));
  if (firing.length > 0 && !isKnown) {
    const [problem = "no peer of alerts.fetchFrom knows an alert of this post: are they the Alertmanager that posted?"] = problems;
    return { problem };
  }
  const [problem] = problems;
  if (alerts.length === 0 && problem !== undefined) return { problem };
  return { alerts: alerts.filter(({ fingerprint }) => !posted.some((known) => known.fingerprint === fingerprint)) };
}

import { z } from "zod";
import { startReceiver } from "../../unit/actions/receiver.ts";
import type { Answer, Received } from "../../unit/actions/receiver.ts";
import { json, strictly } from "./strict.ts";

const words = z.record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "invalid name"), z.string());
const posted = z.array(
  z.strictObject({
    labels: words,
    annotations: words.optional(),
    startsAt: z.iso.datetime().optional(),
    endsAt: z.iso.datetime().optional(),
    generatorURL: z.url().optional(),
  }),
);

interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly startsAt: number;
  readonly endsAt: number;
}

/** One peer of an Alertmanager: merges a post into what it has as the real one does (measured with 0.25), which is where the traps are. */
export async function startAlertmanager(options: {
  readonly now: () => number;
  readonly token?: string;
  readonly answer?: (request: Received) => Answer | undefined;
}) {
  const alerts = new Map<string, Alert>();

  function serve(request: Received): Answer {
    const forced = options.answer?.(request);
    if (forced !== undefined) return forced;
    const { method, url, headers, body } = request;
    if (url.pathname !== "/am/api/v2/alerts" || method !== "POST") return { status: 404 };
    if (options.token !== undefined && headers.authorization !== `Bearer ${options.token}`) return { status: 401 };
    const read = strictly(posted, body);
    if ("wrong" in read) return json(400, `invalid label set: ${read.wrong}`);
    for (const { labels, annotations, startsAt, endsAt } of read.value) {
      const set = Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ""));
      if (Object.keys(set).length === 0) return json(400, "at least one label pair required");
      const now = options.now();
      const alert = {
        labels: set,
        summary: annotations?.["summary"] ?? "",
        startsAt: startsAt === undefined ? now : Date.parse(startsAt),
        endsAt: endsAt === undefined ? now + 300_000 : Date.parse(endsAt),
      };
      if (alert.endsAt < alert.startsAt) return json(400, "start time must be before end time");
      const key = JSON.stringify(Object.entries(set).toSorted(([one], [other]) => one.localeCompare(other)));
      alerts.set(key, merge(alerts.get(key), alert, now));
    }
    return { status: 200 };
  }

  const receiver = await startReceiver(serve);
  return {
    ...receiver,
    url: `${receiver.url}/am`,
    /** Severity and summary of what fires at this instant. */
    firing: (at = options.now()) =>
      [...alerts.values()].filter(({ endsAt }) => endsAt > at).map(({ labels, summary }) => [labels["severity"], summary]),
    labels: () => [...alerts.values()].map(({ labels }) => labels),
  };
}

function merge(old: Alert | undefined, alert: Alert, now: number): Alert {
  if (old === undefined) return alert;
  const overlaps =
    (alert.endsAt > old.startsAt && alert.endsAt < old.endsAt) || (alert.startsAt > old.startsAt && alert.startsAt < old.endsAt);
  if (!overlaps) return alert;
  // An end that has not come yet loses against a later one: only one in the past ends the alert.
  const endsAt = alert.endsAt <= now ? alert.endsAt : Math.max(alert.endsAt, old.endsAt);
  return { ...alert, startsAt: Math.min(alert.startsAt, old.startsAt), endsAt };
}

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

const matcher = z.strictObject({ name: z.string().min(1), value: z.string(), isRegex: z.boolean(), isEqual: z.boolean() });
const postedSilence = z.strictObject({
  id: z.string().optional(),
  matchers: z.array(matcher).min(1),
  startsAt: z.iso.datetime(),
  endsAt: z.iso.datetime(),
  createdBy: z.string().min(1),
  comment: z.string().min(1),
});

export interface Silence extends z.output<typeof postedSilence> {
  readonly id: string;
}

/** Silences of a cluster: what one peer takes, all have. */
export type Silences = Map<string, Silence>;

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
  /** Shared with the other peers. */
  readonly silences?: Silences;
  readonly answer?: (request: Received) => Answer | undefined;
}) {
  const alerts = new Map<string, Alert>();
  const silences: Silences = options.silences ?? new Map();

  const stateOf = ({ endsAt }: Silence) => (Date.parse(endsAt) > options.now() ? "active" : "expired");
  const shown = (silence: Silence) => ({ ...silence, status: { state: stateOf(silence) }, updatedAt: silence.startsAt });

  /** As the real one: an active silence with the same matchers and start is changed in place, any other is ended and begun anew. */
  function setSilence(body: string): Answer {
    const read = strictly(postedSilence, body);
    if ("wrong" in read) return json(422, { code: 612, message: read.wrong });
    const { id, ...rest } = read.value;
    const now = options.now();
    if (Date.parse(rest.endsAt) <= now) return json(400, "invalid silence: end time can't be in the past");
    const old = id === undefined ? undefined : silences.get(id);
    if (id !== undefined && old === undefined) return json(404, "silence not found");
    const isSame = old !== undefined && JSON.stringify(old.matchers) === JSON.stringify(rest.matchers);
    const seconds = (at: string) => Math.floor(Date.parse(at) / 1000);
    if (old !== undefined && isSame && stateOf(old) === "active" && seconds(old.startsAt) === seconds(rest.startsAt)) {
      silences.set(old.id, { ...old, ...rest });
      return json(200, { silenceID: old.id });
    }
    if (old !== undefined && stateOf(old) === "active") silences.set(old.id, { ...old, endsAt: new Date(now).toISOString() });
    const startsAt = new Date(Math.max(now, Date.parse(rest.startsAt))).toISOString();
    const made = { ...rest, startsAt, id: `silence-${silences.size + 1}` };
    silences.set(made.id, made);
    return json(200, { silenceID: made.id });
  }

  function serveSilences({ method, url, body }: Received): Answer {
    const path = url.pathname.slice("/am/api/v2/".length);
    if (path === "silences" && method === "POST") return setSilence(body);
    if (path === "silences" && method === "GET") {
      const filters = url.searchParams.getAll("filter").map((filter) => /^(\w+)="(.*)"$/.exec(filter) ?? []);
      const fits = ({ matchers }: Silence) =>
        filters.every(([, name, value]) => matchers.some((each) => each.name === name && each.value === value && each.isEqual));
      return json(200, [...silences.values()].filter(fits).map(shown));
    }
    const silence = silences.get(path.slice("silence/".length));
    if (silence === undefined) return json(404, "silence not found");
    if (method === "GET") return json(200, shown(silence));
    if (stateOf(silence) === "expired") return json(500, `silence ${silence.id} already expired`);
    silences.set(silence.id, { ...silence, endsAt: new Date(options.now()).toISOString() });
    return { status: 200 };
  }

  function serve(request: Received): Answer {
    const forced = options.answer?.(request);
    if (forced !== undefined) return forced;
    const { method, url, headers, body } = request;
    if (options.token !== undefined && headers.authorization !== `Bearer ${options.token}`) return { status: 401 };
    if (url.pathname.startsWith("/am/api/v2/silence")) return serveSilences(request);
    if (url.pathname !== "/am/api/v2/alerts" || method !== "POST") return { status: 404 };
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

import { z } from "zod";
import { startReceiver } from "../../unit/actions/receiver.ts";
import type { Answer, Received } from "../../unit/actions/receiver.ts";
import { json, strictly } from "./strict.ts";

const componentStatus = z.enum(["operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance"]);
const change = {
  status: z.enum(["investigating", "identified", "monitoring", "resolved"]),
  body: z.string().min(1).max(25_000),
  deliver_notifications: z.boolean(),
  impact_override: z.enum(["none", "minor", "major", "critical", "maintenance"]).optional(),
  component_ids: z.array(z.string()).optional(),
  components: z.record(z.string(), componentStatus).optional(),
};
const posted = z.strictObject({
  incident: z.strictObject({ ...change, name: z.string().min(1).max(255), metadata: z.record(z.string(), z.unknown()).optional() }),
});
const patched = z.strictObject({ incident: z.strictObject(change) });

export interface Incident {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly metadata: unknown;
  readonly updated_at: string;
  readonly updates: readonly (readonly [status: string, body: string])[];
  readonly notified: boolean;
  readonly impact: string;
  readonly components: Readonly<Record<string, string>>;
}

/** A page `p4g3` of Statuspage: a wrong field is a 400 with the reason, two requests within a second a 420. */
export async function startStatuspage(options: {
  readonly key: string;
  readonly now: () => number;
  readonly answer?: (request: Received) => Answer | undefined;
}) {
  const incidents: Incident[] = [];
  let last = Number.NEGATIVE_INFINITY;

  function serve(request: Received): Answer {
    const forced = options.answer?.(request);
    if (forced !== undefined) return forced;
    const { method, url, headers, body } = request;
    if (headers.authorization !== `OAuth ${options.key}`) return json(401, { error: "Could not authenticate" });
    if (options.now() - last < 1000) return { status: 420 };
    last = options.now();
    const root = "/v1/pages/p4g3/incidents";
    if (method === "GET" && url.pathname === `${root}/unresolved`)
      return json(
        200,
        incidents.filter(({ status }) => status !== "resolved"),
      );
    if (method === "POST" && url.pathname === root) return create(body);
    const at = incidents.findIndex(({ id }) => url.pathname === `${root}/${id}`);
    const known = incidents[at];
    if (known === undefined) return json(404, { error: "Incident not found" });
    if (method === "GET") return json(200, known);
    return method === "PATCH" ? update(known, at, body) : { status: 405 };
  }

  function create(body: string): Answer {
    const read = strictly(posted, body);
    if ("wrong" in read) return json(400, { error: [read.wrong] });
    const { name, metadata = {}, ...rest } = read.value.incident;
    const empty = {
      id: `inc${incidents.length + 1}`,
      name,
      metadata,
      updated_at: "",
      status: "",
      updates: [],
      notified: false,
      impact: "",
      components: {},
    };
    const incident = changed(empty, rest, options.now());
    incidents.push(incident);
    return json(201, incident);
  }

  function update(known: Incident, at: number, body: string): Answer {
    const read = strictly(patched, body);
    if ("wrong" in read) return json(400, { error: [read.wrong] });
    incidents[at] = changed(known, read.value.incident, options.now());
    return json(200, incidents[at]);
  }

  const receiver = await startReceiver(serve);
  return { ...receiver, incidents };
}

function changed(incident: Incident, written: z.output<typeof patched>["incident"], now: number): Incident {
  const { status, body, deliver_notifications: notifies, impact_override: impact = incident.impact, components = {} } = written;
  return {
    ...incident,
    status,
    updated_at: new Date(now).toISOString(),
    impact,
    updates: [...incident.updates, [status, body]],
    notified: incident.notified || notifies,
    components: { ...incident.components, ...components },
  };
}

import { z } from "zod";
import { startReceiver } from "../../unit/actions/receiver.ts";
import type { Answer, Received } from "../../unit/actions/receiver.ts";
import { json, strictly } from "./strict.ts";

const root = "/apis/annotation.grafana.app";
const posted = z.strictObject({
  apiVersion: z.literal("annotation.grafana.app/v0alpha1"),
  kind: z.literal("Annotation"),
  metadata: z.strictObject({ name: z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/), namespace: z.string() }),
  spec: z.strictObject({
    text: z.string().min(1),
    time: z.int(),
    timeEnd: z.int().optional(),
    tags: z.array(z.string().max(50)).optional(),
    dashboardUID: z.string().optional(),
    panelID: z.int().optional(),
    scopes: z.array(z.string()).optional(),
  }),
});

type Spec = z.output<typeof posted>["spec"];

/**
 * Grafana's new annotations as its source has them. The `sql` store gives names of its own (`a-1`); the `postgres` store keeps
 * ours, refuses one that is taken with a 500, and goes on holding a deleted one. Neither would be asked to change a time.
 */
export async function startGrafanaK8s(options: {
  readonly store: "sql" | "postgres";
  readonly token: string;
  readonly mayDelete?: boolean;
  readonly answer?: (request: Received) => Answer | undefined;
}) {
  const { store, token, mayDelete = true } = options;
  const annotations = new Map<string, Spec>();
  const taken = new Set<string>();

  function serve(request: Received): Answer {
    const forced = options.answer?.(request);
    if (forced !== undefined) return forced;
    const { method, url, headers, body } = request;
    if (headers.authorization !== `Bearer ${token}`) return status(401, "Unauthorized");
    if (url.pathname === root) return json(200, { kind: "APIGroup", versions: [{ version: "v0alpha1" }] });
    const path = `${root}/v0alpha1/namespaces/default/annotations`;
    if (method === "POST" && url.pathname === path) return create(body);
    const name = url.pathname.startsWith(`${path}/`) ? url.pathname.slice(path.length + 1) : undefined;
    if (method !== "DELETE" || name === undefined) return status(404, "the server could not find the requested resource");
    if (!mayDelete) return status(403, "insufficient permissions");
    return annotations.delete(name) ? json(200, {}) : status(404, "annotation not found");
  }

  function create(body: string): Answer {
    const read = strictly(posted, body);
    if ("wrong" in read) return status(400, read.wrong);
    const { metadata, spec } = read.value;
    if (metadata.namespace !== "default") return status(400, "namespace");
    if (store === "postgres" && taken.has(metadata.name)) return status(500, `annotation already exists: default/${metadata.name}`);
    const name = store === "sql" ? `a-${taken.size + 1}` : metadata.name;
    taken.add(name);
    annotations.set(name, spec);
    return json(201, { ...read.value, metadata: { ...metadata, name } });
  }

  const receiver = await startReceiver(serve);
  return { ...receiver, annotations: () => [...annotations.values()].map(({ tags = [], time, timeEnd }) => [tags[3], time, timeEnd]) };
}

function status(code: number, message: string): Answer {
  return json(code, { kind: "Status", apiVersion: "v1", status: "Failure", message, code });
}

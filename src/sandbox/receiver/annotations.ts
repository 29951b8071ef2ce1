import type { FastifyInstance, FastifyReply } from "fastify";

/** An annotation as Grafana's legacy API lists it. Times in ms since the epoch. */
export interface Annotation {
  readonly id: number;
  readonly time: number;
  /** Equal to `time` for a point, later for a region. */
  readonly timeEnd: number;
  readonly text: string;
  readonly tags: readonly string[];
  readonly dashboardUID: string;
  readonly panelId: number;
}

export interface AnnotationsParts {
  readonly now: () => number;
  /** Bearer token that is demanded, if any. */
  readonly token: string | undefined;
  readonly refuse: () => number | undefined;
  readonly store: Map<number, Annotation>;
}

type Fields = Partial<Omit<Annotation, "id">>;

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  text: (value) => typeof value === "string",
  time: Number.isInteger,
  timeEnd: Number.isInteger,
  tags: (value) => Array.isArray(value) && value.every((tag) => typeof tag === "string"),
  dashboardUID: (value) => typeof value === "string",
  panelId: Number.isInteger,
  data: (value) => typeof value === "object" && value !== null,
};

/** Grafana's `/api/annotations`, stricter than Grafana: an unknown or mistyped field is a 400. */
export function registerAnnotations(app: FastifyInstance, parts: AnnotationsParts): void {
  const { store } = parts;
  let lastId = 0;

  app.addHook("onRequest", async (request, reply) => {
    if (!request.url.startsWith("/api/annotations")) return;
    const refused = parts.refuse();
    if (refused !== undefined) return reply.code(refused).send({ message: "refused on purpose" });
    if (parts.token !== undefined && request.headers.authorization !== `Bearer ${parts.token}`) {
      return reply.code(401).send({ message: "Unauthorized" });
    }
  });

  app.post<{ Body: string }>("/api/annotations", async (request, reply) => {
    const fields = fieldsOf(request.body);
    if (!fields) return badRequest(reply);
    if (!fields.text) return reply.code(400).send({ message: "Failed to save annotation", error: "text field should not be empty" });
    if (tagsTooLong(fields)) return reply.code(500).send({ message: "Failed to save annotation" });
    lastId += 1;
    const annotation = complete(lastId, fields, parts.now());
    if (annotation.timeEnd < annotation.time) return badRequest(reply);
    store.set(lastId, annotation);
    return { message: "Annotation added", id: lastId };
  });

  for (const [method, word] of [
    ["PATCH", "patched"],
    ["PUT", "updated"],
  ] as const) {
    app.route<{ Params: { id: string }; Body: string }>({
      method,
      url: "/api/annotations/:id",
      handler: async (request, reply) => {
        const known = store.get(Number(request.params.id));
        if (!known) return notFound(reply);
        const fields = fieldsOf(request.body);
        if (!fields || fields.text === "") return badRequest(reply);
        if (tagsTooLong(fields)) return reply.code(500).send({ message: "Failed to update annotation" });
        store.set(known.id, method === "PATCH" ? { ...known, ...fields } : complete(known.id, fields, parts.now()));
        return { message: `Annotation ${word}` };
      },
    });
  }

  app.delete<{ Params: { id: string } }>("/api/annotations/:id", async (request, reply) =>
    store.delete(Number(request.params.id)) ? { message: "Annotation deleted" } : notFound(reply),
  );

  app.get("/api/annotations", async (request) => {
    const query = new URL(request.url, "http://sandbox").searchParams;
    const from = Number(query.get("from") ?? 0);
    const to = Number(query.get("to") || Infinity);
    const tags = query.getAll("tags");
    const found = [...store.values()].filter((one) => one.time <= to && one.timeEnd >= from && tags.every((tag) => one.tags.includes(tag)));
    return found.toSorted((a, b) => b.timeEnd - a.timeEnd || b.id - a.id).slice(0, Number(query.get("limit") ?? 100));
  });
}

function fieldsOf(body: string): Fields | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.entries(value).every(([key, field]) => types[key]?.(field)) ? value : undefined;
}

function complete(id: number, fields: Fields, now: number): Annotation {
  const time = fields.time ?? now;
  const { timeEnd = time, text = "", tags = [], dashboardUID = "", panelId = 0 } = fields;
  return { id, time, timeEnd, text, tags, dashboardUID, panelId };
}

// As in Grafana, too long is a 500, not a 400.
function tagsTooLong({ tags = [] }: Fields): boolean {
  return tags.some((tag) => tag.length > 100) || JSON.stringify(tags).length > 500;
}

function badRequest(reply: FastifyReply): FastifyReply {
  return reply.code(400).send({ message: "bad request data" });
}

function notFound(reply: FastifyReply): FastifyReply {
  return reply.code(404).send({ message: "Annotation not found" });
}

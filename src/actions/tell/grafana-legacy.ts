import { z } from "zod";
import type { AnnotationFields, AnnotationSink, GrafanaCall } from "./annotation-sink.ts";
import { TargetError } from "./target.ts";

const found = z.array(z.object({ id: z.union([z.number(), z.string()]).transform(String), time: z.number() }));

/**
 * `/api/annotations`. What is there already is found by its tags before anything is posted, so that neither a retry nor a
 * restart doubles it.
 */
export function legacyAnnotations(grafana: URL, call: GrafanaCall): AnnotationSink {
  const root = new URL("api/annotations", grafana);

  /** The annotation with these tags that begins at exactly this time. */
  async function find({ tags, time }: AnnotationFields): Promise<string | undefined> {
    const url = new URL(root);
    for (const tag of tags) url.searchParams.append("tags", tag);
    const range = { type: "annotation", limit: "100", from: String(time), to: String(time + 1) };
    for (const [name, value] of Object.entries(range)) url.searchParams.set(name, value);
    const answer = found.safeParse(parseJson(await call("GET", url)));
    if (answer.success) return answer.data.find((each) => each.time === time)?.id;
    throw new TargetError("TARGET_REFUSED", "Grafana answered something that is not a list of annotations");
  }

  return {
    async region(_message, fields) {
      const there = await find(fields);
      if (there === undefined) return void (await call("POST", root, fields));
      if (fields.timeEnd === undefined) return;
      const { text, timeEnd } = fields;
      await call("PATCH", new URL(`${root.href}/${encodeURIComponent(there)}`), { text, timeEnd });
    },
    async point(_message, fields) {
      if ((await find(fields)) === undefined) await call("POST", root, fields);
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import { createHash } from "node:crypto";
import { z } from "zod";
import type { Message } from "../../entry.ts";
import type { AnnotationFields, AnnotationSink, GrafanaCall } from "./annotation-sink.ts";
import { seqOf } from "./news.ts";
import { TargetError } from "./target.ts";
import type { Memory } from "./target.ts";

const group = "annotation.grafana.app";
const version = "v0alpha1";

/** Name of the annotation that stands for the guard while it is open, and the last entry that was annotated. */
const handleShape = z.object({ open: z.string().optional(), closed: z.boolean().optional(), through: z.int() });
type Handle = z.output<typeof handleShape>;

const created = z.object({ metadata: z.object({ name: z.string().min(1) }) });

/**
 * `/apis/annotation.grafana.app`. Its times cannot be changed (a changed `timeEnd` is answered 200 and not stored), and a name
 * that was deleted stays taken: so the region is written anew at the end, and what stood for the open guard is deleted. One of
 * its stores keeps our names, the other gives its own: the one it answers is kept in the Guard.
 */
export function k8sAnnotations(grafana: URL, namespace: string, call: GrafanaCall): AnnotationSink {
  const root = new URL(`apis/${group}/${version}/namespaces/${encodeURIComponent(namespace)}/annotations`, grafana);

  async function create(name: string, fields: AnnotationFields): Promise<string> {
    const body = { apiVersion: `${group}/${version}`, kind: "Annotation", metadata: { name, namespace }, spec: fields };
    try {
      return nameIn(await call("POST", root, body));
    } catch (error) {
      if (isThere(error)) return name;
      throw error;
    }
  }

  async function remove(name: string): Promise<void> {
    try {
      await call("DELETE", new URL(`${root.href}/${encodeURIComponent(name)}`));
    } catch (error) {
      // Without the right to delete, the point of the opening stays beside the region.
      const status = error instanceof TargetError ? error.facts.status : undefined;
      if (status !== 403 && status !== 404) throw error;
    }
  }

  return {
    async region(message, fields, memory) {
      const { open, closed, through } = read(memory);
      if (fields.timeEnd === undefined) {
        if (through < seqOf(message)) keep(memory, { open: await create(nameOf(message, "open"), fields), through: seqOf(message) });
        return;
      }
      if (closed === true) return;
      await create(nameOf(message, "region"), fields);
      if (open !== undefined) await remove(open);
      keep(memory, { closed: true, through });
    },
    async point(message, fields, memory) {
      const before = read(memory);
      if (before.through >= seqOf(message)) return;
      await create(nameOf(message, "point"), fields);
      keep(memory, { ...before, through: seqOf(message) });
    },
  };
}

/** Whether this Grafana serves the new API. */
export async function servesK8s(grafana: URL, call: GrafanaCall): Promise<boolean> {
  try {
    const answer = await call("GET", new URL(`apis/${group}`, grafana));
    return answer.includes('"APIGroup"') && answer.includes(`"${version}"`);
  } catch (error) {
    const status = error instanceof TargetError ? error.facts.status : undefined;
    if (status === 403 || status === 404) return false;
    throw error;
  }
}

/** The same for the same entry: a post that is repeated because its answer was lost finds its name taken. */
function nameOf({ cluster, id }: Message, what: string): string {
  return `rearguard-${createHash("sha256").update(`${cluster}/${id}/${what}`).digest("hex").slice(0, 24)}`;
}

/** 409, or in the versions that were read a 500 with these words. */
function isThere(error: unknown): boolean {
  return error instanceof TargetError && (error.facts.status === 409 || error.message.includes("already exists"));
}

function nameIn(answer: string): string {
  try {
    return created.parse(JSON.parse(answer)).metadata.name;
  } catch {
    throw new TargetError("TARGET_REFUSED", "Grafana answered something that is not an annotation");
  }
}

function read({ handle }: Memory): Handle {
  try {
    return handleShape.parse(JSON.parse(handle ?? ""));
  } catch {
    return { through: -1 };
  }
}

function keep(memory: Memory, handle: Handle): void {
  memory.keep(JSON.stringify(handle));
}

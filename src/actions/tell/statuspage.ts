import { createHash } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../../clock.ts";
import type { Message } from "../../entry.ts";
import { ongoingWords, publicWords } from "../../explain/public.ts";
import type { PublicWords } from "../../explain/public.ts";
import type { Ms } from "../../model.ts";
import { callTarget } from "./http.ts";
import { seqOf } from "./news.ts";
import { createPace } from "./pace.ts";
import { passing } from "./passing.ts";
import { readSecret } from "./secret.ts";
import { TargetError } from "./target.ts";
import type { Memory, Target } from "./target.ts";

/** One request a second for each key. */
const gapMs = 1100;

const incidentShape = z.object({
  id: z.string().min(1),
  status: z.string(),
  updated_at: z.string().optional(),
  metadata: z.unknown().optional(),
});
type Incident = z.output<typeof incidentShape>;

/** Our incident with what was said last, or that people took it over: then it is theirs. */
const handleShape = z.object({
  id: z.string(),
  through: z.int(),
  said: z.object({ status: z.string(), body: z.string() }).optional(),
  /** When something was said last, by us or by people; absent in records of the version before. */
  at: z.number().optional(),
  theirs: z.boolean().optional(),
});
type Handle = z.output<typeof handleShape>;

/** A workload that users know. */
export interface PublicWorkload {
  readonly namespace: string;
  readonly name: string;
  readonly called: string;
  readonly component?: string | undefined;
}

/**
 * An incident for each guard whose trouble users feel, updated until the guard ends; only of the workloads that are named.
 * Statuspage's API knows no drafts: `quiet` is an incident that notifies nobody and changes no component.
 * @param options.keyFile file with an API key.
 */
export function createStatuspage(options: {
  readonly url: string;
  readonly pageId: string;
  readonly keyFile: string;
  readonly publish: "quiet" | "full";
  readonly workloads: readonly PublicWorkload[];
  /** While trouble goes on without news, something is said this often. */
  readonly everyMs: Ms;
  /** How many requests fail lately is said then. */
  readonly numbers: boolean;
  readonly clock: Pick<Clock, "now" | "sleep">;
  readonly timeoutMs?: Ms;
}): Target {
  const { pageId, keyFile, publish, workloads, everyMs, numbers, clock, timeoutMs } = options;
  const who = "Statuspage";
  const root = `${options.url.replace(/\/+$/, "")}/v1/pages/${encodeURIComponent(pageId)}/incidents`;
  const pace = createPace(clock, gapMs);

  async function call(method: "GET" | "POST" | "PATCH", path: string, body?: object): Promise<unknown> {
    const key = await readSecret(who, "key", keyFile);
    await pace();
    const answer = await callTarget(
      {
        who,
        method,
        url: new URL(`${root}${path}`),
        headers: { authorization: `OAuth ${key}` },
        final: [401, 403, 404],
        refusal: (text) => wordsIn(text, key),
        ...(body === undefined ? {} : { body: JSON.stringify({ incident: body }) }),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      },
      clock,
    );
    return parsed(answer);
  }

  /** One that was begun and whose answer was lost: it carries our mark. */
  async function begun(mark: string): Promise<Incident | undefined> {
    const open = z.array(incidentShape).safeParse(await call("GET", "/unresolved"));
    if (!open.success) throw new TargetError("TARGET_REFUSED", `${who} answered something that is not a list of incidents`);
    return open.data.find(({ metadata }) => JSON.stringify(metadata ?? {}).includes(mark));
  }

  async function begin(message: Message, words: PublicWords, workload: PublicWorkload): Promise<Incident> {
    const mark = markOf(message);
    const there = await begun(mark);
    if (there !== undefined) return there;
    const incident = { name: words.name, ...changeOf(words, workload), metadata: { rearguard: { guard: mark } } };
    return incidentIn(await call("POST", "", incident));
  }

  function changeOf({ status, body }: PublicWords, { component }: PublicWorkload, notifies = true): object {
    const state = status === "resolved" ? "operational" : "degraded_performance";
    const full = publish === "full" && component !== undefined ? { component_ids: [component], components: { [component]: state } } : {};
    const quiet = publish === "quiet" ? { impact_override: "none" } : {};
    return { status, body, deliver_notifications: notifies && publish === "full", ...full, ...quiet };
  }

  /** Undefined when people have resolved or deleted it: what they decided stands. */
  async function ours({ id }: Handle): Promise<Incident | undefined> {
    try {
      const incident = incidentIn(await call("GET", `/${encodeURIComponent(id)}`));
      return incident.status === "resolved" || incident.status === "postmortem" ? undefined : incident;
    } catch (error) {
      if (error instanceof TargetError && error.facts.status === 404) return undefined;
      throw error;
    }
  }

  /** The page itself knows when something was said last: so a restart says nothing twice, and what people have just said is not talked over. */
  async function goOn(message: Message, memory: Memory, workload: PublicWorkload): Promise<"left-out" | void> {
    const words = ongoingWords(message, workload.called, numbers);
    const known = read(memory);
    if (words === undefined || known === undefined || known.theirs === true) return "left-out";
    const now = clock.now();
    if (known.at !== undefined && now < known.at + everyMs) return "left-out";
    const incident = await ours(known);
    if (incident === undefined) return keep(memory, { ...known, theirs: true });
    const saidAt = Math.min(now, Date.parse(incident.updated_at ?? "") || (known.at ?? now));
    if (now < saidAt + everyMs) {
      keep(memory, { ...known, at: saidAt });
      return "left-out";
    }
    // The sentence of the last news says how it stands.
    const status = known.said?.status ?? words.status;
    await call("PATCH", `/${encodeURIComponent(known.id)}`, { ...changeOf({ ...words, name: "" }, workload), status });
    return keep(memory, { ...known, at: now });
  }

  return {
    name: "statuspage",
    ongoing: true,
    async send(message, memory = forgetful) {
      const { namespace, name } = message.workload;
      const workload = workloads.find((each) => each.namespace === namespace && each.name === name);
      if (message.kind === "ongoing") return workload === undefined ? "left-out" : passing(() => goOn(message, memory, workload));
      const words = workload === undefined ? undefined : publicWords(message, workload.called);
      if (workload === undefined || words === undefined) return "left-out";
      const known = read(memory);
      if (known === undefined) {
        if (message.kind === "finished" && message.phase !== "unresolved") return "left-out";
        const { id } = await begin(message, words, workload);
        return keep(memory, { id, through: seqOf(message), said: saidBy(words), at: clock.now() });
      }
      if (known.theirs === true || known.through >= seqOf(message)) return "left-out";
      const isSameBody = known.said?.body === words.body;
      if (isSameBody && known.said?.status === words.status) return "left-out";
      if ((await ours(known)) === undefined) return keep(memory, { ...known, theirs: true });
      // Nobody is notified of a sentence that was the last one already.
      await call("PATCH", `/${encodeURIComponent(known.id)}`, changeOf(words, workload, !isSameBody));
      keep(memory, { ...known, through: seqOf(message), said: saidBy(words), at: clock.now() });
      return undefined;
    },
  };
}

/** Says nothing to the public, and finds the incident of a guard again. */
function markOf({ cluster, guard }: Message): string {
  return createHash("sha256").update(`${cluster}/${guard}`).digest("hex").slice(0, 32);
}

function saidBy({ status, body }: PublicWords): NonNullable<Handle["said"]> {
  return { status, body };
}

function incidentIn(body: unknown): Incident {
  const parsedIncident = incidentShape.safeParse(body);
  if (parsedIncident.success) return parsedIncident.data;
  throw new TargetError("TARGET_REFUSED", "Statuspage answered something that is not an incident");
}

function wordsIn(answer: string, key: string): string | undefined {
  const error = z.object({ error: z.union([z.string(), z.array(z.string())]) }).safeParse(parsed(answer)).data?.error;
  return error === undefined ? undefined : [error].flat().join("; ").replaceAll(key, "[redacted]");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function read({ handle }: Memory): Handle | undefined {
  return handle === undefined ? undefined : handleShape.safeParse(parsed(handle)).data;
}

function keep(memory: Memory, handle: Handle): void {
  memory.keep(JSON.stringify(handle));
}

const forgetful: Memory = { handle: undefined, keep: () => {} };

import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { Clock } from "../../clock.ts";
import type { Message } from "../../entry.ts";
import type { Ms } from "../../model.ts";
import { callTarget } from "./http.ts";
import { TargetError } from "./target.ts";
import type { Target } from "./target.ts";

const longestTag = 50;
const found = z.array(z.object({ id: z.union([z.number(), z.string()]).transform(String), time: z.number() }));

/** What becomes a point; the guard itself is a region from its opening to its end. */
const points: Readonly<Partial<Record<Message["kind"], string>>> = { braked: "brake", "rolled-back": "rollback", finished: "verdict" };

/**
 * Annotations through Grafana's legacy API (`/api/annotations`), shown by a tag query for `rearguard`. What is there already is
 * found by its tags before anything is posted, so that neither a retry nor a restart doubles it.
 * @param options.url Grafana's root, `https://grafana.example.com/` or with its sub-path.
 * @param options.tokenFile file with a service account token (`glsa_…`).
 */
export function createGrafana(options: {
  readonly url: string;
  readonly tokenFile?: string;
  readonly clock: Pick<Clock, "now">;
  readonly timeoutMs?: Ms;
}): Target {
  const { tokenFile, clock, timeoutMs } = options;
  const root = new URL("api/annotations", options.url.endsWith("/") ? options.url : `${options.url}/`);

  async function call(method: "GET" | "POST" | "PATCH", url: URL, body?: unknown): Promise<string> {
    const headers = tokenFile === undefined ? {} : { authorization: `Bearer ${await readToken(tokenFile)}` };
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    const timeout = timeoutMs === undefined ? {} : { timeoutMs };
    try {
      return await callTarget({ who: "Grafana", method, url, headers, ...json, ...timeout }, clock);
    } catch (error) {
      // 500 is also Grafana's answer to an annotation it cannot store, which no retry will change.
      if (!(error instanceof TargetError) || error.facts.status !== 500) throw error;
      throw new TargetError("TARGET_REFUSED", error.message, { status: 500, tries: 5 });
    }
  }

  /** The annotation with these tags that begins at exactly this time. */
  async function find(tags: readonly string[], time: Ms): Promise<string | undefined> {
    const url = new URL(root);
    for (const tag of tags) url.searchParams.append("tags", tag);
    const range = { type: "annotation", limit: "100", from: String(time), to: String(time + 1) };
    for (const [name, value] of Object.entries(range)) url.searchParams.set(name, value);
    const answer = found.safeParse(parseJson(await call("GET", url)));
    if (answer.success) return answer.data.find((each) => each.time === time)?.id;
    throw new TargetError("TARGET_REFUSED", "Grafana answered something that is not a list of annotations");
  }

  async function region(message: Message): Promise<void> {
    const tags = tagsOf(message, "guard");
    const ended = message.kind === "finished" ? { timeEnd: Math.max(message.at, message.openedAt + 1) } : {};
    const there = await find(tags, message.openedAt);
    if (there === undefined) {
      await call("POST", root, { text: textOf(message), tags, time: message.openedAt, ...ended });
    } else if (message.kind === "finished") {
      await call("PATCH", new URL(`${root.href}/${encodeURIComponent(there)}`), { text: textOf(message), ...ended });
    }
  }

  async function point(message: Message, kind: string): Promise<void> {
    const tags = tagsOf(message, kind);
    if ((await find(tags, message.at)) === undefined) await call("POST", root, { text: textOf(message), tags, time: message.at });
  }

  return {
    name: "grafana",
    async send(message) {
      if (message.kind === "opened" || message.kind === "finished") await region(message);
      const kind = points[message.kind];
      if (kind !== undefined) await point(message, kind);
    },
  };
}

/** Few and short: Grafana answers 500 to a tag of more than 50 characters in older versions, and to more than 500 in all. */
function tagsOf(message: Message, kind: string): readonly string[] {
  const { namespace, name } = message.workload;
  return ["rearguard", namespace, name, kind, message.guard].map((tag) => tag.slice(0, longestTag));
}

function textOf(message: Message): string {
  return `${message.title}\n${message.text}`;
}

async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw new TargetError("TARGET_REFUSED", `Grafana: its token file cannot be read (${code})`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

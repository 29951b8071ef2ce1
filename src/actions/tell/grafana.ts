import { z } from "zod";
import type { Clock } from "../../clock.ts";
import type { Message } from "../../entry.ts";
import type { Ms } from "../../model.ts";
import type { AnnotationSink, GrafanaCall } from "./annotation-sink.ts";
import { k8sAnnotations, servesK8s } from "./grafana-k8s.ts";
import { legacyAnnotations } from "./grafana-legacy.ts";
import { callTarget } from "./http.ts";
import { readSecret } from "./secret.ts";
import { TargetError } from "./target.ts";
import type { Memory, Target } from "./target.ts";

const longestTag = 50;

/** What becomes a point; the guard itself is a region from its opening to its end. */
const points: Readonly<Partial<Record<Message["kind"], string>>> = {
  braked: "brake",
  announced: "announced",
  "rolled-back": "rollback",
  withheld: "withheld",
  finished: "verdict",
  remediated: "remediation",
  escalated: "remediation",
};

/**
 * Annotations in Grafana, shown by a tag query for `rearguard`.
 * @param options.url Grafana's root, `https://grafana.example.com/` or with its sub-path.
 * @param options.tokenFile file with a service account token (`glsa_…`).
 * @param options.api `auto` asks Grafana which one it serves, and prefers the new one.
 * @param options.namespace of the new API: `default` for the first organisation, `org-N`, or `stack-N` in Grafana Cloud.
 */
export function createGrafana(options: {
  readonly url: string;
  readonly tokenFile?: string;
  readonly api?: "auto" | "legacy" | "k8s";
  readonly namespace?: string;
  readonly clock: Pick<Clock, "now">;
  readonly timeoutMs?: Ms;
}): Target {
  const { tokenFile, api = "legacy", namespace = "default", clock, timeoutMs } = options;
  const root = new URL(options.url.endsWith("/") ? options.url : `${options.url}/`);
  const call = callsOf({ tokenFile, clock, timeoutMs });
  const sinks = { legacy: legacyAnnotations(root, call), k8s: k8sAnnotations(root, namespace, call) };
  let chosen = api === "auto" ? undefined : sinks[api];

  async function choose(): Promise<AnnotationSink> {
    chosen ??= (await servesK8s(root, call)) ? sinks.k8s : sinks.legacy;
    return chosen;
  }

  async function annotate(message: Message, memory: Memory): Promise<void> {
    const sink = await choose();
    // Grafana takes whole milliseconds only.
    const [at, openedAt] = [Math.floor(message.at), Math.floor(message.openedAt)];
    const text = `${message.title}\n${message.text}`;
    // What one call kept, the next one must see.
    let { handle } = memory;
    const shared: Memory = {
      get handle() {
        return handle;
      },
      keep(next) {
        handle = next;
        memory.keep(next);
      },
    };
    if (message.kind === "opened" || message.kind === "finished") {
      const ended = message.kind === "finished" ? { timeEnd: Math.max(at, openedAt + 1) } : {};
      await sink.region(message, { text, tags: tagsOf(message, "guard"), time: openedAt, ...ended }, shared);
    }
    const kind = points[message.kind];
    if (kind !== undefined) await sink.point(message, { text, tags: tagsOf(message, kind), time: at }, shared);
  }

  return {
    name: "grafana",
    async send(message, memory = forgetful) {
      if (message.kind !== "opened" && points[message.kind] === undefined) return "left-out";
      try {
        return await annotate(message, memory);
      } catch (error) {
        // Perhaps another version by now: the next try asks again which API there is.
        if (api === "auto" && error instanceof TargetError && error.facts.status === 404) chosen = undefined;
        throw error;
      }
    },
  };
}

function callsOf(options: {
  readonly tokenFile: string | undefined;
  readonly clock: Pick<Clock, "now">;
  readonly timeoutMs: Ms | undefined;
}): GrafanaCall {
  const { tokenFile, clock, timeoutMs } = options;
  return async (method, url, body) => {
    const token = tokenFile === undefined ? undefined : await readSecret("Grafana", "token", tokenFile);
    try {
      return await callTarget(
        {
          who: "Grafana",
          method,
          url,
          headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
          refusal: (answer) => wordsIn(answer, token),
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          ...(timeoutMs === undefined ? {} : { timeoutMs }),
        },
        clock,
      );
    } catch (error) {
      // 500 is also Grafana's answer to an annotation it cannot store, which no retry will change.
      if (!(error instanceof TargetError) || error.facts.status !== 500) throw error;
      throw new TargetError("TARGET_REFUSED", error.message, { status: 500, tries: 5 });
    }
  };
}

/** Few and short: Grafana answers 500 to a tag of more than 50 characters in older versions, and to more than 500 in all. */
function tagsOf(message: Message, kind: string): readonly string[] {
  const { namespace, name } = message.workload;
  // The end of a guard's name tells it from the other guards of its workload.
  return [...["rearguard", namespace, name, kind].map((tag) => tag.slice(0, longestTag)), message.guard.slice(-longestTag)];
}

const refusal = z.object({ message: z.string() });

function wordsIn(answer: string, token: string | undefined): string | undefined {
  try {
    const words = refusal.safeParse(JSON.parse(answer)).data?.message;
    return token === undefined ? words : words?.replaceAll(token, "[redacted]");
  } catch {
    return undefined;
  }
}

const forgetful: Memory = { handle: undefined, keep: () => {} };

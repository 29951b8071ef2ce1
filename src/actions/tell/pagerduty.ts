import { createHash } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../../clock.ts";
import type { Message } from "../../entry.ts";
import type { Ms } from "../../model.ts";
import { callTarget } from "./http.ts";
import { cut, endsWell, needsPerson } from "./news.ts";
import { once } from "./once.ts";
import { readSecret } from "./secret.ts";
import { TargetError } from "./target.ts";
import type { Target } from "./target.ts";

/** What PagerDuty takes: summary and key by characters, the body up to 512 KB, of which words need only a part. */
const longestSummary = 1024;
const longestKey = 255;
const longestDetail = 20_000;

type Event = { readonly path: "/v2/enqueue" | "/v2/change/enqueue"; readonly body: Readonly<Record<string, unknown>> };

/**
 * Events API v2: an alert for each guard that needs a person, resolved when the guard ends well; a change event when a
 * rollout begins and when it is taken back.
 * @param options.routingKeyFile file with the integration key of a service (32 characters).
 */
export function createPagerDuty(options: {
  readonly name: string;
  readonly url: string;
  readonly routingKeyFile: string;
  readonly changes: boolean;
  readonly clock: Pick<Clock, "now">;
  readonly timeoutMs?: Ms;
}): Target {
  const { name, routingKeyFile, changes, clock, timeoutMs } = options;
  const root = options.url.replace(/\/+$/, "");

  async function post({ path, body }: Event): Promise<void> {
    const routingKey = await readSecret(name, "key", routingKeyFile);
    if (!/^\w{32}$/.test(routingKey)) {
      throw new TargetError(
        "TARGET_REFUSED",
        `${name}: its key file ${routingKeyFile} does not hold an integration key of 32 letters and digits`,
        {
          tries: 1,
        },
      );
    }
    await callTarget(
      {
        who: name,
        method: "POST",
        url: new URL(`${root}${path}`),
        body: JSON.stringify({ routing_key: routingKey, ...body }),
        refusal: (answer) => reasonIn(answer, routingKey),
        final: [401, 402, 403, 404],
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      },
      clock,
    );
  }

  return {
    name,
    async send(message, memory) {
      const event = eventOf(message, changes);
      return event === undefined ? "left-out" : once(message, memory, () => post(event));
    },
  };
}

/** Pure: what PagerDuty is sent of a message; undefined for what is nobody's page. */
export function eventOf(message: Message, changes: boolean): Event | undefined {
  const key = { dedup_key: keyOf(message) };
  if (needsPerson(message)) {
    return {
      path: "/v2/enqueue",
      body: { event_action: "trigger", ...key, client: "Rearguard", payload: payloadOf(message), ...links(message) },
    };
  }
  if (endsWell(message)) return { path: "/v2/enqueue", body: { event_action: "resolve", ...key } };
  if (!changes || (message.kind !== "opened" && message.kind !== "rolled-back")) return undefined;
  const { summary, source, timestamp, custom_details } = payloadOf(message);
  return { path: "/v2/change/enqueue", body: { payload: { summary, source, timestamp, custom_details }, ...links(message) } };
}

function payloadOf({ title, text, next, guard, phase, cluster, workload, at, because }: Message) {
  const { namespace, name, kind } = workload;
  return {
    summary: cut(title, longestSummary),
    source: `${cluster}/${namespace}/${name}`,
    severity: "critical",
    timestamp: new Date(at).toISOString(),
    component: name,
    group: namespace,
    class: because[0]?.code ?? "rollout",
    custom_details: { text: cut(text, longestDetail), next: cut(next, longestDetail), guard, phase, cluster, namespace, kind, name },
  } as const;
}

function links({ link, guard }: Message): { readonly links?: readonly object[] } {
  return link === undefined ? {} : { links: [{ href: link, text: guard }] };
}

/** One alert for each guard, in one PagerDuty service of several clusters too. */
function keyOf({ cluster, guard }: Message): string {
  const key = `rearguard/${cluster}/${guard}`;
  return key.length <= longestKey ? key : `rearguard/${createHash("sha256").update(key).digest("hex")}`;
}

const refusal = z.object({ errors: z.array(z.string()) });

function reasonIn(answer: string, secret: string): string | undefined {
  try {
    const parsed = refusal.safeParse(JSON.parse(answer));
    return parsed.data?.errors.join("; ").replaceAll(secret, "[redacted]");
  } catch {
    return undefined;
  }
}

import { z } from "zod";
import { startReceiver } from "../../unit/actions/receiver.ts";
import type { Answer, Received } from "../../unit/actions/receiver.ts";
import { json, strictly } from "./strict.ts";

// docs.slack.dev: escaped text has no bare &, < or >, but for links of the form <url|words>.
const escaped = z
  .string()
  .refine((text) => !/&(?!amp;|lt;|gt;)/.test(text) && !/[<>]/.test(text.replaceAll(/<https?:[^<>|]+\|[^<>]+>/g, "")), "not escaped");
const mrkdwn = z.strictObject({ type: z.literal("mrkdwn"), text: escaped.min(1).max(3000), verbatim: z.boolean().optional() });
const block = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("section"), text: mrkdwn }),
  z.strictObject({ type: z.literal("context"), elements: z.array(mrkdwn).min(1).max(10) }),
]);
const content = { text: escaped.min(1).max(4000), blocks: z.array(block).min(1).max(50) };
const post = z.strictObject({
  channel: z.string(),
  ...content,
  unfurl_links: z.boolean().optional(),
  thread_ts: z.string().optional(),
  reply_broadcast: z.boolean().optional(),
});
const update = z.strictObject({ channel: z.string(), ts: z.string(), ...content });

export interface SlackMessage {
  readonly ts: string;
  readonly thread: string | undefined;
  readonly text: string;
  readonly broadcast: boolean;
  readonly edits: number;
  readonly at: number;
}

/** Slack with one channel, `#rollouts` (C042): any wrong field is a 400 with the reason, refusals are 200 with `ok: false` as Slack has them. */
export async function startSlack(options: {
  readonly token: string;
  readonly now: () => number;
  readonly answer?: (request: Received) => Answer | undefined;
}) {
  const { token, now, answer } = options;
  const messages: SlackMessage[] = [];
  const hooked: string[] = [];
  const state = { error: undefined as string | undefined };

  function serve(request: Received): Answer {
    const forced = answer?.(request);
    if (forced !== undefined) return forced;
    const { method, url, headers, body } = request;
    if (method !== "POST") return { status: 405 };
    if (url.pathname.startsWith("/services/")) return hook(url, body);
    if (headers["content-type"] !== "application/json; charset=utf-8") return json(400, { wrong: "content-type" });
    if (headers.authorization !== `Bearer ${token}`) return json(200, { ok: false, error: "invalid_auth" });
    if (state.error !== undefined) return json(200, { ok: false, error: state.error });
    if (url.pathname === "/api/chat.postMessage") return posting(body);
    return url.pathname === "/api/chat.update" ? updating(body) : json(404, {});
  }

  function posting(body: string): Answer {
    const read = strictly(post, body);
    if ("wrong" in read) return json(400, read);
    const { channel, text, thread_ts: thread, reply_broadcast: broadcast = false } = read.value;
    if (!["#rollouts", "C042"].includes(channel)) return json(200, { ok: false, error: "channel_not_found" });
    if (thread !== undefined && !messages.some(({ ts }) => ts === thread)) return json(200, { ok: false, error: "thread_not_found" });
    const last = messages.at(-1);
    if (last !== undefined && now() - last.at < 1000) return json(429, { ok: false, error: "ratelimited" }, { "retry-after": "1" });
    const ts = `1732370575.${String(messages.length + 1).padStart(6, "0")}`;
    messages.push({ ts, thread, text, broadcast, edits: 0, at: now() });
    return json(200, { ok: true, channel: "C042", ts, message: { text } });
  }

  function updating(body: string): Answer {
    const read = strictly(update, body);
    if ("wrong" in read) return json(400, read);
    const at = messages.findIndex(({ ts }) => ts === read.value.ts);
    const before = messages[at];
    // A name will not do here: only the id.
    if (read.value.channel !== "C042") return json(200, { ok: false, error: "channel_not_found" });
    if (before === undefined) return json(200, { ok: false, error: "message_not_found" });
    messages[at] = { ...before, text: read.value.text, edits: before.edits + 1 };
    return json(200, { ok: true, channel: "C042", ts: before.ts, text: read.value.text });
  }

  function hook(url: URL, body: string): Answer {
    if (url.pathname !== "/services/T0/B0/h00kS3CRET") return { status: 404, body: "no_service" };
    const read = strictly(z.strictObject(content), body);
    if ("wrong" in read) return { status: 400, body: "invalid_payload" };
    hooked.push(read.value.text);
    return { status: 200, body: "ok" };
  }

  const receiver = await startReceiver(serve);
  return {
    ...receiver,
    /** Everything in the channel and its threads, in the order of its arrival. */
    messages,
    /** What the incoming webhook got. */
    hooked,
    state,
    delete: (ts: string) => messages.splice(0, messages.length, ...messages.filter((each) => each.ts !== ts)),
  };
}

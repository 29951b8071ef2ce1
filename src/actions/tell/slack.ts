import { z } from "zod";
import type { Clock } from "../../clock.ts";
import type { Message } from "../../entry.ts";
import type { Ms } from "../../model.ts";
import { callTarget } from "./http.ts";
import { isTrouble, seqOf } from "./news.ts";
import { once } from "./once.ts";
import { createPace } from "./pace.ts";
import { readSecret, readSecretUrl } from "./secret.ts";
import { entryContent, rootContent } from "./slack-blocks.ts";
import { isGone, slackAnswer } from "./slack-answer.ts";
import type { Memory, Target } from "./target.ts";

/** Slack takes about one message a second for a channel. */
const gapMs = 1000;

/** Our message in Slack, and the last entry that is told in its thread. */
const handleShape = z.object({ channel: z.string(), ts: z.string(), through: z.int() });
type Handle = z.output<typeof handleShape>;

type SlackClock = Pick<Clock, "now" | "sleep">;

/**
 * One message for each guard, updated as the guard goes on, with every entry in its thread.
 * @param options.posts `trouble`: nothing of a guard until something is wrong.
 * @param options.tokenFile file with a bot token (`xoxb-…`) with the scope chat:write.
 */
export function createSlack(options: {
  readonly name: string;
  readonly apiUrl: string;
  readonly tokenFile: string;
  readonly channel: string;
  readonly posts?: "every-guard" | "trouble" | undefined;
  readonly clock: SlackClock;
  readonly timeoutMs?: Ms;
}): Target {
  const { name, apiUrl, tokenFile, channel, posts = "every-guard", clock, timeoutMs } = options;
  const pace = createPace(clock, gapMs);

  async function call(method: "chat.postMessage" | "chat.update", body: object): Promise<Pick<Handle, "channel" | "ts">> {
    const headers = {
      authorization: `Bearer ${await readSecret(name, "token", tokenFile)}`,
      "content-type": "application/json; charset=utf-8",
    };
    const url = new URL(`${apiUrl.replace(/\/+$/, "")}/${method}`);
    const timeout = timeoutMs === undefined ? {} : { timeoutMs };
    if (method === "chat.postMessage") await pace();
    return slackAnswer(name, await callTarget({ who: name, method: "POST", url, headers, body: JSON.stringify(body), ...timeout }, clock));
  }

  async function begin(message: Message, memory: Memory): Promise<Handle> {
    const posted = await call("chat.postMessage", { channel, ...rootContent(message) });
    return keep(memory, { ...posted, through: seqOf(message) - 1 });
  }

  /** The thread of the guard, its first message brought up to date; undefined when somebody deleted it. */
  async function goOn(message: Message, handle: Handle): Promise<Handle | undefined> {
    if (!changesRoot(message)) return handle;
    try {
      const { unfurl_links: _, ...content } = rootContent(message);
      await call("chat.update", { channel: handle.channel, ts: handle.ts, ...content });
      return handle;
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  }

  return {
    name,
    async send(message, memory = forgetful) {
      const known = read(memory.handle);
      if (known === undefined && posts === "trouble" && !isTrouble(message)) return "left-out";
      // Told already, before a restart: the guard's other receivers were not done.
      if (known !== undefined && known.through >= seqOf(message)) return "left-out";
      const went = known === undefined ? undefined : await goOn(message, known);
      const thread = went ?? (await begin(message, memory));
      // An update makes no notification: what is critical comes into the channel too.
      const broadcast = went !== undefined && message.severity === "critical" ? { reply_broadcast: true } : {};
      await call("chat.postMessage", { channel: thread.channel, thread_ts: thread.ts, ...broadcast, ...entryContent(message) });
      keep(memory, { ...thread, through: seqOf(message) });
      return undefined;
    },
  };
}

/** A message for each piece of news: an incoming webhook can neither change nor thread what it has posted. */
export function createSlackHook(options: {
  readonly name: string;
  readonly webhookUrlFile: string;
  readonly posts?: "every-guard" | "trouble" | undefined;
  readonly clock: SlackClock;
  readonly timeoutMs?: Ms;
}): Target {
  const { name, webhookUrlFile, posts = "trouble", clock, timeoutMs } = options;
  const pace = createPace(clock, gapMs);
  const timeout = timeoutMs === undefined ? {} : { timeoutMs };
  return {
    name,
    async send(message, memory = forgetful) {
      const isEndOfTold = message.kind === "finished" && memory.handle !== undefined;
      if (posts === "trouble" && !isTrouble(message) && !isEndOfTold) return "left-out";
      return once(message, memory, async () => {
        const url = await readSecretUrl(`${name} (webhookUrlFile)`, webhookUrlFile);
        await pace();
        const { unfurl_links: _, ...content } = entryContent(message);
        await callTarget(
          { who: name, method: "POST", url, body: JSON.stringify(content), refusal: word, final: [403, 404], ...timeout },
          clock,
        );
      });
    },
  };
}

/** What is only known better, or judged for longer, goes into the thread: the head keeps saying what matters. */
function changesRoot(message: Message): boolean {
  return message.severity !== "info" || ["opened", "released", "finished"].includes(message.kind);
}

/** Slack's webhooks say in one word why they refuse. */
function word(answer: string): string | undefined {
  return /^[a-z_]{1,60}$/.test(answer.trim()) ? answer.trim() : undefined;
}

function keep(memory: Memory, handle: Handle): Handle {
  memory.keep(JSON.stringify(handle));
  return handle;
}

function read(handle: string | undefined): Handle | undefined {
  if (handle === undefined) return undefined;
  try {
    return handleShape.safeParse(JSON.parse(handle)).data;
  } catch {
    return undefined;
  }
}

const forgetful: Memory = { handle: undefined, keep: () => {} };

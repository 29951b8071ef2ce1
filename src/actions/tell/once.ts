import type { Message } from "../../entry.ts";
import { seqOf } from "./news.ts";
import type { Memory } from "./target.ts";

/**
 * Sends an entry that was not sent before. Told again after a restart, an alarm and its end would be another alarm: receivers
 * know a repetition only while the first one lasts.
 */
export async function once(message: Message, memory: Memory | undefined, send: () => Promise<void>): Promise<"left-out" | void> {
  if (memory?.handle !== undefined && Number(memory.handle) >= seqOf(message)) return "left-out";
  await send();
  memory?.keep(String(seqOf(message)));
}

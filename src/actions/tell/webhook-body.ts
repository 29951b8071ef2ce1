import type { Message } from "../../entry.ts";

// The specification asks for less than 20 KB; a hundred crashing pods in a reason are more than that.
const mostBytes = 20_000;

/** `{ type, timestamp, data }` as JSON, at most 20 KB: reasons go first when it is too long, then the end of the text. */
export function webhookBody(message: Message): string {
  const whole = bodyOf(message);
  if (bytes(whole) < mostBytes) return whole;
  const bare = { ...message, because: [], title: cut(message.title, 500), next: cut(message.next, 1500) };
  return bodyOf({ ...bare, text: cut(message.text, 3500) });
}

function bodyOf(message: Message): string {
  const type = `rearguard.${message.kind}`;
  return JSON.stringify({ type, timestamp: new Date(message.at).toISOString(), data: message });
}

function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

import type { Message } from "../../entry.ts";

/** Somebody has to do something now. A rollback that was done is not that: it is verified, and if it did not help, that is. */
export function needsPerson(message: Message): boolean {
  return message.severity === "critical" && message.kind !== "rolled-back";
}

/** The guard is in trouble, or has just come out of it. How well it can be judged is no trouble of the rollout. */
export function isTrouble(message: Message): boolean {
  if (message.kind === "noted") return false;
  return message.severity !== "info" || message.kind === "released" || (message.kind === "finished" && message.phase === "restored");
}

/** The guard ended, and what was wrong with its revision is wrong no longer. */
export function endsWell(message: Message): boolean {
  return message.kind === "finished" && ["passed", "restored", "superseded", "aborted"].includes(message.phase);
}

/** Which entry of its guard a message tells of. */
export function seqOf({ id, guard }: Message): number {
  return Number(id.slice(guard.length + 1));
}

/** At most `most` characters, with a sign that something is missing; never half a character. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

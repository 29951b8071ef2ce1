import type { Message } from "../entry.ts";
import { duration, percent, timeOfDay } from "./numbers.ts";

/** What the users of a service may read. */
export type PublicWords = {
  readonly name: string;
  readonly body: string;
  readonly status: "investigating" | "identified" | "monitoring" | "resolved";
};

/**
 * What to tell the public of a message: neither numbers nor names of ours. Undefined for what is no trouble of theirs.
 * `called` is how users know the workload.
 */
export function publicWords(message: Message, called: string): PublicWords | undefined {
  const words = wordsFor(message, called);
  return words === undefined ? undefined : { name: `Problems with ${called}`, ...words };
}

/**
 * What to tell the public from time to time while a guard's trouble goes on: since when, and with `numbers` how many requests fail lately.
 * Undefined for any other message.
 */
export function ongoingWords({ ongoing, at }: Message, called: string, numbers: boolean): Pick<PublicWords, "status" | "body"> | undefined {
  if (ongoing === undefined) return undefined;
  const { since, rolledBackAt, lately } = ongoing;
  const lasting = `since ${timeOfDay(since)} (${duration(at - since)})`;
  const share =
    numbers && lately !== undefined && lately.total > 0
      ? ` In the last ${duration(lately.overMs)} ${percent(lately.bad / lately.total)} of requests failed.`
      : "";
  if (rolledBackAt === undefined) {
    return { status: "identified", body: `There are still problems with ${called}, ${lasting}.${share} We are working on them.` };
  }
  const body = `The change to ${called} was taken back at ${timeOfDay(rolledBackAt)}.${share} We are still checking that it has recovered; there have been problems ${lasting}.`;
  return { status: "monitoring", body };
}

function wordsFor({ kind, phase, severity, because }: Message, called: string): Omit<PublicWords, "name"> | undefined {
  if (kind === "rolled-back") {
    return {
      status: "monitoring",
      body: `A change to ${called} caused problems and was taken back. We are checking that it has recovered.`,
    };
  }
  // Nobody watches any more, and nobody knows: that is no news for the public.
  if (kind === "finished" && (phase === "inconclusive" || isEndedByOrder({ phase, because }))) return undefined;
  const end = kind === "finished" ? ends[phase] : undefined;
  if (end !== undefined) return { status: end[0], body: `${capital(called)} ${end[1]}` };
  if (severity !== "critical") return undefined;
  const status = kind === "held" ? "investigating" : "identified";
  return { status, body: `There are problems with ${called}. We are working on them.` };
}

const ends: Readonly<Partial<Record<Message["phase"], readonly [status: PublicWords["status"], body: string]>>> = {
  passed: ["resolved", "has recovered."],
  restored: ["resolved", "has recovered."],
  superseded: ["resolved", "was changed again. If there are still problems, we will report them anew."],
  aborted: ["resolved", "was taken out of service."],
};

/** A person has ended the guard and not the trouble, nor the workload: what the public is told is theirs to say. */
export function isEndedByOrder({ phase, because }: Pick<Message, "phase" | "because">): boolean {
  return phase === "aborted" && because.some(({ code }) => code === "ordered");
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

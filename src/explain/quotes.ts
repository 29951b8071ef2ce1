import type { QuotedLines } from "../reason/quoted-lines.ts";
import type { Reason } from "../reason.ts";
import { count, counted, duration, timeOfDay } from "./numbers.ts";

type Of<Code extends Reason["code"]> = Extract<Reason, { code: Code }>;

const linkWords = "The lines in Kibana";

/** Longest quotation; the record has it whole. */
const longest = 240;

/** Of a pattern with its count: `"connect ECONNREFUSED *" (120 lines of 2 pods, web-5d8f-abcde and 1 more, last at 12:00:03 UTC)`. */
function quotation({ pattern, lines, pods, of, last }: QuotedLines): string {
  return `${cut(pattern)} (${counted(lines, "line")} of ${podsOf(pods, of)}, last at ${timeOfDay(last)})`;
}

/** Follows the evidence of a signal of log lines; empty where there are no lines beside it. */
export function quotesOf({ quotes = [], partly, unread, bad }: Of<"evidence">): string {
  if (quotes.length > 0) {
    // Read beside the count: with lines of pods that still start, and without those that came late.
    const isMost = quotes.reduce((sum, { lines }) => sum + lines, 0) >= bad;
    const read = partly === true ? " that were read, which are not all" : "";
    return `; ${isMost ? "most of the lines" : "the most frequent of the lines"}${read}: ${quotes.map(quotation).join("; ")}`;
  }
  return unread === undefined ? "" : `; the lines could not be read (${unread})`;
}

export function newPatternSentence({ signal, pattern, lines, pods, of, first, lookbackMs, sure }: Of<"new-pattern">): string {
  const logged = `${signal}: new pods log ${cut(pattern)} (${counted(lines, "line")} of ${podsOf(pods, of)}, first at ${timeOfDay(first)})`;
  const since = `${duration(lookbackMs)} before the rollout or since`;
  if (sure) return `${logged}, which old pods did not log in ${since}`;
  return `${logged}, which is not among the lines of old pods that could be read of ${since}; they logged more, so it may not be new`;
}

export function withoutPodSentence({ signal, lines, field }: Of<"lines-without-pod">): string {
  const have = lines === 1 ? "has" : "have";
  return `${signal}: ${counted(lines, "error line")} of the last minute in this namespace ${have} no field ${field}: it cannot be said whose they are, and they are left out`;
}

/** Where the lines of a reason can be looked at, as a line of its own: nothing may be cut off a link. */
export function linksOf(because: readonly Reason[]): readonly string[] {
  const links = because.flatMap((reason) => ("link" in reason && reason.link !== undefined ? [reason.link] : []));
  return [...new Set(links)].map((link) => `${linkWords}: ${link}`);
}

/** A line of `linksOf` taken apart again, for receivers that can hide a long address behind words. */
export function linkIn(line: string): { readonly words: string; readonly url: string } | undefined {
  const url = line.startsWith(`${linkWords}: `) ? line.slice(linkWords.length + 2) : "";
  return /^https?:\/\/\S+$/.test(url) ? { words: linkWords, url } : undefined;
}

function podsOf(pods: readonly string[], of: number): string {
  if (of === 1) return `pod ${pods[0] ?? ""}`;
  return `${counted(of, "pod")}, ${pods[0] ?? ""} and ${count(of - 1)} more`;
}

function cut(pattern: string): string {
  return JSON.stringify(pattern.length <= longest ? pattern : `${pattern.slice(0, longest - 1)}…`);
}

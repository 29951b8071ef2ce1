// The pattern of a log line: its first line with everything masked that differs from one occurrence to the next.
import { redact } from "../../redact.ts";

/** Longest pattern; what is longer is cut, so that two lines that differ only after this are one pattern. */
export const longestPattern = 300;
/** No more of a line is looked at. */
const longestLine = 2000;

/** Begins a line that goes on with what the line before said: a frame of a stack trace, a cause, an indented detail. */
const continuation =
  /^(?:\s|at |\.\.\. \d+ (?:more|common frames)|Caused by:|Suppressed:|During handling of the above|The above exception was)/;

/** Letters that the random ends of pod names are made of: no vowels, no 0, 1 and 3. */
const podEnd = "[bcdfghjklmnpqrstvwxz2456789]";

/** Colours of a terminal. */
// oxlint-disable-next-line no-control-regex -- the escape is what is looked for
const colours = /\u001B\[[\d;]*m/g;

/** In this order: what is whole (a UUID) before its parts (digits). `$1` is kept. */
const masks: readonly (readonly [RegExp, string])[] = [
  [/[\w.%+-]+@[\w-]+(?:\.[\w-]+)+/g, "*"],
  [/(?<![0-9a-z])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![0-9a-z])/gi, "*"],
  // Names of pods, as Kubernetes ends them: -5b67c48447-mv5hb.
  [new RegExp(`-(?:[0-9a-f]{6,10}|${podEnd}{6,10})-${podEnd}{5}(?![\\w-])`, "g"), "-*"],
  [/\b0x[0-9a-f]+\b/gi, "*"],
  // Trace and span ids, digests: hex with at least one digit.
  [/(?<![0-9a-z])(?=[a-f]*\d)[0-9a-f]{8,}(?![0-9a-z])/gi, "*"],
  // Random keys and base64: long, with letters and at least two runs of digits.
  [/(?<![\w/+])(?=[A-Za-z+/_]*\d+[A-Za-z+/_]+\d)[A-Za-z0-9+_]{10,}={0,2}(?![\w/+])/g, "*"],
  [/\d+/g, "*"],
  [/(?<=^|[\s=:,;_([{<'"/])-\*/g, "*"],
  // What stands between masked parts of one value: of an address, a time, a version, a size.
  [/\*(?:[.:,_T+-]?\*)+(?:Z\b)?/g, "*"],
  // A part of a path that has a number in it is an id, whatever else is in it; how many of them follow each other differs as they do.
  [/(?<=\/)[^\s/"'?&,;:@()[\]]*\*[^\s/"'?&,;:@()[\]]*/g, "*"],
  [/(?:\/\*){2,}/g, "/*"],
];

/** Time and level before the text say nothing of what went wrong. */
const head = /^(?:[[(]?\*[\])]?[\s|:,-]+)*(?:[[(]?(?:FATAL|SEVERE|CRITICAL|ERROR|ERR|WARN|WARNING)\b[\])]?[\s|:,-]*)?/;

/**
 * The pattern of a document's text: `Impl#37 TraceID: 6f3cbf058c276554 no contacts of 4711` is `Impl#* TraceID: * no contacts of *`.
 * Undefined where the text says nothing of its own: it is empty, or goes on with what the document before it said, as each line of a stack
 * trace does where a shipper makes a document of every line.
 */
export function patternOf(text: string): string | undefined {
  const first = firstLineOf(text);
  if (first === undefined || continuation.test(first)) return undefined;
  // Secrets first: whatever else they look like, they are not to be quoted.
  let masked = redact(first.replaceAll(colours, ""), "*");
  for (const [found, mask] of masks) masked = masked.replaceAll(found, mask);
  // A line that is nothing but a level keeps it.
  const bare = masked.replace(head, "") || masked;
  const plain = withoutRepeats(bare.replaceAll(/[\p{C}\s]+/gu, " ").trim());
  if (plain === "") return undefined;
  return plain.length <= longestPattern ? plain : `${plain.slice(0, longestPattern - 1)}…`;
}

/** A list of values is one value: how many there are differs as they do. */
function withoutRepeats(text: string): string {
  const words = text.split(" ");
  return words.filter((word, order) => !word.includes("*") || word !== words[order - 1]).join(" ");
}

/** The first line with anything in it, as it is indented. */
function firstLineOf(text: string): string | undefined {
  return text
    .slice(0, longestLine)
    .split(/\r\n|[\n\r]/)
    .find((line) => line.trim() !== "");
}

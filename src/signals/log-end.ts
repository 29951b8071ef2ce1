import { redact } from "../redact.ts";

/** The end of a log as people are shown it: without secrets and whatever a terminal would obey, from the beginning of a line on. */
export function endOfLog(log: string, mostBytes: number): string {
  const clean = redact(plain(log));
  const bytes = Buffer.from(clean);
  if (bytes.length <= mostBytes) return clean;
  const end = bytes.subarray(bytes.length - mostBytes).toString("utf8");
  const line = end.indexOf("\n");
  return line === -1 ? end : end.slice(line + 1);
}

function plain(log: string): string {
  return log.replaceAll(/\p{Cc}\[[\d;]*[A-Za-z]/gu, "").replaceAll(/(?![\n\t])\p{Cc}/gu, "");
}

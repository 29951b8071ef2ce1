import type { Reason } from "../reason.ts";
import { noBound } from "./rule.ts";

type Job = Extract<Reason, { code: "job" }>;

const shown = 160;

export function jobHeadline({ signal }: Job): string {
  return `the smoke test ${signal} failed`;
}

/** With the last line that it wrote; the lines before it are in the reason itself. */
export function jobSentence(reason: Job): string {
  const last = reason.log.trim().split("\n").at(-1)?.trim() ?? "";
  const line = last.length > shown ? `${last.slice(0, shown)}…` : last;
  return `${jobHeadline(reason)}: ${reason.detail}${line === "" ? "" : `; its last line: ${line}`}; ${noBound}`;
}

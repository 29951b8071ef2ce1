import type { Reason } from "../reason.ts";
import { count, counted, duration } from "./numbers.ts";
import { noBound } from "./rule.ts";

type Probe = Extract<Reason, { code: "probe" }>;

/** "health failed in 3 of its last 5 calls". */
export function probeHeadline({ signal, failed, of }: Probe): string {
  return `${signal} failed in ${count(failed)} of its last ${counted(of, "call")}`;
}

export function probeSentence(reason: Probe): string {
  const { detail, everyMs, sinceGoodMs } = reason;
  const since = sinceGoodMs > 0 ? `, ${duration(sinceGoodMs)} after a good one` : "";
  return `${probeHeadline(reason)}, one every ${duration(everyMs)}: ${detail}${since}; old and new pods answer together; ${noBound}`;
}

export function certificateSentence({ signal, host, days, limit }: Extract<Reason, { code: "certificate" }>): string {
  const when = days === 0 ? "has run out, or does so within a day" : `runs out in ${counted(days, "day")}`;
  return `${signal}: the certificate of ${host} ${when}, fewer than ${count(limit)}; that is no fault of the revision`;
}

import type { Reason } from "../reason.ts";
import { count, counted, duration, percent, plain, times } from "./numbers.ts";

type OfRule = Extract<Reason, { code: "threshold" | "failures" | "rate" | "burn-rate" }>;

/** Said of every finding that does not come from evidence. */
export const noBound = "a plain rule, without a bound on wrong rollbacks";

export function isOfRule(reason: Reason): reason is OfRule {
  return reason.code === "threshold" || reason.code === "failures" || reason.code === "rate" || reason.code === "burn-rate";
}

/** What a plain rule found, with all its numbers: `errors 4.2 % over 5 min and 6.1 % over 1 min are above 3x the limit of 1 % (612 requests)`. */
export function ruleSentence(reason: OfRule): string {
  const { signal } = reason;
  switch (reason.code) {
    case "threshold":
      return `${signal} ${plain(reason.value)} is ${reason.comparison} its limit ${plain(reason.limit)} for ${duration(reason.forMs)}${seriesOf(reason.series)}`;
    case "failures":
      return `${signal} ${plain(reason.value)} is ${reason.comparison} its limit ${plain(reason.limit)} in ${count(reason.failed)} of its last ${counted(reason.of, "sample")}${seriesOf(reason.series)}`;
    case "rate":
      return `${signal} ${percent(reason.badRatio)} over ${duration(reason.overMs)} is above the limit of ${percent(reason.limit)} for ${duration(reason.forMs)} (${count(reason.bad)} of ${counted(reason.total, "request")})`;
    case "burn-rate": {
      const { longMs, longBad, longTotal, shortMs, shortBad, shortTotal, factor, limit } = reason;
      const long = `${percent(longBad / longTotal)} over ${duration(longMs)}`;
      const short = `${percent(shortBad / shortTotal)} over ${duration(shortMs)}`;
      const limits = `${times(factor)} the limit of ${percent(limit)}`;
      if (longBad / longTotal > factor * limit)
        return `${signal} ${long} and ${short} are above ${limits} (${counted(longTotal, "request")})`;
      return `${signal} ${short} is above ${limits}, but ${long} is not (${counted(longTotal, "request")})`;
    }
  }
}

function seriesOf(series: string): string {
  return series === "" ? "" : ` (${series})`;
}

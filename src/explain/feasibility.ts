import type { Ms } from "../model.ts";
import type { Reason } from "../reason.ts";
import { count, duration, percent } from "./numbers.ts";

type Feasibility = Extract<Reason, { code: "feasibility" }>;

/**
 * What a guard can and cannot see:
 * `errors: at 9 requests/min this guard can see 4.7 % bad requests and more within 30 min (limit 1 %); a total failure takes about 1 min, …`.
 */
export function feasibilitySentence(reason: Feasibility): string {
  const { signal, smallest, windowMs, unit = "requests" } = reason;
  if (reason.requestsPerMinute === 0) {
    return `${signal}: no ${unit} were counted in the ${duration(reason.historyMs)} before the rollout, so there is no baseline, and what this guard can see is not known`;
  }
  const traffic = `${signal}: at ${perMinute(reason.requestsPerMinute)} ${unit}/min this guard`;
  const within = `within ${duration(windowMs)} (${limitWords(reason)})`;
  if (smallest === null) return `${traffic} cannot see even a total failure ${within}`;
  return `${traffic} can see ${percent(smallest)} bad ${unit} and more ${within}; ${reason.delays.map((delay) => delayWords(delay, reason)).join(", ")}`;
}

function limitWords({ limit, effectiveLimit, historyMs }: Feasibility): string {
  if (effectiveLimit <= limit) return `limit ${percent(limit)}`;
  return `limit ${percent(limit)}; with ${duration(historyMs)} of history the effective limit is ${percent(effectiveLimit)}`;
}

function delayWords({ ratio, afterMs }: Feasibility["delays"][number], { longestMs }: Feasibility): string {
  const time = afterMs === null ? `more than ${duration(longestMs)}` : `about ${duration(rough(afterMs))}`;
  return ratio >= 1 ? `a total failure takes ${time}` : `${percent(ratio)} takes ${time}`;
}

/** Two digits are all that the traffic of the past says of the traffic to come. */
function perMinute(requests: number): string {
  return requests >= 100 ? count(Number(requests.toPrecision(2))) : String(Number(requests.toPrecision(2)));
}

/** A forecast of minutes is not told to the second. */
function rough(ms: Ms): Ms {
  const step = ms < 300_000 ? 15_000 : ms < 3_600_000 ? 60_000 : 600_000;
  return ms < 60_000 ? ms : Math.round(ms / step) * step;
}

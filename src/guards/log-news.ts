import type { Decision } from "../entry.ts";
import type { Reason } from "../reason.ts";
import type { Ask } from "./ask.ts";
import { mostTold } from "./log-evidence.ts";

/** In one message at most. */
const mostAtOnce = 5;

/** News of the lines themselves, each once. Only told: a pattern that nobody logged before is no proof that anything is wrong. */
export function decideLogNews({ record, judgement }: Ask): Decision | undefined {
  const told = record.entries.flatMap((entry) => (entry.kind === "noted" ? entry.because : []));
  const patterns = told.filter(({ code }) => code === "new-pattern");
  const isTold = (reason: Reason) => told.some((other) => keyOf(other) === keyOf(reason));
  const news = (judgement.news ?? []).filter((reason) => !isTold(reason));
  const room = Math.min(mostAtOnce, mostTold - patterns.length);
  const fresh = news.filter(({ code }) => code === "new-pattern").slice(0, room);
  const because = [...news.filter(({ code }) => code !== "new-pattern"), ...fresh];
  if (because.length === 0) return undefined;
  const isLast = fresh.length > 0 && patterns.length + fresh.length >= mostTold;
  const end: Reason = { code: "limitation", detail: `${mostTold} new error patterns were told of: this guard tells of no more` };
  return { kind: "note", because: isLast ? [...because, end] : because };
}

function keyOf(reason: Reason): string {
  if (reason.code === "new-pattern") return `${reason.code}/${reason.signal}/${reason.pattern}`;
  return reason.code === "lines-without-pod" ? `${reason.code}/${reason.signal}` : reason.code;
}

import type { Tried, VerificationReason } from "../reason/verification.ts";
import { someOf } from "./names.ts";
import { counted, timeOfDay } from "./numbers.ts";
import { shareOf } from "./share.ts";

/** What was looked at after a rollback, with its numbers. */
export function verificationSentence(reason: VerificationReason): string {
  switch (reason.code) {
    case "endpoints-ready":
      return `${reason.services.length === 1 ? "Service" : "Services"} ${someOf(reason.services.map(({ name, ready }) => `${name} (${counted(ready, "ready endpoint")})`))} reach${reason.services.length === 1 ? "es" : ""} the ${counted(reason.pods, "restored pod")}`;
    case "endpoints-missing":
      return `Service ${reason.service} has no ready endpoint among the ${counted(reason.pods, "ready pod")} that ${reason.pods === 1 ? "was" : "were"} restored${reason.fits ? "" : ": its selector fits only the revision that was taken back"}`;
    case "history":
      return historySentence(reason);
    case "still-bad":
      return `${reason.signal} is still bad: ${shareOf(reason.badRatio, reason.unit)} over ${counted(reason.blocks, "block")} since the rollback, limit ${shareOf(reason.limit, reason.unit)}`;
    case "tried":
      return `tried: ${reason.actions.map(triedWords).join(", ")}`;
  }
}

function historySentence({ was, is, between, cause }: Extract<VerificationReason, { code: "history" }>): string {
  const order = `the history is as expected: revision ${was} is the newest again, as revision ${is}`;
  const others = between.length === 0 ? "" : `; ${between.length === 1 ? "revision" : "revisions"} ${between.join(", ")} came in between`;
  return `${order}${others}${cause === undefined ? "" : `; somebody has changed its change cause to "${cause}"`}`;
}

const done = { brake: "braked", release: "released the brake", rollback: "rolled back", drain: "took bad pods away" } as const;

function triedWords({ kind, outcome, at, to }: Tried): string {
  const what = `${done[kind]}${to === undefined ? "" : ` to revision ${to}`}`;
  const isDone = outcome === "applied" || outcome === "unchanged";
  return `${isDone ? what : `${kind} ${outcome}`} at ${timeOfDay(at)}`;
}

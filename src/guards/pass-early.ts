import { EARLY_PASS_NEEDED, passesEarly } from "../judging/pass-early.ts";
import type { Decision } from "../entry.ts";
import type { Reason } from "../reason.ts";
import type { Ask } from "./ask.ts";
import { hasUnready } from "./end.ts";

/** So little evidence against the revision may be left. */
const EVIDENCE_BELOW = 2;

/**
 * The window is not over, but the policy allows to pass now: the rollout has been complete for the least time, every signal that counts
 * has shown to be below its limit, and nothing at all speaks against it. A regression that begins later is not seen (docs/judging.md: passing early).
 */
export function decideEarlyPass({ record, standing, judgement, rules, now }: Ask): Decision | undefined {
  const { passEarly } = record.policy.spec;
  const { completedAt } = standing;
  if (passEarly === undefined || completedAt === undefined || now < completedAt + passEarly.after) return undefined;
  if (standing.phase !== "observing" || standing.braked || standing.held) return undefined;
  const verdicts = [...Object.values(judgement.verdicts), ...rules];
  const doubted = judgement.guard.evidence >= EVIDENCE_BELOW || verdicts.some((verdict) => verdict.state !== "pass" || hasUnready(verdict));
  if (doubted || !judgement.caughtUp || Object.keys(judgement.silences).length > 0) return undefined;
  const counted = Object.entries(judgement.counted);
  const because = counted.flatMap(([signal, { early, total, badAtMost, limits }]): Reason[] => {
    if (early === null || !passesEarly(early)) return [];
    const { e: evidence } = early;
    const afterMs = now - completedAt;
    return [{ code: "passed-early", signal, evidence, needed: EARLY_PASS_NEEDED, total, bad: badAtMost, limit: limits.limit, afterMs }];
  });
  if (counted.length === 0 || because.length < counted.length) return undefined;
  return { kind: "finish", phase: "passed", because: [...because, ...verdicts.flatMap((verdict) => verdict.because)] };
}

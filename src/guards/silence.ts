import type { Decision } from "../entry.ts";
import type { Ms } from "../model.ts";
import type { Reason } from "../reason.ts";
import { type Silenced, silenceOf } from "../policies/policy.ts";
import type { Ask } from "./ask.ts";
import { noteKey } from "./phase.ts";

/** A signal that has given nothing usable for longer than the policy bears, and what the policy says then. */
export interface Overdue {
  readonly signal: string;
  readonly outcome: "no-data" | "error" | "too-few";
  readonly since: Ms;
  readonly forMs: Ms;
  readonly detail: string;
  /** What the signal counts, as people call it. */
  readonly unit: string | undefined;
  readonly follows: Silenced["then"];
}

/** Silences that have outlasted the policy's patience. That no request reaches pods of which none was ready yet is no silence. */
export function overdueSilences(ask: Ask): readonly Overdue[] {
  const { policy, rollout } = ask.record;
  const fresh = ask.pods.filter((pod) => pod.podTemplateHash === rollout.new.podTemplateHash);
  const firstReady = Math.min(...fresh.map((pod) => pod.readySince ?? Infinity));
  return Object.entries(ask.judgement.silences).flatMap(([signal, { outcome, since, detail }]): Overdue[] => {
    const { after, then } = silenceOf(policy, outcome);
    // A smoke test that is over cannot be waited for.
    const follows = then === "extend" && ask.record.jobs?.[signal]?.finding !== undefined ? "alert" : then;
    const forMs = ask.now - (outcome === "too-few" ? Math.max(since, firstReady) : since);
    return forMs < after ? [] : [{ signal, outcome, since, forMs, detail, follows, unit: ask.judgement.counted[signal]?.limits.unit }];
  });
}

/** The policy ends the guard when it is blind: a person is paged, nothing is rolled back, nothing passes. */
export function decideBlind(ask: Ask): Decision | undefined {
  const failed = overdueSilences(ask).filter(({ follows }) => follows === "fail");
  if (failed.length === 0 || !ask.judgement.caughtUp) return undefined;
  const detail = "the policy ends a guard that cannot judge (then: fail); nothing was taken back";
  return { kind: "finish", phase: "unresolved", because: [...failed.map(reasonOf), { code: "limitation", detail }] };
}

/** Told once each; a silence that extends is told again when it is over, with what it adds to the window. */
export function decideSilence(ask: Ask): Decision | undefined {
  const over = endedSilences(ask);
  if (over.length > 0) return { kind: "hold", because: over };
  const loud = overdueSilences(ask).filter(({ follows }) => follows === "alert" || follows === "extend");
  const because = loud.map(reasonOf).filter((reason) => !ask.standing.noted.has(noteKey("held", reason)));
  return because.length === 0 ? undefined : { kind: "hold", because };
}

/**
 * By how much the end of the window moves: as long as the most silent signal was silent, at most one window more. A silence of 7 minutes
 * that is over and one of 2 that lasts make 9.
 */
export function extensionOf({ standing, record, now }: Ask): Ms {
  const silent = Object.values(standing.extensions).map(({ endedMs, since }) => endedMs + (since === undefined ? 0 : now - since));
  return Math.min(record.policy.spec.window, Math.max(0, ...silent));
}

function endedSilences(ask: Ask): readonly Reason[] {
  if (!ask.judgement.caughtUp) return [];
  return Object.entries(ask.standing.extensions).flatMap(([signal, { since, outcome }]): Reason[] => {
    if (since === undefined || ask.judgement.silences[signal] !== undefined) return [];
    return [{ code: "window-extended", signal, outcome, silentMs: ask.now - since, byMs: extensionOf(ask) }];
  });
}

function reasonOf({ signal, outcome, detail, forMs, follows, unit }: Overdue): Reason {
  const reason = { code: "no-usable-data", signal, outcome, detail, forMs, ...(unit === undefined ? {} : { unit }) } as const;
  return follows === "extend" ? { ...reason, extends: true } : reason;
}

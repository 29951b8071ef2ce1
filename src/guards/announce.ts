import type { Action, Decision } from "../entry.ts";
import type { Workload } from "../model.ts";
import type { Reason } from "../reason.ts";
import type { Ask } from "./ask.ts";
import { brakeAction, mayBrake } from "./brake.ts";

type Rollback = Extract<Action, { kind: "rollback" }>;

/**
 * What the policy's countdown asks for before this rollback: to tell people of it, then to wait until it is due. Undefined once it may be
 * carried out. The brake comes first: what is counted down to must not spread meanwhile.
 */
export function decideCountdown(ask: Ask, workload: Workload, action: Rollback, because: readonly Reason[]): Decision | undefined {
  const { countdown } = ask.record.policy.spec;
  if (countdown === 0) return undefined;
  const isAnnounced = isRunning(ask) && targetOf(ask) === action.target.podTemplateHash;
  const dueAt = ask.standing.announced?.dueAt ?? 0;
  if (isAnnounced && ask.now >= dueAt) return undefined;
  if (mayBrake(ask, workload)) return { kind: "act", action: brakeAction(ask), because };
  return isAnnounced ? { kind: "wait", because } : { kind: "announce", action, dueAt: ask.now + countdown, because };
}

/** It is due, and what it was announced for is over: it is not done. Before everything has been judged nobody knows that. */
export function decideCalledOff(ask: Ask): Decision | undefined {
  const { announced } = ask.standing;
  if (announced === undefined || !ask.judgement.caughtUp) return undefined;
  if (isRunning(ask) && ask.now < announced.dueAt) return undefined;
  const afterMs = Math.max(0, ask.now - announced.at);
  return { kind: "withhold", action: announced.action.kind, because: [...announced.because, { code: "called-off", afterMs }] };
}

/** One that lies further ahead than it ever may was counted by a clock that has been set back since. */
function isRunning({ standing, record, now }: Ask): boolean {
  return standing.announced !== undefined && standing.announced.dueAt - now <= record.policy.spec.countdown;
}

function targetOf({ standing }: Ask): string | undefined {
  const action = standing.announced?.action;
  return action?.kind === "rollback" ? action.target.podTemplateHash : undefined;
}

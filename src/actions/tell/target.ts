import { RearguardError } from "../../errors.ts";
import type { ErrorCode } from "../../errors.ts";
import type { Message } from "../../entry.ts";
import type { Ms } from "../../model.ts";

/** Somebody who is told. Sending the same message twice does no harm: receivers know it by its id. */
export interface Target {
  readonly name: string;
  /** Is told from time to time of trouble that goes on (`ongoing`), and decides itself when it says so. Others hear of news alone. */
  readonly ongoing?: true;
  /**
   * @returns `left-out` when nothing was sent: no news for this receiver, or told before.
   * @throws TargetError when the message did not arrive; anything else thrown counts as one without facts.
   */
  send(message: Message, memory?: Memory): Promise<"left-out" | void>;
}

/** What a receiver that keeps one thing for each guard (a Slack message, an incident) calls it, remembered in the Guard. */
export interface Memory {
  /** What was kept last for this guard. */
  readonly handle: string | undefined;
  /** At once when the thing exists: a retry or a restart after this must not make another. Not for secrets. */
  keep(handle: string): void;
}

/** Where handles are kept, by guard and target. */
export interface Handles {
  get(guard: string, target: string): string | undefined;
  keep(guard: string, target: string, handle: string): void;
}

export interface TargetFacts {
  /** HTTP status, when there was an answer. */
  readonly status?: number;
  readonly retryAfterMs?: Ms;
  /** Give the message up after this many tries; without it the message is kept until it arrives or the queue is full. */
  readonly tries?: number;
  /** The receiver wants nothing more, ever (410). */
  readonly closed?: boolean;
}

/** A message that did not arrive. Its sentence names the target, never the URL or the secret. */
export class TargetError extends RearguardError {
  readonly facts: TargetFacts;

  constructor(code: Extract<ErrorCode, `TARGET_${string}`>, sentenceText: string, facts: TargetFacts = {}) {
    super(code, sentenceText);
    this.name = "TargetError";
    this.facts = facts;
  }
}

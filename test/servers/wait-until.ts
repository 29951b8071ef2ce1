import { setTimeout as delay } from "node:timers/promises";

/**
 * Asks every `intervalMs` until `ask` gives something other than undefined or false, and returns it.
 * An ask that throws counts as "not yet". For real servers only: they own their clock.
 * @throws Error naming `what`, with the last error as its cause, after `timeoutMs`.
 */
export async function waitUntil<T>(
  what: string,
  ask: (signal: AbortSignal) => Promise<T | undefined | false> | T | undefined | false,
  options: { readonly timeoutMs?: number; readonly intervalMs?: number } = {},
): Promise<T> {
  const { timeoutMs = 30_000, intervalMs = 50 } = options;
  const signal = AbortSignal.timeout(timeoutMs);
  let cause: unknown;
  while (!signal.aborted) {
    try {
      const answer = await ask(signal);
      if (answer !== undefined && answer !== false) return answer;
      cause = undefined;
    } catch (error) {
      if (error instanceof GaveUp) throw error;
      cause = error;
    }
    await delay(intervalMs);
  }
  throw new Error(`${what}: not within ${timeoutMs / 1000} s`, { cause });
}

/** Thrown by an ask that knows waiting longer is of no use. */
export class GaveUp extends Error {}

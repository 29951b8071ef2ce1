import { KubernetesError } from "../clients/kubernetes/kubernetes-error.ts";
import type { Clock } from "../clock.ts";
import { sentence } from "../errors.ts";
import type { Receipt } from "../entry.ts";
import type { Ms } from "../model.ts";
import type { Reason } from "../reason.ts";

/** What came of one action, before it is signed with the action's id and the time. */
export type Result = Pick<Receipt, "outcome" | "detail" | "because">;

export type RetryOptions = {
  readonly clock: Pick<Clock, "now" | "sleep">;
  readonly tries: number;
  /** No further try begins after this long: an action must end inside the leader's lease. */
  readonly deadlineMs: Ms;
  /** 0–1, for the jitter. */
  readonly random: () => number;
};

/** Whether an earlier try may have written although its answer was lost. */
export type Tries = { sent: boolean };

/**
 * Runs `once` (read, check, write) until it gives a result. Only failures of the wire and of a busy server are tried again, and
 * every try begins by reading, so that a write of which only the answer was lost is found, not repeated.
 */
export async function attempt(once: (tries: Tries) => Promise<Result>, options: RetryOptions): Promise<Result> {
  const { clock, tries, deadlineMs, random } = options;
  const end = clock.now() + deadlineMs;
  const state: Tries = { sent: false };
  let invalid = 0;
  for (let nth = 1; ; nth++) {
    try {
      return await once(state);
    } catch (error) {
      if (!(error instanceof KubernetesError)) throw error;
      const { status } = error;
      if (status === 422) invalid++;
      const refused = refusal(error, invalid);
      if (refused !== undefined) return refused;
      // A busy server says itself when to come again.
      const wait = mustReread(status) ? 0 : Math.max(random() * Math.min(2000, 250 * 2 ** nth), error.retryAfterMs ?? 0);
      if (nth >= tries || clock.now() + wait >= end) {
        return { outcome: "failed", detail: `${sentence(error)} (${nth} ${nth === 1 ? "try" : "tries"})` };
      }
      await clock.sleep(wait);
    }
  }
}

/** A `test` of our patch that fails (422) or a lost race (409): the state is new, the server is well. */
function mustReread(status: number | undefined): boolean {
  return status === 409 || status === 422;
}

function refusal(error: KubernetesError, invalid: number): Result | undefined {
  const { status } = error;
  const detail = error.serverMessage ?? error.message;
  if (status === 401 || status === 403) return refused(`the API server does not allow it: ${detail}`, { code: "forbidden", detail });
  // The same state was read twice and refused twice: not a race, the server does not want this change.
  if (status === 422 && invalid > 1) return refused(`the API server finds the change invalid: ${detail}`, { code: "forbidden", detail });
  if (status === 404) return refused(`it is gone: ${detail}`, { code: "workload-deleted" });
  const isFinal = status !== undefined && status >= 400 && status < 500 && ![408, 409, 422, 429].includes(status);
  return isFinal ? refused(`the API server refuses the change: ${detail}`, { code: "forbidden", detail }) : undefined;
}

export function refused(detail: string, because: Reason): Result {
  return { outcome: "refused", detail, because };
}

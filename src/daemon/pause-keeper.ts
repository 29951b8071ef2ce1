import type { Clock } from "../clock.ts";
import { sentence } from "../errors.ts";
import type { GovernorState, Pause } from "../guards/governor.ts";
import type { Ledger, LedgerState } from "../journal/ledger.ts";
import type { Ms } from "../model.ts";
import type { Log } from "../pipeline/edges.ts";

export interface PauseKeeper {
  /** As last read: what could not be read since stays. */
  state(): GovernorState;
  /** When it was last read; undefined while it never was. */
  readAt(): Ms | undefined;
  /** Looks at it now. Never rejects. */
  read(): Promise<void>;
  /** Looks at it again where the last look is some seconds old. Waits for nothing. */
  follow(): void;
  /** Written when it resolves; rejects when it could not be. The pause that is there stays, with its who and why. */
  pause(by: string, reason: string): Promise<Pause>;
  resume(by: string): Promise<void>;
}

/** Every replica obeys a pause that another one took, after this at the latest. */
const lookEveryMs: Ms = 3_000;

/** Keeps in memory whether a person has paused all action. */
export function createPauseKeeper(options: {
  readonly ledger: Ledger;
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
  readonly looked: (paused: boolean, at: Ms) => void;
}): PauseKeeper {
  const { ledger, clock, log, looked } = options;
  let known: { readonly pause?: Pause } | undefined;
  let readAt: Ms | undefined;
  let lookedAt = -Infinity;
  let trouble: string | undefined = "it has not been read yet";
  let isTold = false;
  /** Counts what was learnt: an answer that was asked for before something newer was learnt is old. */
  let learnt = 0;
  let looking: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  function learn({ pause }: LedgerState): void {
    const before = known?.pause;
    known = pause === undefined ? {} : { pause };
    readAt = clock.now();
    learnt += 1;
    looked(pause !== undefined, readAt);
    if (isTold) log.info({}, "ledger is read again");
    trouble = undefined;
    isTold = false;
    if (pause !== undefined && pause.at !== before?.at) log.warn({ by: pause.by, reason: pause.reason }, "all action is paused");
    if (pause === undefined && before !== undefined) log.info({ pausedBy: before.by }, "action goes on");
  }

  async function look(): Promise<void> {
    const asked = learnt;
    lookedAt = clock.now();
    try {
      const state = await ledger.read();
      if (asked === learnt) learn(state);
    } catch (error) {
      trouble = sentence(error);
      if (!isTold) log.error({ error: trouble }, "ledger cannot be read; what was read last holds");
      isTold = true;
    }
  }

  function begin(): Promise<void> {
    next = undefined;
    const mine = look().finally(() => {
      if (looking === mine) looking = undefined;
    });
    looking = mine;
    return mine;
  }

  return {
    state: () => known ?? { unknown: trouble ?? "" },
    readAt: () => readAt,
    // A look that is under way may have begun before what is asked for was written.
    read: () => (looking === undefined ? begin() : (next ??= looking.then(begin))),
    follow() {
      // Also when the clock was set back since: a pause that ended would hold for as long as that.
      if (looking === undefined && Math.abs(clock.now() - lookedAt) >= lookEveryMs) void begin();
    },
    async pause(by, reason) {
      const mine = { by, reason, at: clock.now() };
      const state = await ledger.change((before) => (before.pause === undefined ? { ...before, pause: mine } : before));
      learn(state);
      return state.pause ?? mine;
    },
    async resume(by) {
      const state = await ledger.change(({ pause: _pause, ...rest }) => rest);
      if (known?.pause !== undefined) log.info({ by }, "action was let go on");
      learn(state);
    },
  };
}

import type { Ms } from "../../src/model.ts";

export interface Sleeper {
  readonly due: Ms;
  readonly wake: () => void;
}

/** Who waits for which instant on a clock that is moved by hand. */
export function createSleepers() {
  const sleepers = new Set<Sleeper>();
  return {
    /** Resolves when its sleeper is woken or `signal` aborts. */
    sleepUntil(due: Ms, signal?: AbortSignal): Promise<void> {
      return new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const wake = () => {
          sleepers.delete(sleeper);
          signal?.removeEventListener("abort", wake);
          resolve();
        };
        const sleeper = { due, wake };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", wake);
      });
    },
    /** Who must wake first of those that are due by `to`. */
    firstDue(to: Ms): Sleeper | undefined {
      return [...sleepers].filter(({ due }) => due <= to).toSorted((one, other) => one.due - other.due)[0];
    },
  };
}

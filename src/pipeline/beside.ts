/** Something to be done, and since when it waits. */
export interface DueWork {
  readonly key: string;
  readonly since: number;
  readonly work: () => Promise<void>;
}

/** Work beside the beats. */
export interface Beside {
  /** Begins what is not under way yet, as far as there is room: what finds none comes with a later beat. */
  begin(due: readonly DueWork[]): void;
  underWay(): readonly Promise<void>[];
}

/** No key twice at once, and no more than `most` in all; what has waited longest goes first. No work may reject. */
export function createBeside(most: number): Beside {
  const working = new Map<string, Promise<void>>();
  return {
    begin(due) {
      for (const { key, work } of due.toSorted((one, other) => one.since - other.since)) {
        if (working.size >= most) return;
        if (!working.has(key))
          working.set(
            key,
            work().finally(() => working.delete(key)),
          );
      }
    },
    underWay: () => [...working.values()],
  };
}

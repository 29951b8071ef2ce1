export interface SourceLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** A source that stays down is news once, not at every block: told what failed in a round, it logs what is new, and the recovery. */
export function createSaid(log: SourceLog): (failures: ReadonlySet<string>) => void {
  let said: ReadonlySet<string> = new Set();
  return (failures) => {
    for (const because of failures) if (!said.has(because)) log.warn({ because }, "sampling failed; guards wait for a proper answer");
    if (failures.size === 0 && said.size > 0) log.info({}, "sampling works again");
    said = failures;
  };
}

import { sentence } from "../errors.ts";
import type { Message } from "../entry.ts";
import type { Log } from "../pipeline/edges.ts";

export interface TellingLog {
  failed(target: string, message: Message, error: unknown): void;
  dropped(target: string, message: Message, why: "full" | "refused" | "closed" | "stopped"): void;
  arrived(target: string): void;
  /** At the end: what receivers have not got. */
  stopped(): void;
}

/** Says what is wrong with a receiver once, until it takes messages again: it is wrong with every message alike. */
export function createTellingLog(log: Log): TellingLog {
  const troubles = new Map<string, { readonly said: Set<string>; lost: number }>();
  const left = new Map<string, number>();

  function troubleOf(target: string) {
    const known = troubles.get(target) ?? { said: new Set<string>(), lost: 0 };
    troubles.set(target, known);
    return known;
  }

  return {
    failed(target, message, thrown) {
      const { said } = troubleOf(target);
      const error = sentence(thrown);
      if (said.has(error)) return;
      said.add(error);
      log.warn({ target, message: message.id, error }, "message did not arrive");
    },
    dropped(target, message, why) {
      if (why === "stopped") {
        left.set(target, (left.get(target) ?? 0) + 1);
        return;
      }
      const trouble = troubleOf(target);
      trouble.lost += 1;
      if (trouble.said.has(why)) return;
      trouble.said.add(why);
      log.error({ target, message: message.id, why }, "message was given up");
    },
    arrived(target) {
      const trouble = troubles.get(target);
      if (trouble === undefined) return;
      troubles.delete(target);
      log.info({ target, lost: trouble.lost }, "receiver takes messages again");
    },
    stopped() {
      for (const [target, messages] of left) log.warn({ target, messages }, "messages are left to the next start");
    },
  };
}

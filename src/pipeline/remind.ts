import { LeftToNext, sentence } from "../errors.ts";
import { ongoingMessage } from "../explain/ongoing.ts";
import { troubleOf } from "../guards/ongoing.ts";
import type { Ms } from "../model.ts";
import type { Flow } from "./flow.ts";

/** How often receivers may look whether something is due; when, they know best. */
const EVERY_MS: Ms = 60_000;

/** Gives every guard whose trouble goes on to the receivers that tell people from time to time. Told or not, nothing waits for it. */
export function remindOfTrouble({ book, edges, settings, reminded }: Flow): void {
  const now = edges.now();
  for (const [name, run] of book.open) {
    const trouble = troubleOf(run, now);
    if (trouble === undefined || now - (reminded.get(name) ?? 0) < EVERY_MS) continue;
    // One that waits before a receiver that is down is enough.
    reminded.set(name, Infinity);
    edges
      .tell([ongoingMessage(run.record, run.standing, trouble, now, settings.cluster)])
      .catch((error: unknown) => {
        if (error instanceof LeftToNext) return;
        edges.log.warn({ guard: name, error: sentence(error) }, "people were not told that trouble goes on");
      })
      .finally(() => reminded.set(name, now));
  }
  for (const name of reminded.keys()) if (!book.open.has(name)) reminded.delete(name);
}

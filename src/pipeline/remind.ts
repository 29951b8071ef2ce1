import { LeftToNext, sentence } from "../errors.ts";
import { ongoingMessage } from "../explain/ongoing.ts";
import { troubleOf } from "../guards/ongoing.ts";
import type { Ms } from "../model.ts";
import type { Flow } from "./flow.ts";

/** How often receivers may look whether something is due, beside every new phase; when it is, they know best. */
const EVERY_MS: Ms = 60_000;

/** Gives every guard whose trouble goes on to the receivers that tell people from time to time. Told or not, nothing waits for it. */
export function remindOfTrouble({ book, edges, settings, reminded }: Flow): void {
  const now = edges.now();
  for (const [name, run] of book.open) {
    const trouble = troubleOf(run, now);
    const { phase } = run.standing;
    const last = reminded.get(name);
    if (trouble === undefined || (last?.phase === phase && now - last.at < EVERY_MS)) continue;
    reminded.set(name, { at: now, phase });
    // It overtakes one that still waits before a receiver that is down.
    edges.tell([ongoingMessage(run.record, run.standing, trouble, now, settings.cluster)]).catch((error: unknown) => {
      if (error instanceof LeftToNext) return;
      edges.log.warn({ guard: name, error: sentence(error) }, "people were not told that trouble goes on");
    });
  }
  for (const name of reminded.keys()) if (!book.open.has(name)) reminded.delete(name);
}

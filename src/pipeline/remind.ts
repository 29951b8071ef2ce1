import { LeftToNext, sentence } from "../errors.ts";
import { ongoingMessage, type Troubled } from "../explain/ongoing.ts";
import { firingIn, type Ongoing, remedyTroubleOf, troubleOf } from "../guards/ongoing.ts";
import type { Ms } from "../model.ts";
import type { Flow } from "./flow.ts";

/** How often receivers may look whether something is due, beside every new phase; when it is, they know best. */
const EVERY_MS: Ms = 60_000;

/** Gives every guard whose trouble goes on to the receivers that tell people from time to time. Told or not, nothing waits for it. */
export function remindOfTrouble(flow: Flow): void {
  const { book, edges, reminded } = flow;
  const now = edges.now();
  for (const [name, run] of book.open) {
    const { record, standing } = run;
    const { workload } = record.rollout;
    remind({ name, workload, openedAt: record.openedAt, phase: standing.phase }, troubleOf(run, now), now, flow);
  }
  for (const [name, { record, standing }] of book.remediations) {
    const { workload, openedAt } = record;
    remind({ name, workload, openedAt, phase: standing.phase }, remedyTroubleOf(record, standing), now, flow);
  }
  for (const name of reminded.keys()) if (!book.open.has(name) && !book.remediations.has(name)) reminded.delete(name);
}

function remind(troubled: Troubled, trouble: Ongoing | undefined, now: Ms, flow: Flow): void {
  const { edges, settings, reminded } = flow;
  const { name, phase } = troubled;
  const last = reminded.get(name);
  if (trouble === undefined || (last?.phase === phase && Math.abs(now - last.at) < EVERY_MS)) return;
  reminded.set(name, { at: now, phase });
  // It overtakes one that still waits before a receiver that is down.
  const awaits = [...new Set([...trouble.awaits, ...heardOf(troubled.workload.uid, flow)])];
  edges.tell([ongoingMessage(troubled, { ...trouble, awaits }, now, settings.cluster)]).catch((error: unknown) => {
    if (error instanceof LeftToNext) return;
    edges.log.warn({ guard: name, error: sentence(error) }, "people were not told that trouble goes on");
  });
}

/** Alerts whose ends any guard of the workload waits for: one that acts must not silence for another what that one judges by. */
function heardOf(uid: string, { book }: Flow): readonly string[] {
  const records = [
    ...[...book.open.values()].map(({ record }) => record).filter(({ rollout }) => rollout.workload.uid === uid),
    ...[...book.remediations.values()].map(({ record }) => record).filter(({ workload }) => workload.uid === uid),
  ];
  return records.flatMap(firingIn);
}

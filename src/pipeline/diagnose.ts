import { sentence } from "../errors.ts";
import { diagnosisReasons, wantsDiagnosis } from "../guards/diagnosis.ts";
import type { Reason } from "../reason.ts";
import type { Flow } from "./flow.ts";
import { tellNews } from "./tell.ts";
import { writeEntry } from "./write.ts";

/**
 * Looks once why new pods do not start, when that is what the guard acts upon: beside what it does, which waits for nothing of this. Begun
 * before the action, whose pods will be gone. What was found is in the record, so that a restart does not look again.
 */
export function diagnoseGuard(name: string, because: readonly Reason[], flow: Flow): void {
  const { book, edges, diagnosing, diagnosed } = flow;
  const run = book.open.get(name);
  if (run === undefined || diagnosed.has(name) || !wantsDiagnosis(run.record, because)) return;
  const work = () =>
    look(name, flow).catch((error: unknown) => edges.log.error({ guard: name, error: sentence(error) }, "diagnosis failed"));
  // Where there is no room it is begun by a later step.
  diagnosing.begin([{ key: name, since: edges.now(), work }]);
}

async function look(name: string, flow: Flow): Promise<void> {
  const { book, edges, diagnosed } = flow;
  const rollout = book.open.get(name)?.record.rollout;
  if (rollout === undefined) return;
  diagnosed.add(name);
  const diagnosis = await edges.diagnose(rollout.workload, rollout.new.podTemplateHash);
  // After a restart the pods in trouble may be gone: that nothing is wrong with the others is no news.
  if (diagnosis.findings.length === 0 && (diagnosis.unseen.length === 0 || diagnosis.there > 0)) return;
  if (!edges.leading(edges.now())) return;
  await writeEntry(name, { kind: "noted", because: diagnosisReasons(diagnosis) }, flow);
  const after = book.open.get(name);
  if (after !== undefined) tellNews(after.record, flow);
}

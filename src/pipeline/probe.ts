import { sentence } from "../errors.ts";
import { probeDue, withProbeMemory } from "../guards/probe.ts";
import { heardOf, judge } from "../guards/run.ts";
import type { Ms } from "../model.ts";
import { fillUrl } from "../policies/probe-url.ts";
import type { ProbeSignal } from "../policies/probe-signal.ts";
import type { Beside, DueWork } from "./beside.ts";
import type { Flow } from "./flow.ts";
import { nobodyAnswers } from "./nobody-answers.ts";
import { persist } from "./write.ts";

/** Calls every probe that is due. A guard whose probe was answered takes a step. */
export function probeGuards(flow: Flow, beside: Beside, step: (guard: string) => Promise<void>): void {
  const now = flow.edges.now();
  const due: DueWork[] = [];
  for (const [guard, run] of flow.book.open) {
    for (const [name, signal] of Object.entries(run.signals)) {
      const at = signal.kind === "probe" ? probeDue(run, name, now) : undefined;
      if (signal.kind !== "probe" || at === undefined) continue;
      const work = () =>
        call(guard, name, signal, at, flow)
          .then(() => step(guard))
          .catch((error: unknown) => flow.edges.log.error({ guard, signal: name, error: sentence(error) }, "probe failed"));
      due.push({ key: `${guard}/${name}`, since: at, work });
    }
  }
  beside.begin(due);
}

/** One call, judged; what a restart must know of it is written down before the guard decides by it. */
async function call(guard: string, name: string, signal: ProbeSignal, at: Ms, flow: Flow): Promise<void> {
  const { book, edges, unsaved } = flow;
  const workload = book.open.get(guard)?.record.rollout.workload;
  if (workload === undefined) return;
  const { expect, headersFile, caFile } = signal;
  const ask = {
    url: fillUrl(signal.url, workload),
    expect,
    ...(headersFile === undefined ? {} : { headersFile }),
    ...(caFile === undefined ? {} : { caFile }),
  };
  const found = nobodyAnswers(guard, flow) ?? (await edges.probe(ask));
  const finding = found.outcome === "failed" ? (nobodyAnswers(guard, flow) ?? found) : found;
  const run = book.open.get(guard);
  if (run === undefined) return;
  const judged = judge(run, name, { kind: "probe", at, finding });
  const after = withProbeMemory(judged, name);
  book.open.set(guard, after);
  const outcome = heardOf(after, name)?.outcome ?? null;
  if (outcome !== null) edges.observe.sampled(outcome, "probe");
  if (after === judged) return;
  unsaved.add(guard);
  await persist(guard, flow);
}

import type { Message, Phase } from "../entry.ts";
import type { Ongoing } from "../guards/ongoing.ts";
import type { Ms, WorkloadRef } from "../model.ts";
import { shortName } from "./names.ts";
import { duration, timeOfDay } from "./numbers.ts";
import { explainReason } from "./reason.ts";

/** How a guard stands whose trouble goes on. */
export interface Troubled {
  readonly name: string;
  readonly workload: WorkloadRef;
  readonly openedAt: Ms;
  readonly phase: Phase;
}

/** Without any news: for receivers that are to be told from time to time. Its id is no entry's: the same at the same time. */
export function ongoingMessage({ name, workload, openedAt, phase }: Troubled, trouble: Ongoing, now: Ms, cluster: string): Message {
  const { because, ...ongoing } = trouble;
  const head = `is still in trouble after ${duration(now - trouble.since)}`;
  return {
    id: `${name}-at-${now}`,
    guard: name,
    workload,
    cluster,
    at: now,
    kind: "ongoing",
    severity: "info",
    title: `[${cluster}] ${shortName(workload)} ${head}`,
    text: [
      `${shortName(workload)} ${head}, since ${timeOfDay(trouble.since)}.`,
      ...because.map((reason) => `- ${explainReason(reason)}.`),
    ].join("\n"),
    because,
    next: "",
    phase,
    openedAt,
    ongoing,
  };
}

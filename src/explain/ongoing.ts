import type { Message } from "../entry.ts";
import type { GuardRecord } from "../guards/guard.ts";
import type { Standing } from "../guards/phase.ts";
import type { Ms } from "../model.ts";
import type { RequestCounts } from "../report.ts";
import { explainReason } from "./reason.ts";
import { shortName } from "./names.ts";
import { duration, timeOfDay } from "./numbers.ts";

/** What there is to say of a guard whose trouble goes on, without any news: for receivers that are to be told from time to time. */
export interface StillGoingOn {
  readonly since: Ms;
  readonly because: Message["because"];
  /** All requests of the workload lately, as its pods count them; absent where nothing counts them. */
  readonly lately?: RequestCounts & { readonly overMs: Ms };
}

/** Says nothing to those who are told of news alone. Its id is no entry's: the same at the same time. */
export function ongoingMessage(record: GuardRecord, standing: Standing, trouble: StillGoingOn, now: Ms, cluster: string): Message {
  const { workload } = record.rollout;
  const { since, because, lately } = trouble;
  const head = `is still in trouble after ${duration(now - since)}`;
  return {
    id: `${record.name}-at-${now}`,
    guard: record.name,
    workload,
    cluster,
    at: now,
    kind: "ongoing",
    severity: "info",
    title: `[${cluster}] ${shortName(workload)} ${head}`,
    text: [`${shortName(workload)} ${head}, since ${timeOfDay(since)}.`, ...because.map((reason) => `- ${explainReason(reason)}.`)].join(
      "\n",
    ),
    because,
    next: "",
    phase: standing.phase,
    openedAt: record.openedAt,
    ongoing: {
      since,
      ...(standing.rollback === undefined ? {} : { rolledBackAt: standing.rollback.at }),
      ...(lately === undefined ? {} : { lately }),
    },
  };
}

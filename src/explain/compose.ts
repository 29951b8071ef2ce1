import type { Message, Phase } from "../entry.ts";
import type { Ms, WorkloadRef } from "../model.ts";
import { shortName } from "./names.ts";
import { linksOf } from "./quotes.ts";
import { explainReason, headline } from "./reason.ts";
import type { Told } from "./told.ts";

/** What a message is made of, whatever kind of guard it is of. */
export interface MessageParts {
  readonly guard: { readonly name: string; readonly workload: WorkloadRef; readonly openedAt: Ms };
  readonly entry: { readonly seq: number; readonly at: Ms };
  readonly told: Told;
  /** The reasons of the title. */
  readonly heads: Told["because"];
  /** Sentence: when, and since when. */
  readonly when: string;
  /** What a person can do now; those that are empty are left out. */
  readonly next: readonly string[];
  readonly phase: Phase;
  readonly cluster: string;
  /** Where people reach our API. */
  readonly externalUrl?: string | undefined;
}

/** The one form of every message: what, the numbers, since when, what to do next. */
export function compose({ guard, entry, told, heads, when, next: steps, phase, cluster, externalUrl }: MessageParts): Message {
  const { kind, severity, head, what, because } = told;
  const next = steps.filter((step) => step !== "").join(" ");
  return {
    id: `${guard.name}-${entry.seq}`,
    guard: guard.name,
    workload: guard.workload,
    cluster,
    at: entry.at,
    kind,
    severity,
    title: `[${cluster}] ${shortName(guard.workload)} ${head}${heads.length === 0 ? "" : `: ${heads.map(headline).join("; ")}`}`,
    text: [
      `${what} Cluster ${cluster}.`,
      ...because.map((reason) => `- ${explainReason(reason)}.`),
      ...linksOf(because).map((line) => `- ${line}`),
      when,
      ...(next === "" ? [] : [next]),
    ].join("\n"),
    because,
    next,
    phase,
    openedAt: guard.openedAt,
    ...(externalUrl === undefined ? {} : { link: `${externalUrl.replace(/\/+$/, "")}/api/v1/guards/${guard.name}` }),
  };
}

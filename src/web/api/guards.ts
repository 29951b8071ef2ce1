import { z } from "zod";
import type { GuardRecord } from "../../guards/guard.ts";
import type { GuardRun } from "../../guards/run.ts";
import type { Ms } from "../../model.ts";
import type { AnyRecord, RemediationRecord } from "../../guards/remediation/record.ts";
import type { RemedyRun } from "../../pipeline/remediation/run.ts";
import { type GuardLine, historyLine, type HistoryLine, lineOf, type WholeGuard, wholeOf } from "../guard-view.ts";
import {
  type RemediationLine,
  remediationLineOf,
  remedyHistoryLine,
  type WholeRemediation,
  wholeRemediationOf,
} from "../remediation-view.ts";
import type { Api } from "./route.ts";
import { failure, guardFilter, guardList, namePath, wholeGuard, wholeRemediation } from "./schemas.ts";

export interface GuardEdges {
  now(): Ms;
  open(): readonly GuardRun[];
  ended(): readonly GuardRecord[];
  /** The same of guards without a rollout; absent where there are none. */
  readonly remediations?: () => { readonly open: readonly RemedyRun[]; readonly ended: readonly RemediationRecord[] };
}

/** A guard of either kind as this instance knows it: what was folded is there while it is open. */
export interface Known {
  readonly record: AnyRecord;
  /** Another one when there is more to see than its entries. */
  readonly folded: unknown;
  readonly line: (now: Ms) => GuardLine | RemediationLine;
  readonly whole: (now: Ms) => WholeGuard | WholeRemediation;
  readonly entry: (seq: number) => HistoryLine | undefined;
}

export type Guards = Pick<GuardEdges, "open" | "ended" | "remediations">;

/** Newest first. */
export function allGuards(edges: Guards): readonly Known[] {
  const { open, ended } = edges.remediations?.() ?? { open: [], ended: [] };
  const guards = [
    ...edges.open().map((run) => ofRollout(run.record, run)),
    ...edges.ended().map((record) => ofRollout(record, undefined)),
    ...open.map((run) => ofRemediation(run.record, run)),
    ...ended.map((record) => ofRemediation(record, undefined)),
  ];
  return guards.toSorted((one, other) => other.record.openedAt - one.record.openedAt);
}

function ofRollout(record: GuardRecord, run: GuardRun | undefined): Known {
  return {
    record,
    folded: run?.counted,
    line: (now) => lineOf(record, run, now),
    whole: (now) => wholeOf(record, run, now),
    entry: (seq) => {
      const entry = record.entries[seq];
      return entry === undefined ? undefined : historyLine(record.entries.slice(0, seq + 1), entry);
    },
  };
}

function ofRemediation(record: RemediationRecord, run: RemedyRun | undefined): Known {
  return {
    record,
    folded: run?.conditions,
    line: () => remediationLineOf(record),
    whole: (now) => wholeRemediationOf(record, run, now),
    entry: (seq) => remedyHistoryLine(record.entries, seq),
  };
}

export function noGuard(name: string) {
  return { error: `there is no guard ${name}`, hint: "GET /api/v1/guards lists them" };
}

export function serveGuards(api: Api, edges: GuardEdges): void {
  api.get(
    "/api/v1/guards",
    {
      schema: { querystring: guardFilter, response: { 200: guardList } },
      config: { role: "read", id: "listGuards", summary: "One line for each guard of the instance that leads" },
    },
    (request) => {
      const { phase, namespace, limit = Infinity } = request.query;
      const lines = allGuards(edges)
        .filter(({ record }) => namespace === undefined || record.namespace === namespace)
        .map(({ line }) => line(edges.now()))
        .filter((line) => phase === undefined || line.phase === phase);
      return { guards: lines.slice(0, limit) };
    },
  );
  api.get(
    "/api/v1/guards/:name",
    {
      schema: { params: namePath, response: { 200: z.union([wholeGuard, wholeRemediation]), 404: failure } },
      config: { role: "read", id: "showGuard", summary: "The whole record of one, with the arithmetic of its blocks" },
    },
    async (request, reply) => {
      const { name } = request.params;
      const found = allGuards(edges).find(({ record }) => record.name === name);
      if (found === undefined) return reply.code(404).send(noGuard(name));
      return reply.send({ ...found.whole(edges.now()) });
    },
  );
}

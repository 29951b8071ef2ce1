import type { GuardRecord } from "../../guards/guard.ts";
import type { GuardRun } from "../../guards/run.ts";
import type { Ms } from "../../model.ts";
import { lineOf, wholeOf } from "../guard-view.ts";
import type { Api } from "./route.ts";
import { failure, guardFilter, guardList, namePath, wholeGuard } from "./schemas.ts";

export interface GuardEdges {
  now(): Ms;
  open(): readonly GuardRun[];
  ended(): readonly GuardRecord[];
}

/** A guard as this instance knows it: what was folded is there while it is open. */
export interface Known {
  readonly record: GuardRecord;
  readonly run: GuardRun | undefined;
}

/** Newest first. */
export function allGuards(edges: Pick<GuardEdges, "open" | "ended">): readonly Known[] {
  const open = edges.open().map((run) => ({ record: run.record, run }));
  const ended = edges.ended().map((record) => ({ record, run: undefined }));
  return [...open, ...ended].toSorted((one, other) => other.record.openedAt - one.record.openedAt);
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
        .map(({ record, run }) => lineOf(record, run, edges.now()))
        .filter((line) => phase === undefined || line.phase === phase);
      return { guards: lines.slice(0, limit) };
    },
  );
  api.get(
    "/api/v1/guards/:name",
    {
      schema: { params: namePath, response: { 200: wholeGuard, 404: failure } },
      config: { role: "read", id: "showGuard", summary: "The whole record of one, with the arithmetic of its blocks" },
    },
    async (request, reply) => {
      const { name } = request.params;
      const found = allGuards(edges).find(({ record }) => record.name === name);
      if (found === undefined) return reply.code(404).send(noGuard(name));
      return reply.send({ ...wholeOf(found.record, found.run, edges.now()) });
    },
  );
}

import { randomUUID } from "node:crypto";
import type { Command } from "../../entry.ts";
import type { Ordered, OrderRefusal } from "../../pipeline/order.ts";
import { redact } from "../../redact.ts";
import type { Api } from "./route.ts";
import { commandBody, commandTaken, failure, namePath } from "./schemas.ts";

export interface CommandEdges {
  /** Writes it into the record of its guard; nothing is done here. */
  order(guard: string, command: Command): Promise<Ordered>;
  /** Who leads, as far as this instance knows; undefined while it leads itself or nobody does. */
  leader(): string | undefined;
  readonly log: { info(fields: object, message: string): void };
}

const statuses = { unknown: 404, pointless: 409, "other-order": 409, later: 503 } as const satisfies Record<OrderRefusal, number>;

export function serveCommands(api: Api, edges: CommandEdges): void {
  api.post(
    "/api/v1/guards/:name/commands",
    {
      schema: { params: namePath, body: commandBody, response: { 202: commandTaken, 404: failure, 409: failure, 503: failure } },
      config: {
        role: "operate",
        id: "commandGuard",
        summary: "Order something of a guard: written down when it is answered, obeyed at once",
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const { kind, reason, id = randomUUID() } = request.body;
      const command = { id, kind, by: request.identity.name, reason: redact(reason) };
      const ordered = await edges.order(name, command);
      if (ordered.taken) {
        edges.log.info({ guard: name, command: kind, by: command.by, reason: command.reason, id }, "an order was taken");
        return reply.code(202).send({ guard: name, command, again: ordered.again });
      }
      return reply.code(statuses[ordered.why]).send({ error: ordered.because, hint: hintOf(ordered.why, edges.leader()) });
    },
  );
}

function hintOf(why: OrderRefusal, leader: string | undefined): string {
  switch (why) {
    case "unknown":
      return "GET /api/v1/guards lists them";
    case "pointless":
      return "GET the guard to see where it stands";
    case "other-order":
      return "give each order an id of its own, or leave it out";
    case "later":
      return leader === undefined
        ? "nothing was ordered: send the same again, under the same id"
        : `nothing was ordered: send the same to ${leader}, which leads`;
  }
}

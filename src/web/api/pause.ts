import { sentence } from "../../errors.ts";
import type { GovernorState, Pause } from "../../guards/governor.ts";
import type { Ms } from "../../model.ts";
import { redact } from "../../redact.ts";
import type { Api } from "./route.ts";
import { failure, pauseBody, pauseState } from "./schemas.ts";

export interface PauseEdges {
  state(): GovernorState;
  readAt(): Ms | undefined;
  pause(by: string, reason: string): Promise<Pause>;
  resume(by: string): Promise<void>;
}

const path = "/api/v1/pause";
const notWritten = "nothing was changed, or it is not known: GET /api/v1/pause shows, and the same may be sent again";

/** A pause is in the ledger when it is answered, whichever instance took it: the one that leads reads it before its next action. */
export function servePause(api: Api, edges: { readonly pause: PauseEdges; now(): Ms }): void {
  const { pause: keeper } = edges;
  const shown = (pause: Pause | undefined, readAt: Ms) => ({
    paused: pause !== undefined,
    ...(pause === undefined ? {} : { by: pause.by, reason: pause.reason, since: new Date(pause.at).toISOString() }),
    readAt: new Date(readAt).toISOString(),
  });
  api.get(
    path,
    {
      schema: { response: { 200: pauseState, 503: failure } },
      config: { role: "read", id: "showPause", summary: "Whether all action is paused, by whom and why" },
    },
    async (_request, reply) => {
      const { pause, unknown } = keeper.state();
      const readAt = keeper.readAt();
      if (readAt !== undefined) return reply.send(shown(pause, readAt));
      return reply.code(503).send({ error: `whether all action is paused is not known: ${unknown}`, hint: "nothing is done meanwhile" });
    },
  );
  api.post(
    path,
    {
      schema: { body: pauseBody, response: { 202: pauseState, 503: failure } },
      config: {
        role: "operate",
        id: "pauseAll",
        summary: "Pause all action: judging and telling go on, nothing is changed in the cluster",
      },
    },
    async (request, reply) => {
      try {
        const pause = await keeper.pause(request.identity.name, redact(request.body.reason));
        return await reply.code(202).send(shown(pause, edges.now()));
      } catch (error) {
        return reply.code(503).send({ error: sentence(error), hint: notWritten });
      }
    },
  );
  api.delete(
    path,
    {
      schema: { response: { 202: pauseState, 503: failure } },
      config: { role: "operate", id: "resumeAll", summary: "Let all action go on" },
    },
    async (request, reply) => {
      try {
        await keeper.resume(request.identity.name);
        return await reply.code(202).send(shown(undefined, edges.now()));
      } catch (error) {
        return reply.code(503).send({ error: sentence(error), hint: notWritten });
      }
    },
  );
}

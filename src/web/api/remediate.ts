import { randomUUID } from "node:crypto";
import type { WorkloadRef } from "../../model.ts";
import type { Remediated } from "../../pipeline/remediation/remediate.ts";
import { type Matchable, mostSpecific } from "../../policies/match.ts";
import type { PolicySet } from "../../policies/policy-set.ts";
import { redact } from "../../redact.ts";
import type { Trigger } from "../../remediation.ts";
import type { Api } from "./route.ts";
import { failure, remediateBody, remediateTaken } from "./schemas.ts";

export interface RemediateEdges {
  /** Opens the guards and writes them down; what they do is decided by them. */
  remediate(trigger: Trigger, policy: string, workload?: WorkloadRef): Promise<Remediated>;
  policies(): PolicySet;
  workloads(): readonly (Matchable & WorkloadRef)[];
  leader(): string | undefined;
  readonly ownNamespace: string;
  readonly log: { info(fields: object, message: string): void };
}

/** A person opens a guard of a remediation. */
export function serveRemediate(api: Api, edges: RemediateEdges): void {
  api.post(
    "/api/v1/guards",
    {
      schema: { body: remediateBody, response: { 202: remediateTaken, 404: failure, 409: failure, 503: failure } },
      config: {
        role: "operate",
        id: "openGuard",
        summary: "Open a guard of a remediation, for one workload or for all that it matches: written down when it is answered",
      },
    },
    async (request, reply) => {
      const { remediation: name, workload: wanted, id = randomUUID() } = request.body;
      const remediation = edges.policies().remediations.find(({ metadata }) => metadata.name === name);
      if (remediation === undefined) {
        return reply.code(404).send({ error: `there is no remediation ${name} in force`, hint: "GET /api/v1/policies lists them" });
      }
      const workloads = edges
        .workloads()
        .filter(
          (one) => wanted === undefined || (one.namespace === wanted.namespace && one.kind === wanted.kind && one.name === wanted.name),
        );
      if (wanted !== undefined && workloads.length === 0) {
        return reply.code(404).send({ error: `there is no ${wanted.kind} ${wanted.namespace}/${wanted.name}` });
      }
      if (!workloads.some((one) => mostSpecific([remediation], one, edges.ownNamespace) !== undefined)) {
        return reply.code(409).send({ error: `remediation ${name} matches no such workload`, hint: "see spec.match of the remediation" });
      }
      const trigger = { kind: "manual", by: request.identity.name, reason: redact(request.body.reason), id } as const;
      const [ref] = wanted === undefined ? [] : workloads;
      const opened = await edges.remediate(trigger, name, ref);
      if (!opened.done) {
        const leader = edges.leader();
        // Of many guards some may be open already: under another id these would open once more when they have ended.
        const hint = leader === undefined ? `send the same again with "id": "${id}"` : `send the same to ${leader}, which leads`;
        return reply.code(503).send({ error: opened.because, hint });
      }
      edges.log.info(
        { remediation: name, by: trigger.by, reason: trigger.reason, id, guards: opened.guards },
        "guards were opened by order",
      );
      return reply.code(202).send({ id, guards: opened.guards });
    },
  );
}

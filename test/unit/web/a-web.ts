// Builder for tests of the API: a server that knows nothing and takes nothing but what a test gives.
import { pino } from "pino";
import { noPolicies } from "../../../src/policies/policy-set.ts";
import { createIdentify } from "../../../src/web/api/identity.ts";
import { createStreams } from "../../../src/web/api/stream.ts";
import type { WebEdges } from "../../../src/web/server.ts";

const unused = () => Promise.reject(new Error("nothing that is tested here asks for this"));
const shown = { now: () => 1_000, open: () => [], ended: () => [] };

export const quiet: WebEdges = {
  ...shown,
  notReady: () => [],
  metrics: async () => ({ contentType: "text/plain", body: "rearguard_leader 1\n" }),
  log: pino({ level: "silent" }),
  takeAlerts: unused,
  alertsAccess: {},
  identify: createIdentify([]),
  order: unused,
  remediate: unused,
  leader: () => undefined,
  pause: { state: () => ({}), readAt: () => 500, pause: unused, resume: unused },
  policies: () => noPolicies,
  policyProblems: () => [],
  workloads: () => [],
  ownNamespace: "rearguard",
  streams: createStreams({ ...shown, epoch: "test" }),
  version: "test",
};

/** Lets in who sends one of these tokens, under its name. */
export function tokens(...given: readonly (readonly [token: string, name: string, role: "read" | "operate"])[]): WebEdges["identify"] {
  return createIdentify(
    given.map(([token, name, role]) => ({ name, role, setting: `listen.tokens (${name})`, read: async () => `${token}\n` })),
  );
}

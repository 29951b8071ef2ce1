import { expect, test } from "vitest";
import { createKubernetesApi } from "../../../src/clients/kubernetes/api.ts";
import { KubernetesError } from "../../../src/clients/kubernetes/kubernetes-error.ts";
import { systemClock } from "../../../src/clock.ts";
import { createLedger } from "../../../src/journal/ledger.ts";

const busy = new KubernetesError("KUBERNETES_UNREACHABLE", "slow down", { status: 429, retryAfterMs: 10_000 });

test.each<[string, () => Promise<never>]>([
  ["never answers", () => new Promise(() => {})],
  ["asks for patience again and again", () => Promise.reject(busy)],
])("a rollback that asks whether all is paused does not wait long for a server that %s", { timeout: 5_000 }, async (_, connect) => {
  const api = createKubernetesApi({ connector: { connect, renew() {} }, clock: systemClock });
  const ledger = createLedger({ api, namespace: "rearguard", name: "rearguard-ledger", readWithinMs: 50 });

  await expect(ledger.read()).rejects.toThrow(/timeout|no answer/);
});

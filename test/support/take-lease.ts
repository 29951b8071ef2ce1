import { leases } from "../../src/sandbox/kubernetes/resource-type.ts";
import type { World } from "./world.ts";

/** Somebody else's hand on the lease; gives the time. */
export function takeLease(world: World, seconds = 30): number {
  const { store } = world.sandbox.cluster;
  const before = store.get(leases, "rearguard", "rearguard");
  const time = new Date(world.sandbox.now()).toISOString().replace("Z", "000Z");
  const spec = { holderIdentity: "somebody-else", leaseDurationSeconds: seconds, acquireTime: time, renewTime: time, leaseTransitions: 1 };
  if (before === undefined) {
    world.sandbox.cluster.apply({
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name: "rearguard", namespace: "rearguard" },
      spec,
    });
  } else {
    store.put(leases, { ...before, spec });
  }
  return world.now();
}

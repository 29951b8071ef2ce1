import type { SandboxPod } from "../../../src/sandbox/world.ts";

/** A ready pod of the shop; `behaviour` is written as annotations. */
export function podOf(name: string, behaviour: Readonly<Record<string, string>> = {}, more: Partial<SandboxPod> = {}): SandboxPod {
  return {
    namespace: "shop",
    name,
    uid: `uid-${name}`,
    ip: "10.1.0.1",
    labels: { app: "web" },
    annotations: Object.fromEntries(Object.entries(behaviour).map(([key, value]) => [`sandbox.rearguard.dev/${key}`, value])),
    podTemplateHash: name.split("-")[1] ?? "",
    running: true,
    ready: true,
    terminating: false,
    startedAt: 0,
    ...more,
  };
}

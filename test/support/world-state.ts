import type { GuardRecord } from "../../src/guards/guard.ts";
import type { RemediationRecord } from "../../src/guards/remediation/record.ts";
import { readGuardObject } from "../../src/journal/guard-object.ts";
import { readRemediationObject } from "../../src/journal/remediation-object.ts";
import type { KubeObject } from "../../src/sandbox/kubernetes/object.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import type { DaemonProcess } from "./daemon-process.ts";
import { shop } from "./world-shop.ts";

const guardType = { group: "rearguard.dev", resource: "guards" };

/** Objects of the store never change: what was read once is read for good. */
const read = new WeakMap<KubeObject, GuardRecord>();

/** Every Guard of a remediation, as the API server has it. */
export function storedRemediations(sandbox: Sandbox): readonly RemediationRecord[] {
  return sandbox.cluster.store.list(guardType, shop).flatMap((raw) => {
    if (!isOfRemediation(raw)) return [];
    const stored = readRemediationObject(raw);
    if (typeof stored === "string") throw new Error(stored);
    return [stored.record];
  });
}

function isOfRemediation(raw: KubeObject): boolean {
  return (raw["spec"] as { readonly trigger?: object } | undefined)?.trigger !== undefined;
}

/** Every Guard of a rollout, as the API server has it. */
export function storedGuards(sandbox: Sandbox): readonly GuardRecord[] {
  const guards = sandbox.cluster.store.list(guardType, shop).filter((raw) => !isOfRemediation(raw));
  return guards.map((raw) => {
    const known = read.get(raw);
    if (known !== undefined) return known;
    const stored = readGuardObject(raw);
    if (typeof stored === "string") throw new Error(stored);
    read.set(raw, stored.record);
    return stored.record;
  });
}

/** Phases as `kubectl get guards` shows them, by guard. */
export function phases(sandbox: Sandbox): ReadonlyMap<string, string> {
  const guards = sandbox.cluster.store.list(guardType, shop);
  return new Map(guards.map((guard) => [guard.metadata.name, String((guard["status"] as { readonly phase?: string } | undefined)?.phase)]));
}

/** Which watches have yet to be told of something that was written. */
export function followVersions(sandbox: Sandbox): { seenBy(process: DaemonProcess): boolean } {
  const versions = new Map<string, number>();
  sandbox.cluster.store.subscribe(({ key, version, object }) => {
    const resource = key.slice(key.lastIndexOf("/") + 1);
    versions.set(resource, version);
    versions.set(`${resource} app=${appOf(object)}`, version);
  });
  return {
    seenBy: (process) =>
      process.watches().every(({ path, selector, seen }) => {
        const resource = path.slice(path.lastIndexOf("/") + 1);
        return (versions.get(selector === undefined ? resource : `${resource} ${selector}`) ?? 0) <= seen;
      }),
  };
}

export function appOf(object: KubeObject): string {
  return object.metadata.labels?.["app"] ?? "";
}

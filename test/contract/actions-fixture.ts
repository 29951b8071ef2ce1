import { createActions } from "../../src/actions/actions.ts";
import type { Actions } from "../../src/actions/actions.ts";
import { templateOf } from "../../src/actions/json-patch.ts";
import type { KubernetesApi } from "../../src/clients/kubernetes/api.ts";
import { dig, number, text } from "../../src/clients/kubernetes/raw.ts";
import type { RawObject } from "../../src/clients/kubernetes/raw.ts";
import { systemClock } from "../../src/clock.ts";
import type { Action, Judged } from "../../src/entry.ts";
import type { Revision, WorkloadRef } from "../../src/model.ts";
import { templateDigest } from "../../src/watchers/template-digest.ts";
import { waitUntil } from "../servers/wait-until.ts";
import { deploymentManifest } from "../support/deployment-manifest.ts";
import type { Fate } from "../support/deployment-manifest.ts";
import type { Servers } from "../support/servers.ts";
import { kubectl } from "./kubectl.ts";

const collection = "/apis/apps/v1/namespaces/default";

export interface Rolled {
  readonly workload: WorkloadRef;
  readonly path: string;
  readonly old: Revision;
  readonly bad: Revision;
  readonly judged: Judged;
  /** Of the second revision, raw. */
  readonly badTemplate: unknown;
}

/** A Deployment whose second revision is on its way and never gets ready. */
export async function rollOut(api: KubernetesApi, name: string, fate: Fate = "healthy"): Promise<Rolled> {
  const path = `${collection}/deployments/${name}`;
  await api.post(`${collection}/deployments`, deploymentManifest({ name, image: "shop:1", fate }));
  await revisionsOf(api, name, 1);
  const { spec } = deploymentManifest({ name, image: "shop:2", fate: "never-ready" });
  await api.patch(path, [{ op: "replace", path: "/spec", value: spec }], { type: "json" });
  const [old, bad] = await revisionsOf(api, name, 2);
  if (old === undefined || bad === undefined) throw new Error("two revisions are there");
  const live = await api.get(path);
  const workload: WorkloadRef = { namespace: "default", kind: "Deployment", name, uid: text(dig(live, "metadata", "uid")) ?? "" };
  const badTemplate = dig(live, "spec", "template");
  const judged = { templateDigest: templateDigest(badTemplate), podTemplateHash: bad.podTemplateHash };
  return { workload, path, old, bad, judged, badTemplate };
}

async function revisionsOf(api: KubernetesApi, name: string, wanted: number): Promise<readonly Revision[]> {
  let found: readonly Revision[] = [];
  await waitUntil(`${wanted} revisions of ${name}`, async () => {
    const sets = await api.list(`${collection}/replicasets`, { labelSelector: `app=${name}` });
    found = sets.map(revisionOf).toSorted((a, b) => a.number - b.number);
    return found.filter((each) => each.number > 0).length === wanted;
  });
  return found;
}

function revisionOf(set: RawObject): Revision {
  return {
    podTemplateHash: text(dig(set, "metadata", "labels", "pod-template-hash")) ?? "",
    number: Number(dig(set, "metadata", "annotations", "deployment.kubernetes.io/revision") ?? 0),
    name: text(dig(set, "metadata", "name")) ?? "",
    uid: text(dig(set, "metadata", "uid")) ?? "",
    created: 0,
  };
}

export function actionsOver(api: Pick<KubernetesApi, "get" | "patch" | "post">, mayAct: () => boolean = () => true): Actions {
  return createActions({ api, clock: systemClock, mayAct, digest: templateDigest });
}

export function brakeOf({ workload, judged }: Rolled): Extract<Action, { kind: "brake" }> {
  return { id: "g.brake.1", kind: "brake", workload, judged, guard: "g" };
}

export function releaseOf({ workload }: Rolled): Extract<Action, { kind: "release" }> {
  return { id: "g.release.2", kind: "release", workload, guard: "g" };
}

export function rollbackOf({ workload, judged, old }: Rolled, braked = false): Extract<Action, { kind: "rollback" }> {
  return { id: "g.rollback.3", kind: "rollback", workload, judged, target: old, braked, guard: "g", cause: "errors 20 %, limit 1 %" };
}

export function drainOf({ workload, bad }: Rolled, keep: number): Extract<Action, { kind: "drain" }> {
  return { id: "g.drain.4", kind: "drain", workload, condemned: bad, keep, guard: "g" };
}

export interface Live {
  readonly template: unknown;
  readonly image: string | undefined;
  readonly paused: boolean;
  readonly generation: number;
  readonly annotations: Readonly<Record<string, unknown>>;
}

export async function liveOf(api: KubernetesApi, path: string): Promise<Live> {
  const raw = await api.get(path);
  const containers = dig(raw, "spec", "template", "spec", "containers");
  return {
    template: dig(raw, "spec", "template"),
    image: Array.isArray(containers) ? text(dig(containers[0], "image")) : undefined,
    paused: dig(raw, "spec", "paused") === true,
    generation: number(dig(raw, "metadata", "generation")) ?? 0,
    annotations: { ...(dig(raw, "metadata", "annotations") as object | undefined) },
  };
}

export async function setImage(api: KubernetesApi, path: string, image: string): Promise<void> {
  await api.patch(path, [{ op: "replace", path: "/spec/template/spec/containers/0/image", value: image }], { type: "json" });
}

export async function pause(api: KubernetesApi, path: string): Promise<void> {
  await api.patch(path, { spec: { paused: true } }, { type: "merge" });
}

/** The oracle: kubectl's own undo, or where only Node is, the patch it was seen to send (its template half). */
export async function undo(servers: Servers, { workload, path, old }: Rolled, to: Revision = old): Promise<void> {
  if (servers.kind === "real") {
    await kubectl(servers, ["rollout", "undo", `deployment/${workload.name}`, `--to-revision=${to.number}`]);
    return;
  }
  const set = await servers.api.get(`${collection}/replicasets/${to.name}`);
  const value = templateOf(dig(set, "spec", "template"));
  await servers.api.patch(path, [{ op: "replace", path: "/spec/template", value }], { type: "json" });
}

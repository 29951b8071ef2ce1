import { isObject } from "../clients/kubernetes/raw.ts";
import { brakedBy, brakingGuard as guardOfMark } from "../guards/brake-mark.ts";

// Pure: the exact patches of our actions, each with tests that fail when somebody else was faster.

export type PatchOp =
  | { readonly op: "test" | "add" | "replace"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string };

/** What our patches need of a Deployment, as read; `template` and `annotations` are raw. */
export interface LiveDeployment {
  readonly uid: string;
  readonly template: unknown;
  readonly paused: boolean;
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

export interface BrakeMark {
  readonly guard: string;
  /** ISO instant. */
  readonly since: string;
  /** The command that releases the brake, for whoever finds the Deployment paused. */
  readonly release: string;
}

const rolledBackFrom = "rearguard.dev/rolled-back-from";
const changeCause = "kubernetes.io/change-cause";

/** A pause that somebody set meanwhile is theirs. The API server keeps no `false`, and its `test` for null passes where nothing is. */
const notPaused = { op: "test", path: "/spec/paused", value: null } as const;

/** Pauses the rollout of the template that was judged, and says so on the object. */
export function brakePatch(live: LiveDeployment, mark: BrakeMark): readonly PatchOp[] {
  return [
    { op: "test", path: "/metadata/uid", value: live.uid },
    { op: "test", path: "/spec/template", value: live.template },
    notPaused,
    { op: "add", path: "/spec/paused", value: true },
    ...annotate(live, { [brakedBy]: JSON.stringify(mark) }),
  ];
}

/** Takes our brake off: nothing happens to a brake that is not the one that was read. */
export function releasePatch(live: LiveDeployment): readonly PatchOp[] {
  return [{ op: "test", path: "/metadata/uid", value: live.uid }, ...unbrake(live)];
}

/** Puts `template` back in the place of the template that was read; with our own brake on, in the same patch unpaused. */
export function rollbackPatch(
  live: LiveDeployment,
  rollback: { readonly template: unknown; readonly from: string; readonly cause: string },
): readonly PatchOp[] {
  return [
    { op: "test", path: "/metadata/uid", value: live.uid },
    { op: "test", path: "/spec/template", value: live.template },
    live.paused ? { op: "test", path: "/spec/paused", value: true } : notPaused,
    { op: "replace", path: "/spec/template", value: rollback.template },
    ...unbrake(live),
    ...annotate(live, { [rolledBackFrom]: rollback.from, [changeCause]: rollback.cause }),
  ];
}

/** The template a Deployment must have for the controller to use this ReplicaSet again: its own, without the hash label. */
export function templateOf(replicaSetTemplate: unknown): unknown {
  if (!isObject(replicaSetTemplate)) return replicaSetTemplate;
  const { metadata } = replicaSetTemplate;
  if (!isObject(metadata) || !isObject(metadata["labels"])) return replicaSetTemplate;
  const { "pod-template-hash": _, ...labels } = metadata["labels"];
  return { ...replicaSetTemplate, metadata: { ...metadata, labels } };
}

/** The guard whose brake this Deployment carries, if any. */
export function brakingGuard(live: Pick<LiveDeployment, "annotations">): string | undefined {
  return guardOfMark(live.annotations);
}

function unbrake(live: LiveDeployment): readonly PatchOp[] {
  const mark = live.annotations?.[brakedBy];
  if (mark === undefined) return [];
  const path = annotationPath(brakedBy);
  return [
    { op: "test", path, value: mark },
    ...(live.paused ? [{ op: "remove", path: "/spec/paused" } as const] : []),
    { op: "remove", path },
  ];
}

function annotate(live: LiveDeployment, values: Readonly<Record<string, string>>): readonly PatchOp[] {
  const create = live.annotations === undefined ? [{ op: "add", path: "/metadata/annotations", value: {} } as const] : [];
  return [...create, ...Object.entries(values).map(([key, value]) => ({ op: "add", path: annotationPath(key), value }) as const)];
}

/** JSON Pointer escapes: ~ before /, or the escape would be escaped. */
function annotationPath(key: string): string {
  return `/metadata/annotations/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

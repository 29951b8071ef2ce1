// Why the pods of a workload do not start: from what was seen of them to findings, one for each thing a person has to mend.
import type { Finding, NeededObject } from "../diagnosis.ts";
import type { Ms } from "../model.ts";
import { type PodAilment, podAilment, type SeenPod } from "./pod-ailment.ts";

/** Names in a finding. */
const NAMED = 5;

export interface SeenNode {
  readonly name: string;
  /** Conditions that are not as they should be, and whether it takes pods: "not ready: …", "memory pressure". */
  readonly troubles: readonly string[];
}

/** What was seen of a workload; what could not be looked at is simply not there. */
export interface Seen {
  readonly now: Ms;
  readonly desired: number;
  /** Pods of the revision that is wanted, without those that are being deleted. */
  readonly pods: readonly SeenPod[];
  /** What the ReplicaSet was told when it could not make pods. */
  readonly notCreated?: string;
  /** What the template needs and was looked for in vain. */
  readonly missing: readonly NeededObject[];
  readonly node?: SeenNode;
}

/** Findings, those before all others first: pods that cannot be made, then what is wrong with most pods. */
export function diagnose(seen: Seen): readonly Finding[] {
  const unready = seen.pods.filter((pod) => !pod.ready);
  const groups = new Map<string, { readonly of: PodAilment; readonly pods: string[] }>();
  for (const pod of unready) {
    const of = podAilment(pod);
    const key = [of.ailment, of.container, of.image, of.object?.kind, of.object?.name, of.exitCode].join("|");
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { of, pods: [pod.name] });
    else known.pods.push(pod.name);
  }
  const ofPods = [...groups.values()]
    .toSorted((one, other) => other.pods.length - one.pods.length)
    .map(({ of, pods }): Finding => ({ ...of, pods: pods.slice(0, NAMED), count: pods.length }));
  return [...notCreated(seen), ...missing(seen, ofPods, unready), ...onNode(seen, unready), ...ofPods];
}

function notCreated({ notCreated: words, desired, pods }: Seen): readonly Finding[] {
  if (words === undefined) return [];
  const ailment = /exceeded quota|must specify (limits|requests|cpu|memory)/i.test(words) ? "quota" : "not-created";
  return [{ ailment, pods: [], count: Math.max(0, desired - pods.length), words }];
}

/** What no pod has complained of by name yet. */
function missing({ missing: objects }: Seen, found: readonly Finding[], unready: readonly SeenPod[]): readonly Finding[] {
  const isTold = ({ kind, name }: NeededObject) => found.some(({ object }) => object?.kind === kind && object.name === name);
  return objects
    .filter((object) => !isTold(object))
    .map((object) => ({
      ailment: "missing-object",
      pods: unready.slice(0, NAMED).map(({ name }) => name),
      count: unready.length,
      words: "",
      object,
    }));
}

/** All pods that are not ready sit on one node, and it is not well. */
function onNode({ node }: Seen, unready: readonly SeenPod[]): readonly Finding[] {
  if (node === undefined || node.troubles.length === 0) return [];
  return [
    {
      ailment: "node",
      pods: unready.slice(0, NAMED).map(({ name }) => name),
      count: unready.length,
      words: node.troubles.join("; "),
      node: node.name,
    },
  ];
}

/** The node that all of these pods are on; undefined where they are on several, or on none yet. */
export function commonNode(pods: readonly SeenPod[]): string | undefined {
  const [first] = pods;
  const node = first?.node;
  return node !== undefined && pods.every((pod) => pod.node === node) ? node : undefined;
}

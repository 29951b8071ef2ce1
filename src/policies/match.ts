import type { WorkloadKind } from "../model.ts";
import { globMatches, globWeight } from "./glob.ts";
import type { Policy } from "./policy.ts";

/** What of a workload a policy is chosen by. */
export interface Matchable {
  readonly namespace: string;
  readonly kind: WorkloadKind;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export type Choice =
  | { readonly kind: "policy"; readonly policy: Policy }
  | { readonly kind: "none" }
  | { readonly kind: "off"; readonly because: string };

const guardAnnotation = "rearguard.dev/guard";

type Match = Policy["spec"]["match"];

/**
 * The policy of a workload: of those that match, the most specific by names, then labels (more of them first), then namespaces,
 * then kinds; a full name before a glob, a longer glob before a shorter one. `ownNamespace` is where Rearguard itself runs.
 */
export function choosePolicy(policies: readonly Policy[], workload: Matchable, ownNamespace?: string): Choice {
  if (isOff(workload)) return { kind: "off", because: `annotation ${guardAnnotation}: off` };
  const policy = mostSpecific(policies, workload, ownNamespace);
  return policy === undefined ? { kind: "none" } : { kind: "policy", policy };
}

interface Matching {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly match: Match };
}

/** Of those that match, by the same order; undefined where none does, and for a workload that is taken out. */
export function mostSpecific<P extends Matching>(policies: readonly P[], workload: Matchable, ownNamespace?: string): P | undefined {
  if (isOff(workload)) return undefined;
  let best: { policy: P; weights: readonly number[] } | undefined;
  for (const policy of policies) {
    const { match } = policy.spec;
    if (isSystem(workload, ownNamespace) && !isNamed(match, workload)) continue;
    const weights = weightsOf(match, workload);
    if (weights === undefined) continue;
    const order = best === undefined ? 1 : compareWeights(weights, best.weights);
    // Ties are refused at load; the name decides among what slipped through, so that the order of files never does.
    if (best === undefined || order > 0 || (order === 0 && policy.metadata.name < best.policy.metadata.name)) best = { policy, weights };
  }
  return best?.policy;
}

function isOff({ annotations }: Matchable): boolean {
  return annotations[guardAnnotation]?.trim().toLowerCase() === "off";
}

function weightsOf(match: Match, workload: Matchable): readonly number[] | undefined {
  const names = weightOf(match.names, workload.name);
  const namespaces = weightOf(match.namespaces, workload.namespace);
  const labels = Object.entries(match.labels ?? {});
  if (names === undefined || namespaces === undefined) return undefined;
  if (match.kinds !== undefined && !match.kinds.includes(workload.kind)) return undefined;
  if (labels.some(([key, value]) => workload.labels[key] !== value)) return undefined;
  return [names, labels.length, namespaces, match.kinds === undefined ? 0 : 1];
}

/** Weight of the most specific pattern that fits; 0 where nothing is asked, undefined where none fits. */
function weightOf(patterns: readonly string[] | undefined, text: string): number | undefined {
  if (patterns === undefined) return 0;
  const fitting = patterns.filter((pattern) => globMatches(pattern, text));
  return fitting.length === 0 ? undefined : Math.max(...fitting.map(globWeight));
}

function compareWeights(a: readonly number[], b: readonly number[]): number {
  for (const [at, weight] of a.entries()) {
    const difference = weight - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function isSystem(workload: Matchable, ownNamespace: string | undefined): boolean {
  return (
    workload.namespace === "kube-system" || workload.namespace === ownNamespace || workload.labels["app.kubernetes.io/name"] === "rearguard"
  );
}

function isNamed(match: Match, workload: Matchable): boolean {
  return match.names?.includes(workload.name) === true || match.namespaces?.includes(workload.namespace) === true;
}

// Kubernetes cuts "<owner>-" to this before it adds its random suffix, so that a pod's name stays within 63 letters.
const longestBase = 58;

/** What the names of all pods of an owner (a ReplicaSet, DaemonSet, StatefulSet) begin with. */
export function podBase(owner: string): string {
  return `${owner}-`.slice(0, longestBase);
}

/** The bases a pod's name may have: up to its last dash, or the first 58 letters where the owner's name was cut. */
export function basesOf(pod: string): readonly string[] {
  const base = pod.slice(0, pod.lastIndexOf("-") + 1);
  return pod.length > longestBase && base.length !== longestBase ? [base, pod.slice(0, longestBase)] : [base];
}

/** Regular expression of the pods of an owner. `checkout-5d8f` does not catch the pods of `checkout-5d8f-worker`. */
export function podPattern(owner: string): string {
  return `${escapeRegex(podBase(owner))}[a-z0-9]+`;
}

/** Literal text in a regular expression of Prometheus (RE2). */
export function escapeRegex(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

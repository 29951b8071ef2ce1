import { canonicalJson, withoutHash, withoutKey } from "./template-digest.ts";

const restartedAt = "kubectl.kubernetes.io/restartedAt";

/** `kubectl rollout restart`: the two raw templates differ in nothing but its annotation, so there is nothing to undo. */
export function isRestartOnly(oldTemplate: unknown, newTemplate: unknown): boolean {
  return comparable(oldTemplate) === comparable(newTemplate);
}

function comparable(template: unknown): string {
  return canonicalJson(withoutKey(withoutHash(template), "annotations", restartedAt));
}

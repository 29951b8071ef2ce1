import type { PodTemplate } from "./object.ts";
import { canonical } from "./same.ts";

export const hashLabel = "pod-template-hash";

// Kubernetes leaves out vowels and look-alikes, so that no name is a word.
export const safeLetters = "bcdfghjklmnpqrstvwxz2456789";

/** FNV-1a of the template, written in safe letters, as `controller.ComputeHash` does; the digits differ from a real cluster's. */
export function templateHash(template: PodTemplate, collisionCount = 0): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(canonical(template) + (collisionCount === 0 ? "" : collisionCount))) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return Array.from(String(hash >>> 0), (digit) => safeLetters[digit.charCodeAt(0) % safeLetters.length]).join("");
}

/** The template without the label that the Deployment controller adds. */
export function withoutHash(template: PodTemplate): PodTemplate {
  const { [hashLabel]: _, ...labels } = template.metadata.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}

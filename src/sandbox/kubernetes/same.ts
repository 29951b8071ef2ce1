import { isObject } from "./object.ts";

/** Equal as Kubernetes' `Semantic.DeepEqual` means it: absent, null, {} and [] are one. */
export function isSame(a: unknown, b: unknown): boolean {
  return a === b || canonical(a) === canonical(b);
}

/** JSON with sorted keys and without empty parts. */
export function canonical(value: unknown): string {
  return JSON.stringify(withoutEmpty(value)) ?? "";
}

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((item) => withoutEmpty(item) ?? null);
  if (!isObject(value)) return value ?? undefined;
  const entries = Object.keys(value)
    .sort()
    .map((key) => [key, withoutEmpty(value[key])] as const)
    .filter(([, item]) => item !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

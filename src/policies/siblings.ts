import type { z } from "zod";
import { told } from "./told.ts";

/** Refines an object of which exactly one of `keys` must be set. Runs beside other problems, but not beside an unknown key: that is a slip for one of them. */
export function exactlyOne(keys: readonly string[]) {
  const refine = (value: object, context: z.RefinementCtx): void => {
    const set = keys.filter((key) => Object.hasOwn(value, key));
    if (set.length === 1) return;
    const what = set.length === 0 ? "one key is missing" : `${set.join(" and ")} exclude each other`;
    context.addIssue({ code: "custom", message: told(what, `exactly one of ${keys.join(", ")}`) });
  };
  const when = ({ value, issues }: z.core.ParsePayload): boolean =>
    typeof value === "object" && value !== null && !issues.some(({ code }) => code === "unrecognized_keys");
  return [refine, { when }] as const;
}

/** The same rule for the JSON schema. */
export function oneOf(keys: readonly string[]) {
  return { oneOf: keys.map((key) => ({ required: [key] })) };
}

/** Refines an object in which `one` and `other` must not be set together; `cause` says why. Neither may have a default of its own. */
export function notBoth(one: string, other: string, cause: string) {
  const refine = (value: object, context: z.RefinementCtx): void => {
    if (!isSet(value, one) || !isSet(value, other)) return;
    const message = told(`${one} and ${other} exclude each other`, `at most one of ${one}, ${other}`, cause);
    context.addIssue({ code: "custom", message });
  };
  const when = ({ value }: z.core.ParsePayload): boolean => typeof value === "object" && value !== null;
  return [refine, { when }] as const;
}

/** The same rule for the JSON schema. */
export function never(one: string, other: string) {
  return { not: { required: [one, other] } };
}

function isSet(value: object, key: string): boolean {
  return Object.hasOwn(value, key) && Reflect.get(value, key) !== undefined;
}

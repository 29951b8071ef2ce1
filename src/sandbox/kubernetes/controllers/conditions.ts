import { kubeTime } from "../object.ts";
import type { Condition } from "../object.ts";

export type NewCondition = Pick<Condition, "type" | "status"> & { readonly reason: string; readonly message: string };

export function findCondition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/** Nothing changes while status and reason stay; the transition time only with the status. */
export function withCondition(conditions: readonly Condition[], next: NewCondition, now: number): Condition[] {
  const current = findCondition(conditions, next.type);
  if (current?.status === next.status && current.reason === next.reason) return [...conditions];
  return replaceCondition(conditions, next, now);
}

/** As `withCondition`, but the update time moves even when nothing else does. */
export function replaceCondition(conditions: readonly Condition[], next: NewCondition, now: number): Condition[] {
  const current = findCondition(conditions, next.type);
  const at = kubeTime(now);
  const lastTransitionTime = current?.status === next.status ? current.lastTransitionTime : at;
  const { type, status, reason, message } = next;
  const others = conditions.filter((condition) => condition.type !== type);
  return [...others, { type, status, lastUpdateTime: at, lastTransitionTime, reason, message }];
}

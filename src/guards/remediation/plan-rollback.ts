import type { Revision, Workload } from "../../model.ts";
import type { Reason } from "../../reason.ts";
import { knownBad } from "../governor.ts";
import type { Facts, RemedyAsk } from "./ask.ts";

/** What to go back to, or why not. */
export type RollbackPlan = { readonly target: Revision; readonly current: Revision; readonly because: Reason } | { readonly why: Reason };

/** Only a young revision is to blame for new trouble; the way back is one that passed, else the one that was complete before it. */
export function planRollback(
  ask: RemedyAsk,
  workload: Workload,
  withinMs: number,
  facts: Extract<Facts, { kind: "rollback" }>,
): RollbackPlan {
  const { current } = workload;
  if (current === undefined) return { why: { code: "nothing-to-undo", why: "revision-gone" } };
  const ageMs = facts.startedAt === undefined ? null : ask.now - facts.startedAt;
  if (ageMs === null || ageMs > withinMs) return { why: { code: "revision-too-old", ageMs, withinMs } };
  const owner = workload.owners[0];
  if (owner !== undefined) return { why: { code: "owned", owner: owner.kind, name: owner.name, mark: owner.mark } };
  const bad = knownBad(ask.past, workload.ref.uid);
  const others = workload.revisions.filter(({ podTemplateHash }) => podTemplateHash !== current.podTemplateHash);
  const good = others.filter(({ podTemplateHash }) => !bad.has(podTemplateHash));
  const wanted = [...ask.passed, ...(facts.before === undefined ? [] : [facts.before])];
  const target = wanted.flatMap((hash) => good.find(({ podTemplateHash }) => podTemplateHash === hash) ?? [])[0];
  if (target !== undefined) {
    return { target, current, because: { code: "plan-rollback", from: current.number, to: target.number, ageMs } };
  }
  if (others.length === 0) return { why: { code: "nothing-to-undo", why: current.number <= 1 ? "first-deploy" : "revision-gone" } };
  if (good.length === 0) return { why: { code: "nothing-to-undo", why: "target-known-bad" } };
  return {
    why: { code: "limitation", detail: "no other revision was seen complete before this one, so none is known to be a safe way back" },
  };
}

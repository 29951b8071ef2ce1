// What an action does to a workload: the rules of src/actions without a server.
import type { Action } from "../../../src/entry.ts";
import { type Place, templateOf, wanted } from "./cluster-story.ts";

export function effectOf(now: Place, action: Action) {
  const applied = (over: Partial<Place>) => ({ outcome: "applied" as const, over, because: undefined });
  const unchanged = { outcome: "unchanged" as const, over: {}, because: undefined };
  const othersPause = { outcome: "refused" as const, over: {}, because: { code: "paused-by-other" } as const };
  const conflict = { outcome: "refused" as const, over: {}, because: { code: "conflict", detail: "another template" } as const };
  const isOurs = now.mark === action.guard;
  switch (action.kind) {
    case "brake":
      if (now.paused) return isOurs ? unchanged : othersPause;
      return now.template === templateOf(action.judged.podTemplateHash) ? applied({ paused: true, mark: action.guard }) : conflict;
    case "release":
      if (isOurs) return applied({ paused: false, mark: undefined });
      return now.paused ? othersPause : unchanged;
    case "rollback": {
      const target = templateOf(action.target.podTemplateHash);
      if (now.paused && !(action.braked && isOurs)) return othersPause;
      if (now.template === target && !now.paused) return unchanged;
      if (now.template !== templateOf(action.judged.podTemplateHash)) return conflict;
      return applied({ ...wanted(now, target), paused: false, mark: undefined });
    }
    case "drain":
      return unchanged;
  }
}

import type { Action, Receipt } from "../entry.ts";
import type { Ms } from "../model.ts";
import { attempt } from "./attempt.ts";
import type { Result, Tries } from "./attempt.ts";
import { brake, release } from "./brake.ts";
import { drain } from "./drain.ts";
import { rollback } from "./rollback.ts";
import type { Edges } from "./write.ts";

export interface Actions {
  /** Does it, or says why not. Doing the same action twice does no harm. Rejects only for a bug. */
  execute(action: Action): Promise<Receipt>;
}

/** @param options.deadlineMs longest time in which tries begin, to be shorter than the leader's lease; 8 s unless told. */
export function createActions(options: Edges & { readonly deadlineMs?: Ms; readonly random?: () => number }): Actions {
  const { clock, deadlineMs = 8000, random = Math.random } = options;
  return {
    async execute(action) {
      const result = await attempt((tries) => once(options, action, tries), { clock, tries: 3, deadlineMs, random });
      return { action: action.id, kind: action.kind, at: clock.now(), ...result };
    },
  };
}

function once(edges: Edges, action: Action, tries: Tries): Promise<Result> {
  switch (action.kind) {
    case "brake":
      return brake(edges, action, tries);
    case "release":
      return release(edges, action, tries);
    case "rollback":
      return rollback(edges, action, tries);
    case "drain":
      return drain(edges, action, tries);
  }
}

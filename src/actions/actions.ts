import type { Action } from "../entry.ts";
import type { Ms } from "../model.ts";
import type { ReceiptOf, Remedy } from "../remediation.ts";
import { attempt } from "./attempt.ts";
import type { Result, Tries } from "./attempt.ts";
import { brake, release } from "./brake.ts";
import { drain } from "./drain.ts";
import { startJob } from "./remedy-job.ts";
import { restart } from "./restart.ts";
import { rollback } from "./rollback.ts";
import { scale } from "./scale.ts";
import type { Edges } from "./write.ts";

export interface Actions {
  /** Does it, or says why not. Doing the same action twice does no harm. Rejects only for a bug. */
  execute: <Each extends Action | Remedy>(action: Each) => Promise<ReceiptOf<Each>>;
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

function once(edges: Edges, action: Action | Remedy, tries: Tries): Promise<Result> {
  switch (action.kind) {
    case "brake":
      return brake(edges, action, tries);
    case "release":
      return release(edges, action, tries);
    case "rollback":
      return rollback(edges, action, tries);
    case "drain":
      return drain(edges, action, tries);
    case "scale":
      return scale(edges, action, tries);
    case "restart":
      return restart(edges, action, tries);
    case "job":
      return startJob(edges, action, tries);
  }
}

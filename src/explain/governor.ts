import type { Rollout } from "../model.ts";
import type { Reason } from "../reason.ts";
import { kubectlTarget, undoCommand } from "./commands.ts";

/** What helps against a rule of the governor; undefined where only acting by hand does. */
export function governorStep(rollout: Rollout, { rule }: Extract<Reason, { code: "governor" }>, braked: boolean): string | undefined {
  const target = kubectlTarget(rollout.workload);
  const byHand = `Take it back by hand: ${undoCommand(rollout, braked)}`;
  switch (rule) {
    case "paused":
      return `Resume all action at the API when it is safe. ${byHand}`;
    case "frozen":
      return `Let Rearguard act on it again: kubectl annotate ${target} rearguard.dev/freeze-. ${byHand}`;
    case "flapping":
      return `Look why it happens again and again, then: kubectl annotate --overwrite ${target} rearguard.dev/flap-reset=$(date -u +%FT%TZ). ${byHand}`;
    case "shared-cause":
    case "concurrency":
      return `Look first at what these workloads share: a database, a node, the network, a base image. ${byHand}`;
    case "own-rollback":
      return "Look for the cause outside the template, or deploy a fixed revision: this one was put back as the good one.";
    default:
      return undefined;
  }
}

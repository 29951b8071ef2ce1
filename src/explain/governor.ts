import type { Rollout } from "../model.ts";
import type { Reason } from "../reason.ts";
import { kubectlTarget } from "./commands.ts";

/** What helps against a rule of the governor; undefined where only acting by hand does. */
export function governorStep({ workload }: Pick<Rollout, "workload">, { rule }: Extract<Reason, { code: "governor" }>): string | undefined {
  const target = kubectlTarget(workload);
  switch (rule) {
    case "paused":
      return "Resume all action at the API when it is safe.";
    case "frozen":
      return `Let Rearguard act on it again: kubectl annotate ${target} rearguard.dev/freeze-.`;
    case "flapping":
      return `Look why it happens again and again, then: kubectl annotate --overwrite ${target} rearguard.dev/flap-reset=$(date -u +%FT%TZ).`;
    case "shared-cause":
    case "concurrency":
      return "Look first at what these workloads share: a database, a node, the network, a base image.";
    case "own-rollback":
      return "Look for the cause outside the template, or deploy a fixed revision: this one was put back as the good one.";
    default:
      return undefined;
  }
}

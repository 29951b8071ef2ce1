import { expect, test } from "vitest";
import { decideRemedy } from "../../../../src/guards/remediation/decide.ts";
import type { OwnerMark } from "../../../../src/model.ts";
import type { ScaleOwner } from "../../../../src/remediation.ts";
import { askOf, atRest, recordOf, remediationOf } from "./a-remedy.ts";

const itself: ScaleOwner = { kind: "workload" };
const hpa: ScaleOwner = { kind: "hpa", name: "web", uid: "u", max: 20 };

test.each<[OwnerMark["kind"], ScaleOwner, string]>([
  ["argocd", itself, "withhold"],
  ["flux-kustomization", itself, "withhold"],
  ["controller", itself, "withhold"],
  // Helm writes only when somebody calls it, and of an autoscaler its own marks count.
  ["helm", itself, "act"],
  ["flux-helm", itself, "act"],
  ["argocd", hpa, "act"],
])("the count of pods that %s owns, and %o decides: %s", (kind, owner, decision) => {
  const workload = atRest({ owners: [{ kind, name: "shop", mark: "a mark" }] });
  const facts = { step: 0, kind: "scale", scaling: { owner, replicas: 4, least: 4 } } as const;
  const decided = decideRemedy(askOf(recordOf(remediationOf("do: [{ scale: { by: 2 } }]")), { workload, facts }));
  const told = "because" in decided && decided.because.some((reason) => reason.code === "owned" && reason.owner === kind);
  expect([decided.kind, told]).toEqual([decision, decision === "withhold"]);
});

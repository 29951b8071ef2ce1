import { dig, text } from "./raw.ts";
import type { RawObject } from "./raw.ts";

/** What an autoscaler takes where its scaleTargetRef is silent; an HPA takes nothing. */
interface Silent {
  readonly apiVersion?: string;
  readonly kind?: string;
}

/** As KEDA reads a ScaledObject. */
export const kedaTarget: Silent = { apiVersion: "apps/v1", kind: "Deployment" };

/** Whether an autoscaler of the workload's namespace scales it. The version of the group does not matter. */
export function targetsWorkload(
  scaler: RawObject,
  workload: { readonly kind: string; readonly name: string },
  silent: Silent = {},
): boolean {
  const target = dig(scaler, "spec", "scaleTargetRef");
  const group = (text(dig(target, "apiVersion")) ?? silent.apiVersion ?? "").split("/")[0];
  const kind = text(dig(target, "kind")) ?? silent.kind;
  return group === "apps" && kind === workload.kind && dig(target, "name") === workload.name;
}

import type { Diagnosis } from "../diagnosis.ts";
import type { Reason } from "../reason.ts";

/** A diagnosis as reasons: one for each finding, then what could not be looked at. Never empty: that nothing was found is an answer too. */
export function diagnosisReasons({ workload, findings, unseen, desired, there, ready }: Diagnosis): readonly Reason[] {
  const { namespace, kind, name } = workload;
  const found = findings.map((finding): Reason => ({
    code: "diagnosis",
    namespace,
    kind,
    name,
    finding,
    of: Math.max(desired, there, finding.count),
  }));
  const limits = unseen.map((detail): Reason => ({ code: "limitation", detail }));
  const isBlind = desired === 0 && there === 0 && limits.length > 0;
  if (found.length > 0 || isBlind) return [...found, ...limits];
  const detail = `${ready} of ${Math.max(desired, there)} pods are ready, and nothing was found that keeps others from starting`;
  return [{ code: "limitation", detail }, ...limits];
}

import type { Diagnosis } from "../diagnosis.ts";
import type { Reason } from "../reason.ts";
import type { GuardRecord } from "./guard.ts";

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

/** Pods of the revision are why the guard acts, or would act, now or as it is recorded, and nobody has looked yet why. */
export function wantsDiagnosis({ entries }: GuardRecord, because: readonly Reason[]): boolean {
  if (entries.some((entry) => entry.kind === "noted" && entry.because.some(({ code }) => code === "diagnosis"))) return false;
  const recorded = entries.flatMap((entry) =>
    entry.kind === "intended" || entry.kind === "announced" || entry.kind === "withheld" ? entry.because : [],
  );
  return [...because, ...recorded].some(({ code }) => code === "pods");
}

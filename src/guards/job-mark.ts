/** Annotation on the Job of a smoke test: guard and signal. */
export const smokeTestMark = "rearguard.dev/smoke-test";
/** Annotation on the Job of a remediation: the id of the action. By this the Job is known to be ours. */
export const remedyMark = "rearguard.dev/remediation";

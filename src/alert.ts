// Alerts of other systems as nouns. Like model.ts: imports nothing but nouns, does nothing.
import type { Ms } from "./model.ts";

/** What we post to Alertmanager ourselves: it may be routed back to us, and must never be taken for a finding. */
export const ownAlertName = "RearguardGuard";

/** One firing of an alert, from its start to its end, as it was told. Fingerprint and start say which firing it is. */
export interface Alert {
  /** Of its set of labels. */
  readonly fingerprint: string;
  readonly startsAt: Ms;
  /** Its sender does not say since when it fires, and its fingerprint is of this firing alone: the start is when it was first heard of. */
  readonly startIsFirstHeard?: true;
  /** Absent while it fires. */
  readonly endsAt?: Ms;
  readonly labels: Readonly<Record<string, string>>;
  /** What people are told of it; "" where its rule says nothing. */
  readonly summary: string;
}

/** The same as a guard keeps it, cut to size; `pod` is the one that its labels name. */
export interface GuardAlert extends Omit<Alert, "startIsFirstHeard"> {
  readonly pod?: string;
}

/** What became of an alert that was told to us. */
export type AlertOutcome =
  /** Written in the record of a guard. */
  | "recorded"
  /** A guard of its own was opened for it. */
  | "opened"
  /** There already, or known to be over: a repeat, or the same of another peer. */
  | "known"
  /** More firings than a guard keeps; newer ones are kept instead. */
  | "collapsed"
  /** One that we posted to Alertmanager ourselves. */
  | "own"
  /** Its labels name no workload. */
  | "no-workload"
  | "no-guard"
  /** A guard of its workload is open, and its policy asks for no such alert. */
  | "not-asked";

export interface AlertReason {
  readonly code: "alert";
  readonly signal: string;
  readonly name: string;
  /** Without its name, namespace and workload. */
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly since: Ms;
  readonly forMs: Ms;
  /** What else fires alike. */
  readonly others: number;
  /** Why it is not laid to the new revision: it began before that could have caused it, names a pod of the old one, or fires beside one like that. */
  readonly held?: "before" | "old-pod" | "alike";
  /** Of `before`: time from the start of the rollout to the start of the alert, negative for one that was there already. */
  readonly afterStartMs?: Ms;
}

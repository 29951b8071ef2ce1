// Why a remediation does what it does, in numbers. Like model.ts: imports nothing but nouns, does nothing.
import type { Ms } from "../model.ts";

export type RemedyReason =
  /** What opened the guard, or lasts: the alert that fires longest of its name. */
  | Readonly<{
      code: "alert-fires";
      name: string;
      /** Without its name, namespace and workload. */
      labels: Readonly<Record<string, string>>;
      summary: string;
      since: Ms;
      forMs: Ms;
      /** What else fires alike. */
      others: number;
    }>
  /** `firings`: how many there were in all. */
  | Readonly<{ code: "alert-over"; name: string; firings: number; afterMs: Ms }>
  | Readonly<{ code: "schedule-due"; cron: string; timeZone: string; due: Ms }>
  /** A condition of the policy that does not hold now: not yet for long enough, not at all, or nobody knows. */
  | Readonly<{ code: "condition"; signal: string; state: "soon" | "not" | "unknown"; detail: string }>
  /** What a step is about to do, or would. */
  | Readonly<{ code: "plan-scale"; from: number; to: number; replicas: number; owner: "workload" | "hpa" | "keda"; name: string }>
  | Readonly<{
      code: "plan-restart";
      pod: string;
      nth: number;
      of: number;
      because: "value" | "not-ready" | "restarts" | "oldest";
      value: number;
    }>
  | Readonly<{ code: "plan-rollback"; from: number; to: number; ageMs: Ms }>
  | Readonly<{ code: "plan-job"; job: string }>
  | Readonly<{ code: "scale-limit"; replicas: number; wanted: number; limit: number; by: "most" | "hpa" | "keda"; name: string }>
  | Readonly<{ code: "revision-too-old"; ageMs: Ms | null; withinMs: Ms }>
  /** A guard of a rollout of the same workload decides first. */
  | Readonly<{ code: "rollout-guard"; guard: string }>
  | Readonly<{ code: "progressing"; updated: number; desired: number; replicas: number }>
  /** `withinMs`: what the step had. */
  | Readonly<{ code: "not-helped"; step: string; nth: number; of: number; afterMs: Ms; withinMs: Ms }>
  /** The trouble is over; what was scaled is given back later. */
  | Readonly<{ code: "over-for-now"; afterMs: Ms; restoreInMs: Ms }>
  | Readonly<{ code: "trouble-again"; afterMs: Ms }>
  | Readonly<{ code: "given-back"; from: number; to: number | null; heldMs: Ms }>
  /** `log`: the end of what its container wrote, several lines. */
  | Readonly<{ code: "job-ended"; job: string; outcome: "passed" | "failed" | "error"; detail: string; log: string }>
  | Readonly<{ code: "ladder-over"; steps: number; done: number }>;

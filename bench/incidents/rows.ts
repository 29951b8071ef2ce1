// Eight incidents, and what the neighbours made of them.
import type { Behaviour } from "../../test/e2e/shop.ts";

export interface Incident {
  readonly name: string;
  readonly namespace: string;
  /** Total of both revisions; 0: no traffic. */
  readonly requestsPerSecond: number;
  readonly old: Behaviour;
  readonly fresh: Behaviour;
  /** A dependency of both revisions fails; seconds after the rollout began. */
  readonly outage?: { readonly from: number; readonly to: number; readonly errorRatio: number };
  /** Undoing it would be wrong. */
  readonly innocent?: true;
  readonly badAtMost?: number;
  readonly wayBackWithinMs?: number;
  readonly neighbours: Neighbours;
}

/** Seconds from the first new pod that is ready to the way back; bad requests served in 12 minutes. */
export interface Neighbours {
  readonly nothing: string;
  readonly argo: string;
  readonly argoTuned: string;
  readonly flagger: string;
  readonly flaggerTuned: string;
}

/**
 * Measured before on the same kind of cluster (Kubernetes 1.37, Prometheus 3.16, 5 s scrapes, 8 replicas, 2 new pods at a time each 40 s) with
 * Argo Rollouts 1.9 and Flagger 1.43: once as their documents suggest, once tuned for speed (15 s checks, 30 s windows, one or two failures
 * allowed). That table tells the traffic of four of its rows; in the others it is chosen here.
 */
export const incidents: readonly Incident[] = [
  {
    name: "20 % errors at 100 rps",
    namespace: "fifth",
    requestsPerSecond: 100,
    old: {},
    fresh: { "error-rate": "0.2" },
    badAtMost: 282,
    neighbours: told("12,678 bad", "229 s, 1,944 bad", "32 s, 282 bad", "409 s, 2,152 bad", "76 s, 468 bad"),
  },
  {
    name: "5 % errors at 40 rps",
    namespace: "twentieth",
    requestsPerSecond: 40,
    old: {},
    fresh: { "error-rate": "0.05" },
    badAtMost: 50,
    neighbours: told("1,245 bad", "229 s, 200 bad", "31 s, 50 bad", "409 s, 200 bad", "79 s, 72 bad"),
  },
  {
    name: "every request fails at 100 rps",
    namespace: "total",
    requestsPerSecond: 100,
    old: {},
    fresh: { "error-rate": "1" },
    badAtMost: 1158,
    neighbours: told("63,311 bad", "229 s, 8,927 bad", "33 s, 1,158 bad", "408 s, 10,109 bad", "76 s, 1,927 bad"),
  },
  {
    name: "crash loop",
    namespace: "crash",
    requestsPerSecond: 0,
    old: {},
    fresh: { crash: "Error" },
    wayBackWithinMs: 10_000,
    neighbours: told("stuck", "no action", "no action", "588 s", "589 s"),
  },
  {
    name: "p95 five times slower",
    namespace: "slow",
    requestsPerSecond: 40,
    old: {},
    fresh: { "latency-mult": "5" },
    neighbours: told("–", "227 s", "33 s", "409 s", "78 s"),
  },
  {
    name: "one error in three at 1 rps",
    namespace: "quiet",
    requestsPerSecond: 1,
    old: {},
    fresh: { "error-rate": "0.3333" },
    neighbours: told("186 bad", "227 s, 30 bad", "63 s, 9 bad", "409 s, 30 bad", "109 s, 7 bad"),
  },
  {
    name: "healthy at 0.8 %, limit 1 %",
    namespace: "healthy",
    requestsPerSecond: 40,
    old: {},
    fresh: { "error-rate": "0.008" },
    innocent: true,
    neighbours: told("–", "passed", "WRONG, 121 s", "passed", "WRONG, 122 s"),
  },
  {
    name: "a dependency fails for old and new alike",
    namespace: "outage",
    requestsPerSecond: 40,
    old: { "depends-on": "orders" },
    fresh: { "depends-on": "orders" },
    // During the rollout and long after it would have ended; a threshold of five failures in a row of minutes sees it too.
    outage: { from: 30, to: 390, errorRatio: 0.3 },
    innocent: true,
    neighbours: told("–", "WRONG", "WRONG", "WRONG", "WRONG"),
  },
];

function told(nothing: string, argo: string, argoTuned: string, flagger: string, flaggerTuned: string): Neighbours {
  return { nothing, argo, argoTuned, flagger, flaggerTuned };
}

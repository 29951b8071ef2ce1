// Without old pods to compare with only others can tell the revision's fault from the environment's (docs/judging.md: the formula).
import type { GuardEvidence } from "../judging/combine.ts";
import type { Ms } from "../model.ts";
import type { Reason, Verdict } from "../reason.ts";
import type { PeerAnswer } from "./peers.ts";
import { type GuardRun, isOfService } from "./run.ts";

/** Two that suffer are no coincidence; one may have a trouble of its own. */
const LEAST_SUFFERING = 2;
const nobody = "no other workload that is not rolling out has a policy that counts its requests";
/** The newest bad blocks are what is to be explained; older ones may have had another cause. */
const BAD_BLOCKS = 8;

/** Of a guard whose evidence calls for a rollback in a block without old pods: was it the environment in these blocks? */
export interface PeerQuestion {
  readonly signal: string;
  /** Ends of the newest blocks in which the revision was bad, oldest first. */
  readonly badAt: readonly Ms[];
  /** The first bad block of all: what was before it is what is usual. */
  readonly since: Ms;
  /** The block that decides: an answer to an earlier one does not do. */
  readonly through: Ms;
  /** Nothing but time speaks against the revision: without somebody who fares well it is not laid to it. */
  readonly needsWitness?: true;
}

/** Nothing is asked while old pods can tell: they know more of this revision than any other workload. */
export function peerQuestion({ record, standing, counted, signals }: GuardRun, guard: GuardEvidence): PeerQuestion | undefined {
  const isPointless = standing.rollback !== undefined || record.rollout.old === undefined || !record.policy.spec.peerCheck;
  if (isPointless || !guard.firesRollback || guard.leading === null) return undefined;
  const state = counted[guard.leading];
  const last = state?.audit.findLast((block) => block.burn !== null);
  if (state === undefined || last === undefined) return undefined;
  // The control of a whole Service is from before the first new pod: it says nothing of what came since.
  const needsWitness = isOfService(signals[guard.leading]);
  if (last.controlLimit !== null && !needsWitness) return undefined;
  const bad = state.audit.filter((block) => (block.burn ?? 0) > 1).slice(-BAD_BLOCKS);
  const since = state.stretch?.from ?? last.at;
  return bad.length === 0
    ? undefined
    : {
        signal: guard.leading,
        badAt: bad.map((block) => block.at),
        since,
        through: state.lastAt ?? last.at,
        ...(needsWitness ? { needsWitness } : {}),
      };
}

/** A breach that only peers can attribute, in the light of their answer: none yet and it waits, two that suffer and it is held. */
export function attributed(breach: Verdict, question: PeerQuestion | undefined, answer: PeerAnswer | undefined): Verdict {
  if (question === undefined || breach.signal !== question.signal || breach.state !== "breach") return breach;
  const { signal, since } = question;
  if (answer === undefined || answer.through < question.through) return { ...breach, state: "warn" };
  if (answer.kind === "error") return held(breach, { code: "peers-unknown", signal, detail: answer.because });
  const { suffering, of } = answer;
  if (question.needsWitness && of === 0) return held(breach, { code: "peers-unknown", signal, detail: nobody });
  const isAlone = question.needsWitness === true && suffering.length === of;
  if (suffering.length >= LEAST_SUFFERING || isAlone) {
    return held(breach, { code: "environment", signal, suffering: [...suffering], of, blocks: question.badAt.length, since });
  }
  return of === 0 ? breach : { ...breach, because: [...breach.because, { code: "peers-well", signal, suffering: suffering.length, of }] };
}

function held(breach: Verdict, why: Reason): Verdict {
  return { ...breach, state: "hold", because: [why, ...breach.because] };
}

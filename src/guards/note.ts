import { alphaOfEvidence } from "../judging/combine.ts";
import { sustainBlocks } from "../judging/control.ts";
import type { RateCounts } from "../judging/counts.ts";
import { delaysOf, smallestVisible } from "../judging/feasibility.ts";
import { effectiveLimit } from "../judging/limit.ts";
import type { Evidence } from "../judging/mixture.ts";
import { startProcess, stepProcess } from "../judging/mode.ts";
import type { SignalLimits } from "../judging/signal.ts";
import type { Decision } from "../entry.ts";
import type { Ms } from "../model.ts";
import type { Reason } from "../reason.ts";
import type { Ask } from "./ask.ts";
import { silenceOf } from "../policies/policy.ts";
import { signalOf } from "../policies/signal.ts";
import type { Baseline, GuardRecord } from "./guard.ts";
import { ownBoundMissing } from "./own-bound.ts";

/** Delays are looked for this far, or to the end of a longer window: 6 h at blocks of 15 s. */
const FAR_BLOCKS = 1440;

/**
 * What this guard can and cannot see, once the time before the rollout of every counted signal is known. Told once and for all of them
 * together. A baseline of the version before does not say over how many blocks it counted: then nothing is said.
 */
export function decideNote(ask: Ask): Decision | undefined {
  return unlimitedNote(ask) ?? feasibilityNote(ask);
}

/** What has no limit cannot be judged against it: told once for each signal and resource. */
function unlimitedNote({ record, rules }: Ask): Decision | undefined {
  const said = new Set(record.entries.flatMap((entry) => (entry.kind === "noted" ? entry.because.map(limitKey) : [])));
  const because = rules.flatMap((verdict) => verdict.because).filter((reason) => reason.code === "no-limit" && !said.has(limitKey(reason)));
  return because.length === 0 ? undefined : { kind: "note", because };
}

function limitKey(reason: Reason): string {
  return reason.code === "no-limit" ? `${reason.signal} ${reason.resource}` : "";
}

function feasibilityNote(ask: Ask): Decision | undefined {
  const { record, judgement } = ask;
  const isSaid = record.entries.some(
    (entry) => entry.kind === "noted" && entry.because.some(({ code }) => code === "feasibility" || code === "not-judged"),
  );
  if (isSaid) return undefined;
  const because: Reason[] = [];
  for (const [signal, { limits }] of Object.entries(judgement.counted)) {
    // How lines clump is not known, so nothing is promised of them.
    if (limits.exposure === true) continue;
    const missing = missingOf(record, signal);
    if (missing !== undefined) {
      because.push({ code: "not-judged", signal, detail: missing });
      continue;
    }
    const baseline = record.baselines[signal];
    if (baseline?.blocks === undefined) {
      const silence = ask.judgement.silences[signal];
      const isLost = silence?.outcome === "no-data" && ask.now - silence.since >= silenceOf(record.policy, "no-data").after;
      if (!isLost) return undefined;
      because.push({ code: "not-judged", signal, detail: silence.detail });
      continue;
    }
    because.push(feasibilityOf(signal, limits, baseline, record.policy.spec.window));
  }
  return because.length === 0 ? undefined : { kind: "note", because };
}

/** Before its baseline is known nothing is missing yet. */
function missingOf(record: GuardRecord, signal: string): string | undefined {
  const written = record.policy.spec.signals[signal];
  const isKnown = record.baselines[signal] !== undefined || record.rollout.old === undefined;
  return written === undefined || !isKnown ? undefined : ownBoundMissing(signalOf(written), record, signal);
}

/** For the new revision alone at the traffic of the time before: while both run it has less of it, but a block less must agree. */
function feasibilityOf(signal: string, limits: SignalLimits, baseline: Baseline, windowMs: Ms): Reason {
  const { blockMs, limit } = limits;
  const blocks = baseline.blocks ?? 0;
  const requestsPerBlock = blocks === 0 ? 0 : baseline.total / blocks;
  const effective = effectiveLimit(limit, limits.worseThanOld, baseline.upper, null);
  const rule = {
    m: sustainBlocks(limits.sustainMs, limits.scrapeMs, blockMs, false),
    alphaE: alphaOfEvidence(limits.alpha),
    weight: limits.weight,
    planned: limits.plannedBlocks,
  };
  const traffic = {
    requestsPerBlock,
    effectiveLimit: effective.value,
    start: startProcess(limits.mode),
    step: (before: Evidence, fresh: RateCounts) => stepProcess(before, { fresh, old: { total: 0, bad: 0 }, effective }, limits, rule),
    mark: 1 / (rule.alphaE * rule.weight),
  };
  const windowBlocks = Math.floor(windowMs / blockMs);
  const farBlocks = Math.max(windowBlocks, FAR_BLOCKS);
  return {
    code: "feasibility",
    signal,
    requestsPerMinute: (requestsPerBlock * 60_000) / blockMs,
    limit,
    effectiveLimit: effective.value,
    historyMs: baseline.total > 0 ? blocks * blockMs : baseline.to - baseline.from,
    windowMs,
    smallest: smallestVisible(traffic, windowBlocks),
    delays: delaysOf(traffic, blockMs, farBlocks),
    longestMs: farBlocks * blockMs,
    ...(limits.unit === undefined || limits.unit === "requests" ? {} : { unit: limits.unit }),
  };
}

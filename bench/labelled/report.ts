import type { Ms } from "../../src/model.ts";
import type { Replayed } from "./replay.ts";

export interface Line {
  readonly name: string;
  readonly tiers: readonly string[];
  /** The target and its wording in the table; none for what is only shown. */
  readonly holds?: (rolledBack: number, of: number) => boolean;
  readonly target?: string;
  readonly p90AtMost?: number;
}

export const changeRcaLines: readonly Line[] = [
  { name: "T1", tiers: ["T1"], holds: (rolledBack, of) => rolledBack === of, target: "all", p90AtMost: 300 },
  { name: "T2", tiers: ["T2"] },
  { name: "T3", tiers: ["T3"] },
  { name: "T2 + T3", tiers: ["T2", "T3"], holds: (rolledBack, of) => rolledBack * 7 >= of * 6, target: ">= 6/7" },
  { name: "T4 + T5 (luck)", tiers: ["T4", "T5"] },
  { name: "N-quiet", tiers: ["N-quiet"], holds: (rolledBack, of) => rolledBack * 91 <= of, target: "<= 1/91" },
  { name: "N-collateral", tiers: ["N-collateral"], holds: (rolledBack) => rolledBack === 0, target: "0" },
];

/** One line a tier, in their order; nobody gave targets for them. */
export function tierLines(tiers: readonly string[]): readonly Line[] {
  return tiers.map((tier) => ({ name: tier, tiers: [tier] }));
}

/** Prints one run beside the targets, where there are any; true when all of them are met. */
export function printRun(title: string, replayed: readonly Replayed[], lines: readonly Line[]): boolean {
  console.log(`\n${title.padEnd(46)}rolled back  target    braked  delay p50  p90 (s)`);
  let met = true;
  for (const { name, tiers, holds, target = "", p90AtMost } of lines) {
    const of = replayed.filter(({ rollout }) => tiers.includes(rollout.tier));
    if (of.length === 0) continue;
    const back = of.filter(({ rolledBackAt }) => rolledBackAt !== null);
    const braked = of.filter(({ brakedAt }) => brakedAt !== null).length;
    const delays = back.filter(({ rollout }) => rollout.bad).map(({ rolledBackAt, rollout }) => (rolledBackAt ?? 0) - rollout.t0);
    const late = p90AtMost !== undefined && delays.length > 0 && seconds(delays, 0.9) > p90AtMost;
    const missed = (holds !== undefined && !holds(back.length, of.length)) || late;
    met &&= !missed;
    const times =
      delays.length === 0 ? "" : `${pad(seconds(delays, 0.5), 9)}${pad(seconds(delays, 0.9), 5)}${late ? ` (<= ${p90AtMost})` : ""}`;
    const counts = `${back.length}/${of.length}`;
    console.log(`  ${name.padEnd(44)}${counts.padStart(11)}  ${target.padEnd(8)}${pad(braked, 8)}  ${times}${missed ? "  MISSED" : ""}`);
  }
  console.log(`  ${summary(replayed)}`);
  return met;
}

function summary(replayed: readonly Replayed[]): string {
  const [bad, good] = [replayed.filter(({ rollout }) => rollout.bad), replayed.filter(({ rollout }) => !rollout.bad)];
  const back = (some: readonly Replayed[]) => some.filter(({ rolledBackAt }) => rolledBackAt !== null).length;
  const [right, wrong] = [back(bad), back(good)];
  const precision = right + wrong === 0 ? "no rollback" : `precision ${(right / (right + wrong)).toFixed(2)}`;
  return `recall ${right}/${bad.length}, false rollbacks ${wrong}/${good.length}, ${precision}`;
}

/** The same rank that the data's scorer takes. */
function seconds(delays: readonly Ms[], share: number): number {
  const sorted = delays.toSorted((one, other) => one - other);
  return Math.round((sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0) / 1000);
}

function pad(value: number, width: number): string {
  return String(value).padStart(width);
}

/** A decision as the data's scorer reads it: unix seconds, one JSON object a line. */
export function decisionLine({ set, case: name, rollout, rolledBackAt }: Replayed): string {
  const action = rolledBackAt === null ? "none" : "rollback";
  const t = rolledBackAt === null ? {} : { t: Math.round(rolledBackAt / 1000) };
  return JSON.stringify({ set, case: name, service: rollout.service, action, ...t });
}

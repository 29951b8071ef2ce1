// The old pods of this very block as a control: docs/judging.md: the formula.
import type { Ms } from "../model.ts";

/** How far back the old pods of "now" reach. */
const CONTROL_WINDOW: Ms = 120_000;
/** The same where calls to old and new pods are judged together: what the old ones failed then may be part of what is judged now. */
const PARTIAL_WINDOW: Ms = 600_000;
const LEAST_SUSTAIN_BLOCKS = 2;

/** Bad and total of one block of one revision. */
export interface BlockCounts {
  readonly at: Ms;
  readonly total: number;
  readonly bad: number;
}

export interface ControlRule {
  readonly limit: number;
  readonly worseThanOld: number;
  /** Largest clump of errors assumed on the old side. */
  readonly phi: number;
  /** Calls to old and new pods are judged together, and the old pods' own counters tell only part of how the old ones fare. */
  readonly controlIsPartial?: boolean;
  /** A rate over time, which may exceed 1 and where a few errors are everyday. */
  readonly exposure?: boolean;
}

export interface LiveControl {
  /** S, at most 1 unless of an exposure; null where the old pods tell nothing about this block. */
  readonly rate: number | null;
  /** The newest block alone had enough requests: shared shocks are seen in the block they happen in. */
  readonly live: boolean;
}

/** What is asked of the old pods in one block. */
export interface ControlNeed {
  /** max(limit, rho U): a ratio of theirs above it is no everyday one. */
  readonly usual: number;
  /** Only they can tell: even little that they served must do. */
  readonly required: boolean;
}

/** Failures of old pods that are no chance any more. */
const TELLING_ERRORS = 2;
const noControl: LiveControl = { rate: null, live: false };

/**
 * S = (K + phi)/N of the ready, not terminating old pods; `blocks` oldest first. Within two minutes (ten where the control is
 * partial), the first of these that exists:
 * - over the shortest time in which they served rho phi/limit requests (limit 1 %, rho 1.5, phi 3: 450);
 * - over the shortest time in which two of their requests failed, and more than is usual. Few requests prove nothing by going well, but
 *   failing they excuse the new pods. Without old errors the limit alone stands, with them it is only ever raised, so the bound stays;
 * - when `required`, over all that they served, however little.
 * Example: 40 old requests in two minutes, 18 of them bad, the last two in the last 4: S = min(1, 5/4) = 1.
 */
export function liveControl(blocks: readonly BlockCounts[], now: Ms, rule: ControlRule, { usual, required }: ControlNeed): LiveControl {
  const reach = rule.controlIsPartial === true ? PARTIAL_WINDOW : CONTROL_WINDOW;
  const needed = (rule.worseThanOld * rule.phi) / rule.limit;
  const most = rule.exposure === true ? Infinity : 1;
  let total = 0;
  let bad = 0;
  let failing: number | null = null;
  for (let i = blocks.length - 1; i >= 0; i--) {
    const block = blocks[i];
    if (block === undefined || block.at <= now - reach) break;
    total += block.total;
    bad += block.bad;
    if (total >= needed) return { rate: (bad + rule.phi) / total, live: block.at === now };
    if (total > 0 && bad >= TELLING_ERRORS && bad / total > usual) failing ??= Math.min(most, (bad + rule.phi) / total);
  }
  if (failing !== null) return { rate: failing, live: false };
  return required && total > 0 ? { rate: Math.min(most, (bad + rule.phi) / total), live: false } : noControl;
}

/**
 * Blocks that must agree (docs/judging.md: the formula). A shock of `sustain` touches ceil((sustain + scrape)/b) + 1 blocks because pods are scraped
 * at different offsets; a live control removes shared shocks, so one less will do. 30 s, 15 s scrapes, 15 s blocks: 4, live 3.
 */
export function sustainBlocks(sustainMs: Ms, scrapeMs: Ms, blockMs: Ms, live: boolean): number {
  const dead = Math.ceil((sustainMs + scrapeMs) / blockMs) + 1;
  return Math.max(live ? dead - 1 : dead, LEAST_SUSTAIN_BLOCKS);
}

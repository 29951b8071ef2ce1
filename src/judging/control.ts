// The old pods of this very block as a control: judging.md 3.1 and 3.2.
import type { Ms } from "../model.ts";

const WINDOW: Ms = 120_000;
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
}

export interface LiveControl {
  /** S = (K + phi)/N over the shortest window that has enough; null when two minutes do not. */
  readonly rate: number | null;
  /** The newest block alone had enough requests: shared shocks are seen in the block they happen in. */
  readonly live: boolean;
}

/** `blocks`: counts of ready, not terminating old pods, oldest first. Example: limit 1 %, rho 1.5, phi 3 need 450 requests. */
export function liveControl(blocks: readonly BlockCounts[], now: Ms, rule: ControlRule): LiveControl {
  const needed = (rule.worseThanOld * rule.phi) / rule.limit;
  let total = 0;
  let bad = 0;
  for (let i = blocks.length - 1; i >= 0; i--) {
    const block = blocks[i];
    if (block === undefined || block.at <= now - WINDOW) break;
    total += block.total;
    bad += block.bad;
    if (total < needed) continue;
    return { rate: (bad + rule.phi) / total, live: block.at === now };
  }
  return { rate: null, live: false };
}

/**
 * Blocks that must agree (judging.md 2.4). A shock of `sustain` touches ceil((sustain + scrape)/b) + 1 blocks because pods are scraped
 * at different offsets; a live control removes shared shocks, so one less will do. 30 s, 15 s scrapes, 15 s blocks: 4, live 3.
 */
export function sustainBlocks(sustainMs: Ms, scrapeMs: Ms, blockMs: Ms, live: boolean): number {
  const dead = Math.ceil((sustainMs + scrapeMs) / blockMs) + 1;
  return Math.max(live ? dead - 1 : dead, LEAST_SUSTAIN_BLOCKS);
}

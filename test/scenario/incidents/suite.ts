import { describe, expect, test } from "vitest";
import type { Incident } from "./incident.ts";
import { play, type Played } from "./play.ts";
import { scoreOf, wordsOf } from "./score.ts";

/** `SEEDS=5` plays every case five times, as the whole check does; `npm run bench -- scenarios` plays twenty. */
const seeds = Number(process.env["SEEDS"] ?? 2);
const onePlayMs = 30_000;

export function testIncidents(...incidents: readonly Incident[]): void {
  describe.each(incidents)("$id: $title", ({ cases }) => {
    test.each(cases.map((one) => ({ one, name: one.name, words: wordsOf(one.expected) })))(
      "$name: $words",
      async ({ one }) => {
        const plays: Played[] = [];
        for (let seed = 1; seed <= seeds; seed += 1) plays.push(await play(one, seed));
        const { met, violated } = scoreOf(plays);
        expect(met ? [] : plays.filter(({ wrong }) => wrong !== undefined)).toEqual([]);
        expect(violated).toBe(0);
      },
      seeds * onePlayMs,
    );
  });
}

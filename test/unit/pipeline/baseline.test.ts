import { expect, test } from "vitest";
import type { GuardRecord } from "../../../src/guards/guard.ts";
import { openRun } from "../../../src/guards/run.ts";
import type { Measurement, Ms } from "../../../src/model.ts";
import { ensureBaseline } from "../../../src/pipeline/baseline.ts";
import { BLOCK, done, entriesOf, MINUTE, old, recordOf, revision, rollout, START } from "../guards/a-guard.ts";
import { flowOver, pace } from "./a-flow.ts";

const HOUR = 60 * MINUTE;

/** One old pod that answers `perBlock` requests a block, `bad` of them badly in blocks that end where `isBad` says. */
function pastOf(perBlock: number, isBad: (at: Ms) => boolean, ended: readonly GuardRecord[] = []) {
  const asked: Ms[] = [];
  const since = START - 24 * HOUR;
  const bads = [0];
  for (let at = since + BLOCK; at <= START; at += BLOCK) bads.push((bads.at(-1) ?? 0) + (isBad(at) ? perBlock : 0));
  const answer = (at: Ms): Measurement => {
    const nth = (at - since) / BLOCK;
    const [total, bad] = [nth * perBlock, bads[nth] ?? 0];
    return {
      kind: "counters",
      at,
      readings: [{ namespace: "shop", pod: `${old.name}-0`, process: "p", total, bad, badAtMost: bad }],
    };
  };
  const flow = flowOver(
    {
      sample(asks, instants) {
        asked.push(...instants);
        return Promise.resolve(new Map(asks.map((ask) => [ask.id, instants.map(answer)])));
      },
    },
    { baselineMs: 6 * HOUR },
  );
  const { book } = flow;
  book.open.set("web-guard", openRun(recordOf(), pace));
  for (const record of ended) book.ended.set(record.name, record);
  const measured = async () => {
    const run = book.open.get("web-guard");
    if (run !== undefined) await ensureBaseline(run, "errors", flow);
    return book.open.get("web-guard")?.record.baselines["errors"];
  };
  return { measured, asked };
}

test("a quiet service is asked about further and further back, and about no instant twice", async () => {
  const { measured, asked } = pastOf(5, () => false);
  const baseline = await measured();

  // 3,000 requests at 20 a minute: two and a half hours, found in the doubling to four.
  expect(baseline).toMatchObject({ from: START - 4 * HOUR, to: START, blocks: 959, total: 4795 });
  expect(asked).toHaveLength(960);
  expect(new Set(asked).size).toBe(960);
});

test("a busy service is asked about once, half an hour", async () => {
  const { measured, asked } = pastOf(100, () => false);
  expect(await measured()).toMatchObject({ from: START - HOUR / 2, total: 11_900, blocks: 119 });
  expect(asked).toHaveLength(120);
});

test("what an unfinished and an earlier bad revision broke is left out, and more of the time before is asked for instead", async () => {
  const bad = { from: START - 30 * MINUTE, to: START - 20 * MINUTE };
  const unfinished = { from: START - 10 * MINUTE, to: START };
  const finished = (phase: "restored" | "superseded", at: Ms) => ({ kind: "finished", phase, because: [], badServed: 0, at }) as const;
  const takenBack = recordOf([], {
    name: "bad-guard",
    rollout: { ...rollout, new: revision(61), startedAt: bad.from },
    entries: entriesOf([...done("rollback"), finished("restored", bad.to)]),
  });
  const replaced = recordOf([], {
    name: "unfinished-guard",
    rollout: { ...rollout, new: revision(62), startedAt: unfinished.from },
    entries: entriesOf([finished("superseded", unfinished.to)]),
  });
  const isBad = (at: Ms) => [bad, unfinished].some(({ from, to }) => at > from && at <= to);
  const { measured } = pastOf(30, isBad, [takenBack, replaced]);
  const baseline = await measured();

  expect(baseline).toMatchObject({ from: START - 70 * MINUTE, to: START - 10 * MINUTE, bad: 0, blocks: 239 - 40 });
  expect(baseline?.excluded).toEqual([
    { ...bad, guard: "bad-guard", why: "bad-revision" },
    { ...unfinished, guard: "unfinished-guard", why: "superseded" },
  ]);
});

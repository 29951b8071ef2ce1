import { describe, expect, test } from "vitest";
import { type CounterMemory, noCounters, takeDeltas } from "../../../src/judging/counts.ts";
import { jobOf, processName } from "../../../src/judging/process.ts";
import type { ProcessReading } from "../../../src/model.ts";

interface Value {
  readonly pod?: string;
  readonly process?: string;
  readonly total: number;
  readonly bad?: number;
  readonly badAtMost?: number;
}

function reading({ pod = "web-1", process = processName("10.0.0.1:80", "web"), total, bad = 0, badAtMost = bad }: Value): ProcessReading {
  return { namespace: "shop", pod, process, total, bad, badAtMost };
}

/** Folds blocks and returns the increments of each as "pod total/bad" and all notes. */
function fold(blocks: readonly (readonly Value[])[], bornInside: (pod: string, block: number) => boolean = () => false) {
  let memory: CounterMemory = noCounters;
  const notes = new Set<string>();
  const deltas = blocks.map((values, block) => {
    const step = takeDeltas(memory, values.map(reading), ({ pod }) => bornInside(pod, block));
    memory = step.memory;
    for (const note of step.notes) notes.add(note);
    return step.deltas.map((delta) => `${delta.reading.pod} ${delta.total}/${delta.bad}`);
  });
  return { deltas, notes: [...notes] };
}

describe("increments of one process", () => {
  test("the first sight of an old process only sets the base", () => {
    expect(fold([[{ total: 500, bad: 40 }], [{ total: 600, bad: 43 }]]).deltas).toEqual([[], ["web-1 100/3"]]);
  });

  test("the first value of a process born inside the guard counts from zero", () => {
    expect(fold([[{ total: 20, bad: 7 }], [{ total: 50, bad: 8 }]], () => true).deltas).toEqual([["web-1 20/7"], ["web-1 30/1"]]);
  });

  test("a gap is made up for in the block in which the next value comes", () => {
    expect(fold([[{ total: 100 }], [], [], [{ total: 400, bad: 9 }]]).deltas).toEqual([[], [], [], ["web-1 300/9"]]);
  });

  test("a restart sets the base, counts nothing and is noted", () => {
    const { deltas, notes } = fold([[{ total: 100 }], [{ total: 30, bad: 30 }], [{ total: 40, bad: 35 }]]);

    expect(deltas).toEqual([[], [], ["web-1 10/5"]]);
    expect(notes).toEqual([expect.stringContaining("web-1 started again")]);
  });

  test("an expired label set of bad requests sets the base as well", () => {
    expect(fold([[{ total: 100, bad: 9 }], [{ total: 150, bad: 0 }], [{ total: 160, bad: 2 }]]).deltas).toEqual([[], [], ["web-1 10/2"]]);
  });

  test("a pod re-created inside the guard under its old name and address counts from zero", () => {
    const { deltas } = fold([[{ total: 900 }], [{ total: 30, bad: 30 }]], (_, block) => block === 1);

    expect(deltas).toEqual([[], ["web-1 30/30"]]);
  });

  test("a restart of a process born inside the guard sets the base too", () => {
    expect(fold([[{ total: 100 }], [{ total: 30, bad: 30 }]], () => true).deltas).toEqual([["web-1 100/0"], []]);
  });

  test("bad requests that fall while their upper bound rises are a new start", () => {
    const { deltas } = fold([[{ total: 100, bad: 9, badAtMost: 20 }], [{ total: 150, bad: 4, badAtMost: 25 }]]);

    expect(deltas).toEqual([[], []]);
  });

  test("an old process that is seen again after its pod was re-created is not taken for a new one", () => {
    expect(fold([[{ total: 900 }], [{ total: 930, bad: 1 }]], (_, block) => block === 1).deltas).toEqual([[], ["web-1 30/1"]]);
  });

  test.each([
    // 7 requests lay in doubt between 0.19 and 0.21 s; with finer buckets the server can tell that they were slow.
    ["finer buckets", { total: 100, bad: 3, badAtMost: 10, judgedAt: 0.21 }, { total: 110, bad: 10, badAtMost: 11, judgedAt: 0.205 }],
    [
      "finer buckets with an empty one at the limit",
      { total: 100, bad: 3, badAtMost: 10, judgedAt: 0.21 },
      { total: 110, bad: 10, badAtMost: 10 },
    ],
    ["coarser buckets", { total: 100, bad: 10, badAtMost: 11, judgedAt: 0.205 }, { total: 110, bad: 3, badAtMost: 12, judgedAt: 0.21 }],
    [
      "another bucket that holds more",
      { total: 100, bad: 3, badAtMost: 4, judgedAt: 0.25 },
      { total: 110, bad: 4, badAtMost: 11, judgedAt: 0.3 },
    ],
  ])("%s give no increment but a note, then go on", (_name, before, changed) => {
    const reading = (counts: object) => ({ namespace: "shop", pod: "web-1", process: "web-1", total: 0, bad: 0, badAtMost: 0, ...counts });
    for (const born of [true, false]) {
      const first = takeDeltas(noCounters, [reading(before)], () => false);
      const second = takeDeltas(first.memory, [reading(changed)], () => born);
      expect(second.deltas).toEqual([]);
      expect(second.notes).toEqual([expect.stringContaining("other buckets")]);
      const third = takeDeltas(
        second.memory,
        [reading({ ...changed, total: changed.total + 5, bad: changed.bad + 1, badAtMost: changed.badAtMost + 1 })],
        () => born,
      );
      expect(third.deltas).toMatchObject([{ total: 5, bad: 1, badAtMost: 1 }]);
    }
  });

  test("more bad than all is taken as all bad, and noted", () => {
    const { deltas, notes } = fold([[{ total: 100 }], [{ total: 110, bad: 25 }]]);

    expect(deltas).toEqual([[], ["web-1 10/10"]]);
    expect(notes).toEqual([expect.stringContaining("more bad than all")]);
  });

  test("two containers scraped by one job are two processes", () => {
    const first = processName("10.0.0.1:80", "web");
    const second = processName("10.0.0.1:81", "web");
    const { deltas } = fold(
      [
        [],
        [
          { process: first, total: 10 },
          { process: second, total: 5, bad: 1 },
        ],
      ],
      () => true,
    );

    expect(deltas[1]).toEqual(["web-1 10/0", "web-1 5/1"]);
  });
});

describe("a pod scraped by two jobs counts once", () => {
  const web = processName("10.0.0.1:80", "web");
  const mesh = processName("10.0.0.1:80", "mesh");

  test("by the job that most pods have, and it says so", () => {
    const others = { pod: "web-2", process: processName("10.0.0.2:80", "web"), total: 7 };
    const { deltas, notes } = fold([[{ process: mesh, total: 10 }, { process: web, total: 11 }, others]], () => true);

    expect(deltas).toEqual([["web-1 11/0", "web-2 7/0"]]);
    expect(notes).toEqual(['scraped twice: job "web" is counted, job "mesh" is not']);
  });

  test("a tie goes to the first job by name, whatever the order of the answer", () => {
    const both = [
      { process: web, total: 11 },
      { process: mesh, total: 10 },
    ];

    expect(fold([both], () => true).deltas).toEqual([["web-1 10/0"]]);
    expect(fold([both.toReversed()], () => true).deltas).toEqual([["web-1 10/0"]]);
  });

  test("no request counts twice when the counted job drops out and comes back", () => {
    const blocks = [100, 200, 300, 400, 500].map((total, i) =>
      i === 2
        ? [{ process: web, total }]
        : [
            { process: mesh, total },
            { process: web, total },
          ],
    );
    const counted = fold(blocks, () => true).deltas.flat();

    expect(counted).toEqual(["web-1 100/0", "web-1 100/0", "web-1 100/0", "web-1 100/0"]);
  });

  test("a job that appears later does not bring in again what another one has counted", () => {
    const { deltas } = fold([[{ process: mesh, total: 100 }], [{ process: web, total: 150 }], [{ process: web, total: 180 }]], () => true);

    expect(deltas).toEqual([["web-1 100/0"], [], ["web-1 30/0"]]);
  });
});

describe("the name of a process", () => {
  test.each(["web", "monitoring/web 2", ""])('gives back its job "%s"', (job) => {
    expect(jobOf(processName("10.0.0.1:80", job))).toBe(job);
  });
});

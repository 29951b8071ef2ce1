import { describe, expect, test } from "vitest";
import type { EntryBody } from "../../../src/entry.ts";
import type { Revision, Rollout } from "../../../src/model.ts";
import { actionsOf, type Book, breachesIn, emptyBook, isGuarded, isOwnRollback, passedHashes } from "../../../src/pipeline/book.ts";
import { openRun } from "../../../src/guards/run.ts";
import { pace } from "./a-flow.ts";
import { done, fresh, intended, MINUTE, old, pastRollback, receipt, recordOf, revision, rollout, START, web } from "../guards/a-guard.ts";

function bookOf(...records: readonly ReturnType<typeof recordOf>[]): Book {
  const book = emptyBook();
  for (const record of records) book.ended.set(record.name, record);
  return book;
}

function passageTo(to: Revision, number: number, workload = web): Rollout {
  return { ...rollout, workload, new: { ...to, number } };
}

describe("the passage that our own rollback caused opens no second guard", () => {
  test.each<[string, readonly EntryBody[], Rollout, boolean]>([
    ["the old revision under its new number is ours", done("rollback"), passageTo(old, 8), true],
    ["also while the receipt is missing", [intended("rollback")], passageTo(old, 8), true],
    ["also when the rollback is recorded as failed", [intended("rollback"), receipt("rollback", "failed")], passageTo(old, 8), true],
    ["not when it was refused: somebody else did it", [intended("rollback"), receipt("rollback", "refused")], passageTo(old, 8), false],
    ["another revision is not ours", done("rollback"), passageTo(revision(9), 9), false],
    ["the condemned one put in place again is not", done("rollback"), passageTo(fresh, 9), false],
    ["a guard without a rollback causes nothing", done("brake"), passageTo(old, 8), false],
    ["an older number is no passage back", done("rollback"), passageTo(old, 6), false],
    ["another workload's is not ours", done("rollback"), passageTo(old, 8, { ...web, uid: "uid-2" }), false],
  ])("%s", (_, bodies, passage, wanted) => {
    expect(isOwnRollback(bookOf(recordOf(bodies)), passage)).toBe(wanted);
  });

  test("only the newest guard of the workload is looked at", () => {
    const newest = recordOf([], { name: "newer", rollout: { ...rollout, new: revision(9) } });

    expect(isOwnRollback(bookOf(recordOf(done("rollback")), newest), passageTo(old, 10))).toBe(false);
  });
});

describe("history of a workload", () => {
  const passed: EntryBody = { kind: "finished", phase: "passed", because: [], badServed: 0 };

  test("the revisions that passed, newest first", () => {
    const book = bookOf(
      recordOf([passed], { name: "a", openedAt: START - MINUTE, rollout: { ...rollout, new: revision(4) } }),
      recordOf([passed], { name: "b", openedAt: START, rollout: { ...rollout, new: revision(5) } }),
      recordOf([{ ...passed, phase: "unresolved" }], { name: "c", rollout: { ...rollout, new: revision(3) } }),
    );

    expect(passedHashes(book, web.uid)).toEqual(["hash-5", "hash-4"]);
  });

  test("a rollback that is claimed and recorded counts once", () => {
    const claims = new Map([
      ["web-guard", pastRollback({ guard: "web-guard" })],
      ["other-guard", pastRollback()],
    ]);

    expect(actionsOf(bookOf(recordOf(done("rollback"))), claims).map(({ guard }) => guard)).toEqual(["web-guard", "other-guard"]);
  });
});

test("what guards did and found is looked for when they change, and not whenever somebody asks", () => {
  let looked = 0;
  const book = emptyBook();
  const record = recordOf(done("rollback"));
  const { entries } = record;
  const bodies = entries.map((entry) =>
    Object.defineProperty({ ...entry }, "kind", {
      get() {
        looked += 1;
        return entry.kind;
      },
    }),
  );
  book.ended.set(record.name, { ...record, entries: bodies });
  book.ended.set(record.name, { ...record, entries: bodies, toldThrough: 1 });
  const before = looked;
  for (let asked = 0; asked < 3; asked += 1) expect([actionsOf(book).length, breachesIn(book).length]).toEqual([1, 1]);
  expect(looked).toBe(before);
});

describe("what guards did and found follows each change of them", () => {
  const facts = (book: Book) => [actionsOf(book).length, breachesIn(book).length, isGuarded(book, web.uid)];

  test("of an open guard, until it is none any more", () => {
    const book = emptyBook();
    const run = openRun(recordOf(), pace);
    book.open.set(run.record.name, run);
    expect(facts(book)).toEqual([0, 0, true]);
    book.open.set(run.record.name, openRun(recordOf(done("rollback")), pace));
    expect(facts(book)).toEqual([1, 1, true]);
    book.open.set(run.record.name, openRun(recordOf([intended("rollback"), receipt("rollback", "refused")]), pace));
    expect(facts(book)).toEqual([0, 1, true]);
    book.open.delete(run.record.name);
    expect(facts(book)).toEqual([0, 0, false]);
  });

  test("nothing is left when all are forgotten", () => {
    const book = bookOf(recordOf(done("rollback")), recordOf([], { name: "later" }));
    book.ended.clear();
    expect([...facts(book), passedHashes(book, web.uid)]).toEqual([0, 0, false, []]);
  });
});

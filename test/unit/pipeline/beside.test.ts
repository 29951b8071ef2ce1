import { expect, test } from "vitest";
import { createBeside } from "../../../src/pipeline/beside.ts";

/** Work that is done when it is told to be. */
function aWork(done: string[], key: string, since: number) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const work = () => {
    done.push(key);
    return promise;
  };
  return { due: { key, since, work }, finish: resolve };
}

test("no key is worked on twice at once, and again when it is over", async () => {
  const begun: string[] = [];
  const beside = createBeside(4);
  const one = aWork(begun, "one", 0);
  beside.begin([one.due]);
  beside.begin([one.due]);
  expect(begun).toEqual(["one"]);
  one.finish();
  await Promise.all(beside.underWay());
  beside.begin([one.due]);
  expect(begun).toEqual(["one", "one"]);
});

test("what has waited longest goes first, and what finds no room comes later", async () => {
  const begun: string[] = [];
  const beside = createBeside(2);
  const works = [aWork(begun, "new", 30), aWork(begun, "old", 10), aWork(begun, "older", 5)];
  const due = works.map((work) => work.due);
  beside.begin(due);
  expect(begun).toEqual(["older", "old"]);
  works[2]?.finish();
  await Promise.race(beside.underWay());
  beside.begin(due.slice(0, 2));
  expect(begun).toEqual(["older", "old", "new"]);
});

import { expect, test } from "vitest";
import { openRun } from "../../../src/guards/run.ts";
import { remindOfTrouble } from "../../../src/pipeline/remind.ts";
import { evidence, MINUTE, recordOf, START } from "../guards/a-guard.ts";
import { flowOver, pace } from "./a-flow.ts";

test("receivers look once a minute whether they are to tell that trouble goes on, and at once when the clock was set back", () => {
  let now = START + 60 * MINUTE;
  const told: number[] = [];
  const flow = flowOver({ now: () => now, tell: (messages) => Promise.resolve(messages.forEach(({ at }) => void told.push(at))) });
  flow.book.open.set("web-guard", openRun(recordOf([{ kind: "withheld", action: "rollback", because: [evidence] }]), pace));
  const after = (ms: number) => {
    now += ms;
    remindOfTrouble(flow);
  };
  for (const ms of [0, 30_000, 30_000, -50 * MINUTE, 30_000]) after(ms);

  expect(told).toEqual([START + 60 * MINUTE, START + 61 * MINUTE, START + 11 * MINUTE]);
});

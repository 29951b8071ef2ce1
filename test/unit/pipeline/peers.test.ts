import { describe, expect, test } from "vitest";
import { judgementOf } from "../../../src/guards/judgement.ts";
import type { Measurement, Ms, Workload } from "../../../src/model.ts";
import { askPeers } from "../../../src/pipeline/peers.ts";
import type { Ask } from "../../../src/signals/ask.ts";
import { BLOCK, rolledOut, START, workloadOf } from "../guards/a-guard.ts";
import { condemned, onlyErrors, uncondemned } from "../guards/condemned.ts";
import { flowOver } from "./a-flow.ts";

const now = START + 6 * BLOCK;

function peer(name: string): Workload {
  return workloadOf({ ...rolledOut, ref: { namespace: "shop", kind: "Deployment", name, uid: `uid-${name}` } });
}

/** 100 requests a block, of which this many fail since the rollout began. */
function serving(bad: number) {
  return (at: Ms): Measurement => {
    const blocks = (at - START) / BLOCK;
    const failed = Math.max(0, blocks) * bad;
    const counts = { total: 1_000_000 + 100 * blocks, bad: failed, badAtMost: failed };
    return { kind: "counters", at, readings: [{ namespace: "shop", pod: "p", process: "p", ...counts }] };
  };
}

const down = (at: Ms): Measurement => ({ kind: "error", at, because: "connection refused" });
const empty = (at: Ms): Measurement => ({ kind: "no-data", at, because: "no series" });

/** The verdict of a guard that only others can attribute, after they were asked; each of them answers so. */
async function verdictBeside(answers: Readonly<Record<string, (at: Ms) => Measurement>>, run = condemned(0)) {
  const asked: Ask[] = [];
  const flow = flowOver({
    now: () => now,
    cluster: { list: () => Object.keys(answers).map(peer) },
    choosePolicy: () => ({ kind: "policy", policy: onlyErrors }),
    sample(asks, instants) {
      asked.push(...asks);
      const answerOf = ({ id }: Ask) => Object.entries(answers).find(([name]) => id.includes(`/${name}/`))?.[1] ?? down;
      return Promise.resolve(new Map(asks.map((ask) => [ask.id, instants.map(answerOf(ask))])));
    },
  });
  flow.book.open.set("web-guard", run);
  await askPeers(["web-guard"], flow);
  const after = flow.book.open.get("web-guard") ?? run;
  const verdict = judgementOf(after, now).verdicts["errors"];
  return { state: verdict?.state, first: verdict?.because[0]?.code, asked: asked.length };
}

describe("a rollback that only other workloads can attribute", () => {
  test.each([
    { name: "is held when two of them suffer too", answers: { cart: serving(8), mail: serving(8) }, state: "hold", first: "environment" },
    { name: "is due when they are well", answers: { cart: serving(0), mail: serving(0) }, state: "breach", first: "evidence" },
    { name: "is due when one of them suffers", answers: { cart: serving(8), mail: serving(0) }, state: "breach", first: "evidence" },
    { name: "is held when one of them cannot be asked", answers: { cart: serving(0), mail: down }, state: "hold", first: "peers-unknown" },
    { name: "is due when nothing is known of them", answers: { cart: empty, mail: empty }, state: "breach", first: "evidence" },
    { name: "is due when there are none", answers: {}, state: "breach", first: "evidence" },
  ])("$name", async ({ answers, state, first }) => {
    expect(await verdictBeside(answers)).toMatchObject({ state, first });
  });

  test("asks nobody before it is due", async () => {
    expect(await verdictBeside({ cart: serving(8), mail: serving(8) }, uncondemned())).toMatchObject({ asked: 0 });
  });

  test("takes no answer to a question that, as another lane judged on meanwhile, is no longer the question", async () => {
    const flow = flowOver({
      now: () => now,
      cluster: { list: () => ["cart", "mail"].map(peer) },
      choosePolicy: () => ({ kind: "policy", policy: onlyErrors }),
      sample: async (asks, instants) => {
        flow.book.open.set("web-guard", uncondemned());
        return new Map(asks.map((ask) => [ask.id, instants.map(serving(0))]));
      },
    });
    flow.book.open.set("web-guard", condemned(0));
    await askPeers(["web-guard"], flow);
    expect(flow.book.open.get("web-guard")?.peers).toBeUndefined();
  });
});

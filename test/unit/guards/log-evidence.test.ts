import { describe, expect, test } from "vitest";
import { decideLogNews } from "../../../src/guards/log-news.ts";
import { linesWanted, mostTold } from "../../../src/guards/log-evidence.ts";
import { judgementOf as judgementOfRun } from "../../../src/guards/judgement.ts";
import { limitationsOf } from "../../../src/guards/record.ts";
import { type GuardRun, judge, openRun } from "../../../src/guards/run.ts";
import { createGatherer } from "../../../src/judging/patterns/gather.ts";
import type { LinesOrWhy, Measurement, Ms } from "../../../src/model.ts";
import type { LogsSignal } from "../../../src/policies/logs-signal.ts";
import type { Reason } from "../../../src/reason.ts";
import { askOf, BLOCK, fresh, judgementOf, MINUTE, old, pod, policyOf, recordOf, rollout, START } from "./a-guard.ts";

const pace = { blockMs: BLOCK, scrapeMs: BLOCK, warmUpLatencyMs: 0, logLagMs: 30_000, kibana: "https://kibana.example.com" };
const policy = policyOf("signals: { lines: { logs: { format: filebeat, limit: 6/min/pod } } }");
const newPods = [1, 2].map((nth) => pod(`${fresh.name}-${nth}`, fresh, { created: START, readySince: START }));
const oldPods = [1, 2].map((nth) => pod(`${old.name}-${nth}`, old, { created: START - MINUTE, readySince: START - MINUTE }));
const record = recordOf([], { policy, pods: [...newPods, ...oldPods] });

function readAt(to: Ms, text: string, lines: number, pods = newPods): LinesOrWhy {
  const gatherer = createGatherer();
  for (const { name } of pods)
    for (let line = 0; line < lines; line += 1) gatherer.add({ text: `${text} ${line}`, pod: name, at: to - 100 });
  return gatherer.read(to - BLOCK, to, true);
}

type Lines = Extract<Measurement, { kind: "lines" }>;
const unread: LinesOrWhy = { because: "Elasticsearch did not answer within 2 s." };

/** Four blocks in which each new pod logs ten lines. */
function loud(readOf: (at: Ms) => Lines["read"]): GuardRun {
  return [1, 2, 3, 4, 5, 6].reduce(
    (run: GuardRun, block) => {
      const at = START + block * BLOCK;
      const read = readOf(at);
      const pods = newPods.map(({ name }) => ({ pod: name, lines: 10 * block }));
      const lines: Measurement = { kind: "lines", at, pods, heard: [fresh.name, old.name], ...(read === undefined ? {} : { read }) };
      return judge(run, "lines", lines);
    },
    openRun(record, pace),
  );
}

const because = (run: GuardRun) => judgementOfRun(run, START + 10 * BLOCK).verdicts["lines"]?.because ?? [];
const read = (at: Ms) => ({ fresh: readAt(at, "no contacts of", 10), old: readAt(at, "timeout", 1, oldPods) });

describe("evidence of log lines", () => {
  test("quotes the patterns that new pods logged most, with a link to the lines", () => {
    const run = loud((at) => read(at));
    expect(judgementOfRun(run, START + 10 * BLOCK).verdicts["lines"]?.state).toBe("breach");
    expect(because(run)[0]).toMatchObject({
      code: "evidence",
      quotes: [{ pattern: "no contacts of *", lines: 120, of: 2, last: START + 6 * BLOCK - 100 }],
      link: expect.stringMatching(/^https:\/\/kibana\.example\.com\/app\/r\?l=DISCOVER_APP_LOCATOR/),
    });
  });

  test.each<[string, Lines["read"], RegExp]>([
    ["the read failed", { fresh: unread, old: unread }, /did not answer within 2 s/],
    [
      "the lines have no text",
      { fresh: { from: 0, to: START + BLOCK, lines: 20, textless: 20, whole: true, patterns: [] } },
      /no field message; fields\.text of the signal names another/,
    ],
  ])("says why there are no quotes where %s, and is judged all the same", (_what, found, words) => {
    const [withQuotes, without] = [loud((at) => read(at)), loud(() => found)];
    expect(without.counted).toEqual(withQuotes.counted);
    expect(because(without)[0]).toMatchObject({ code: "evidence", unread: expect.stringMatching(words) });
    expect(because(without)[0]).not.toHaveProperty("quotes");
  });

  test("is as it was where nothing was read", () => {
    for (const key of ["quotes", "unread", "link"]) expect(because(loud(() => undefined))[0]).not.toHaveProperty(key);
  });
});

describe("what is read next", () => {
  const signal = openRun(record, pace).signals["lines"] as LogsSignal;

  test("begins with the rollout for new pods, and six hours before for old ones", () => {
    expect(linesWanted(openRun(record, pace), "lines", signal)).toEqual({
      fresh: fresh.name,
      freshAfter: START - BLOCK,
      old: { owners: [old.name], workload: "web", after: START - 6 * 60 * MINUTE },
    });
  });

  test("goes on where it ended; old lines that came late are read once more", () => {
    const run = loud((at) => read(at));
    const end = START + 6 * BLOCK;
    expect(linesWanted(run, "lines", signal)).toMatchObject({ freshAfter: end, old: { after: end - MINUTE } });
    const failing = judge(run, "lines", { kind: "lines", at: end + BLOCK, pods: [], heard: [], read: { fresh: unread, old: unread } });
    expect(linesWanted(failing, "lines", signal), "after a failure too").toMatchObject({ freshAfter: end, old: { after: end - MINUTE } });
  });

  test("has with it what is in doubt, where not all old lines were read: its words, over all of the time before", () => {
    const run = loud((at) => ({ ...read(at), old: { ...read(at).old, whole: false } }));
    expect(linesWanted(run, "lines", signal)).toMatchObject({
      old: { doubts: { from: START - 6 * 60 * MINUTE, patterns: [{ pattern: "no contacts of *", phrase: "no contacts of" }] } },
    });
    expect(judgementOfRun(run, START + 10 * BLOCK).news, "nothing is told before").toEqual([]);
  });

  test("is nothing of old pods at a first deploy, which is told as the guard opens, or where the policy asks for no patterns", () => {
    const { old: _none, ...first } = { ...rollout, new: { ...fresh, number: 1 } };
    expect(linesWanted(openRun({ ...record, rollout: first }, pace), "lines", signal)).not.toHaveProperty("old");
    expect(limitationsOf(first, policy, [], BLOCK, true)).toContain("lines: without an old revision no error pattern can be called new");
    expect(linesWanted(openRun(record, pace), "lines", { ...signal, newPatterns: "off" })).not.toHaveProperty("old");
  });
});

describe("news of log lines", () => {
  const pattern = (nth: number, signal = "lines"): Reason => ({
    code: "new-pattern",
    signal,
    pattern: `odd ${"x".repeat(nth)}`,
    lines: 3,
    pods: [],
    of: 1,
    first: START,
    lookbackMs: 1,
    sure: true,
  });
  const podless: Reason = { code: "lines-without-pod", signal: "lines", lines: 12, field: "kubernetes.pod.name" };
  const decided = (news: readonly Reason[], told: readonly Reason[] = []) =>
    decideLogNews(askOf(recordOf(told.length === 0 ? [] : [{ kind: "noted", because: told }]), { judgement: judgementOf({ news }) }));

  test("are found by the guard itself, and lead to nothing but a note", () => {
    const { news = [] } = judgementOfRun(
      loud((at) => read(at)),
      START + 10 * BLOCK,
    );
    expect(news).toMatchObject([
      { code: "new-pattern", signal: "lines", pattern: "no contacts of *", sure: true, lookbackMs: 6 * 60 * MINUTE },
    ]);
    expect(decided(news)).toEqual({ kind: "note", because: news });
  });

  test("are told once each, five at a time, and no more than ten in a guard", () => {
    const all = Array.from({ length: 30 }, (_, nth) => pattern(nth));
    expect(decided(all)?.because).toEqual(all.slice(0, 5));
    const end = { code: "limitation", detail: `${mostTold} new error patterns were told of: this guard tells of no more` };
    expect(decided(all, all.slice(0, 5))?.because).toEqual([...all.slice(5, 10), end]);
    expect(decided(all, all.slice(0, 10))).toBeUndefined();
    expect(decided(all.slice(0, 3), all.slice(0, 3))).toBeUndefined();
  });

  test("of lines without a pod are told once, however many there are later", () => {
    expect(decided([podless])).toEqual({ kind: "note", because: [podless] });
    expect(decided([{ ...podless, lines: 40 }], [podless])).toBeUndefined();
  });
});

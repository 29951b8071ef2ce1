import { describe, expect, test } from "vitest";
import type { ElasticsearchApi, Hit, SearchRequest } from "../../../src/clients/elasticsearch/api.ts";
import { RearguardError } from "../../../src/errors.ts";
import { logFieldsOf } from "../../../src/policies/log-formats.ts";
import type { LogsAsk } from "../../../src/signals/ask.ts";
import { linesBudget, mostLines, readAll } from "../../../src/signals/read-lines.ts";

const fields = logFieldsOf("filebeat", "error");
const read = { fresh: "web-2", freshAfter: 0, old: { owners: ["web-1"], workload: "web", after: -1000 } };
const ask: LogsAsk = {
  id: "web",
  namespace: "shop",
  prefixes: ["web-2"],
  query: { kind: "logs", block: 15_000, index: "logs-*", fields, from: 0, read },
};
const other: LogsAsk = { ...ask, id: "api" };
const to = 100_000;

function lineAt(order: number, at: number, text = `boom ${order}`): Hit {
  const values = { message: [text], "kubernetes.pod.name": [`web-2-p${order % 3}`], "@timestamp": [String(at)] };
  return { index: "logs-1", id: String(order), source: {}, fields: values };
}

/** Answers each page from these lines, newest first, as Elasticsearch would; notes what was asked. */
function answering(lines: readonly Hit[], failing?: (search: number) => boolean) {
  const asked: SearchRequest[] = [];
  const elasticsearch: ElasticsearchApi = {
    async search(request) {
      asked.push(request);
      if (failing?.(asked.length) === true) throw new RearguardError("ELASTICSEARCH_TIMEOUT", "Elasticsearch did not answer within 2 s.");
      const range = JSON.stringify(request.query).match(/"gt":(-?\d+),"lte":(\d+)/);
      const [after, until] = [Number(range?.[1]), Number(range?.[2])];
      const timeOf = (hit: Hit) => Number(hit.fields["@timestamp"]?.[0]);
      const found = lines.filter((hit) => timeOf(hit) > after && timeOf(hit) <= until).toSorted((a, b) => timeOf(b) - timeOf(a));
      return { kind: "found", total: found.length, hits: found.slice(0, request.size), aggregations: {} };
    },
    close: async () => {},
  };
  return { elasticsearch, asked };
}

async function readFresh(lines: readonly Hit[]) {
  const { elasticsearch, asked } = answering(lines);
  const found = await readAll(elasticsearch, [{ fresh: "web-2", freshAfter: 0, ask, to }]);
  return { fresh: found.get(ask)?.fresh, asked };
}

describe("the lines of new pods", () => {
  test("are gathered by pattern over all pages, none twice, however many share an instant", async () => {
    const lines = Array.from({ length: 1700 }, (_, order) => lineAt(order, 1000 + 10 * Math.floor(order / 40)));
    const { fresh, asked } = await readFresh(lines);
    expect(fresh).toMatchObject({ from: 0, to, lines: 1700, textless: 0, whole: true, patterns: [{ pattern: "boom *", lines: 1700 }] });
    expect(asked.length).toBe(4);
    expect(asked.every(({ size, timeoutMs }) => size === 500 && timeoutMs === 2000)).toBe(true);
  });

  test("are read up to a number, and then it is said that there are more", async () => {
    const { fresh, asked } = await readFresh(Array.from({ length: 5000 }, (_, order) => lineAt(order, 1000 + order)));
    expect(fresh).toMatchObject({ whole: false });
    expect((fresh as { lines: number }).lines).toBeGreaterThanOrEqual(mostLines);
    expect(asked.length).toBeLessThanOrEqual(5);
  });

  test("of one single instant end with the first page, told as not all", async () => {
    const { fresh, asked } = await readFresh(Array.from({ length: 3000 }, (_, order) => lineAt(order, 5000)));
    expect(fresh).toMatchObject({ lines: 500, whole: false });
    expect(asked.length).toBe(2);
  });

  test("without a text are counted as such", async () => {
    const bare = { ...lineAt(1, 1000), fields: { "kubernetes.pod.name": ["web-2-a"], "@timestamp": ["1000"] } };
    expect((await readFresh([bare])).fresh).toMatchObject({ lines: 1, textless: 1, patterns: [] });
  });
});

describe("a pattern that is not among the old lines that were read", () => {
  const doubts = { from: -1000, patterns: [{ pattern: "boom *", phrase: "boom" }] };
  const reading = (lines: readonly Hit[]) => {
    const { elasticsearch, asked } = answering(lines);
    return readAll(elasticsearch, [{ ...read, old: { ...read.old, doubts }, ask, to }]).then((found) => ({
      old: found.get(ask)?.old,
      asked,
    }));
  };

  test("is looked for by its words, of new pods too: only words that find these say something", async () => {
    const { old, asked } = await reading([lineAt(1, 1000)]);
    expect(old).toMatchObject({ checked: [{ pattern: "boom *", sure: true }] });
    expect(
      asked.slice(2).map(({ query }) => JSON.stringify(query).includes('"match":{"message":{"query":"boom","operator":"and"')),
    ).toEqual([true, true]);
    expect((await reading([])).old).toMatchObject({ checked: [{ sure: false }] });
  });

  test("is not surely new where the words find more lines than are read at once", async () => {
    const { old } = await reading(Array.from({ length: 600 }, (_, order) => lineAt(order, 1000 + order)));
    expect(old).toMatchObject({ checked: [{ sure: false }] });
  });
});

test("old pods are asked for from the time before on, of every revision but the new one", async () => {
  const { elasticsearch, asked } = answering([lineAt(1, 1000)]);
  const found = await readAll(elasticsearch, [{ ...read, ask, to }]);
  expect(found.get(ask)?.old).toMatchObject({ from: -1000, to, lines: 1 });
  expect(JSON.stringify(asked[1]?.query)).toMatch(/"web-1-.*web-\[bcdf.*must_not.*web-2-/);
});

test("those whose lines have waited longest are read first", async () => {
  const { elasticsearch, asked } = answering([]);
  const asks = [30, 10, 20].map((freshAfter) => ({ fresh: "web-2", freshAfter, ask: { ...other, id: String(freshAfter) }, to }));
  await readAll(elasticsearch, asks);
  expect(asked.map(({ query }) => JSON.stringify(query).match(/"gt":(\d+)/)?.[1])).toEqual(["10", "20", "30"]);
});

test("what was read before a failure is kept, told as not all", async () => {
  const { elasticsearch } = answering(
    Array.from({ length: 900 }, (_, order) => lineAt(order, 1000 + order)),
    (search) => search === 2,
  );
  const found = await readAll(elasticsearch, [{ fresh: "web-2", freshAfter: 0, ask, to }]);
  expect(found.get(ask)?.fresh).toMatchObject({ lines: 500, whole: false, patterns: [{ pattern: "boom *", lines: 500 }] });
});

test("after a failure nothing more is asked in this beat, and each says why", async () => {
  const { elasticsearch, asked } = answering([], () => true);
  const asks = Array.from({ length: 40 }, (_, order) => ({ ...read, ask: { ...other, id: String(order) }, to }));
  const found = await readAll(elasticsearch, asks);
  expect(found.size).toBe(40);
  for (const { fresh, old } of found.values()) {
    for (const side of [fresh, old]) expect(side).toEqual({ because: "Elasticsearch did not answer within 2 s." });
  }
  expect(asked.length, "those under way, and no other").toBeLessThanOrEqual(4);
});

test("the time for reading is that of a beat: once it is over, no later search of the beat begins", async () => {
  const { elasticsearch, asked } = answering([lineAt(1, 1000)]);
  const over = () => AbortSignal.abort();
  const found = await readAll(elasticsearch, [{ ...read, ask, to }], over);
  expect(found.get(ask)).toMatchObject({ fresh: { because: "reading them took longer than 4 s" } });
  expect(asked).toEqual([]);
  const budget = linesBudget();
  await readAll(elasticsearch, [{ ...read, ask, to }], budget);
  expect(budget(), "all searches of a beat share it").toBe(budget());
});

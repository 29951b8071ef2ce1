import { describe, expect, test } from "vitest";
import type { ElasticsearchApi } from "../../src/clients/elasticsearch/api.ts";
import type { LinesOrWhy, LogFields, Measurement } from "../../src/model.ts";
import { logFieldsOf } from "../../src/policies/log-formats.ts";
import type { LogsAsk, OldLines } from "../../src/signals/ask.ts";
import { mostLines } from "../../src/signals/read-lines.ts";
import { createLogSampler } from "../../src/signals/sample-logs.ts";
import type { ElasticsearchUnderTest } from "./elasticsearch-under-test.ts";
import { at, keyword, mappings, shapes, start } from "./log-shapes.ts";

/** What is read beside the count, and what is said where an index is not as it should be. */
export function testLines(given: { server: () => ElasticsearchUnderTest; elasticsearch: () => ElasticsearchApi }): void {
  const hour = 3_600_000;

  async function sampled(
    index: string,
    fields: LogFields,
    until = start + 15_000,
    doubts?: OldLines["doubts"],
  ): Promise<Measurement | undefined> {
    const before = { owners: ["web-6c9f7b5d44"], workload: "web", after: start - 6 * hour, ...(doubts === undefined ? {} : { doubts }) };
    const read = { fresh: "web-5d8f9cb6c4", freshAfter: start, old: before };
    const query = { kind: "logs", block: 15_000, index, fields, from: start, read } as const;
    const ask: LogsAsk = { id: "one", namespace: "shop", prefixes: ["web-5d8f9cb6c4", "web-6c9f7b5d44"], query };
    const sample = createLogSampler({ elasticsearch: given.elasticsearch(), log: { info: () => {}, warn: () => {} } });
    return (await sample([ask], [until])).get("one")?.[0];
  }

  function readOf(measurement: Measurement | undefined): { readonly fresh: LinesOrWhy; readonly old?: LinesOrWhy } {
    if (measurement?.kind !== "lines" || measurement.read === undefined)
      throw new Error(`expected lines, not ${JSON.stringify(measurement)}`);
    return measurement.read;
  }

  function because(measurement: Measurement | undefined): string {
    return measurement !== undefined && "because" in measurement
      ? `${measurement.kind}: ${measurement.because}`
      : String(measurement?.kind);
  }

  test.each(["filebeat", "fluent-bit", "otel"] as const)(
    "of %s are read by pattern, of new pods and of old ones of any revision",
    async (format) => {
      const index = `lines-${format}`;
      const line = shapes[format];
      await given.server().create(index, mappings[format]);
      await given
        .server()
        .add(index, [
          line("web-5d8f9cb6c4-bbbbb", 1, true, "shop", "no contacts of 17"),
          line("web-5d8f9cb6c4-ccccc", 2, true, "shop", "no contacts of 4711"),
          line("web-5d8f9cb6c4-ccccc", 3, false, "shop", "all is well"),
          line("web-6c9f7b5d44-ddddd", -3600, true, "shop", "timeout after 30 ms"),
          line("web-7f8d9c6b5-fffff", -7200, true, "shop", "an older revision fails"),
          line("web-6c9f7b5d44-ddddd", -7 * 3600, true, "shop", "long ago"),
          line("web-worker-5d8f9cb6c4-hhhhh", 4, true, "shop", "another workload"),
          line("web-5d8f9cb6c4-bbbbb", 4, true, "elsewhere", "another namespace"),
        ]);
      const { fresh, old } = readOf(await sampled(index, logFieldsOf(format, "error")));
      expect(fresh).toMatchObject({ lines: 2, textless: 0, whole: true, patterns: [{ pattern: "no contacts of *", lines: 2 }] });
      expect((fresh as { patterns: readonly { pods: readonly { pod: string; first: number }[] }[] }).patterns[0]?.pods).toEqual(
        expect.arrayContaining([{ pod: "web-5d8f9cb6c4-bbbbb", lines: 1, first: start + 1000, last: start + 1000 }]),
      );
      const patterns = old !== undefined && "patterns" in old ? old.patterns.map(({ pattern }) => pattern) : [];
      expect(patterns.toSorted()).toEqual(["an older revision fails", "timeout after * ms"]);
    },
  );

  test("are read over several pages, none twice, and no more than a number of them", async () => {
    const lines = (count: number, pod: string) =>
      Array.from({ length: count }, (_, order) => shapes.filebeat(pod, 1 + Math.floor(order / 200) / 10, true, "shop", `boom ${order}`));
    await given.server().create("lines-many", mappings.filebeat);
    await given.server().add("lines-many", [...lines(1234, "web-5d8f9cb6c4-bbbbb"), ...lines(2600, "web-6c9f7b5d44-ddddd")]);
    const { fresh, old } = readOf(await sampled("lines-many", logFieldsOf("filebeat", "error")));
    expect(fresh).toMatchObject({ lines: 1234, whole: true, patterns: [{ pattern: "boom *", lines: 1234 }] });
    expect(old).toMatchObject({ whole: false });
    expect((old as { lines: number }).lines).toBeGreaterThanOrEqual(mostLines);
  });

  test("of old pods that are more than are read at once are looked through by the words of a pattern that is in doubt", async () => {
    const old = Array.from({ length: 2600 }, (_, order) =>
      shapes.filebeat("web-6c9f7b5d44-ddddd", -1 - order / 1000, true, "shop", `boom ${order}`),
    );
    await given.server().create("lines-doubt", mappings.filebeat);
    await given
      .server()
      .add("lines-doubt", [
        ...old,
        shapes.filebeat("web-6c9f7b5d44-ddddd", -3600, true, "shop", "no stock of item 5"),
        ...[1, 2, 3].map((nth) => shapes.filebeat("web-5d8f9cb6c4-bbbbb", nth, true, "shop", `no stock of item ${nth}`)),
        ...[1, 2, 3].map((nth) => shapes.filebeat("web-5d8f9cb6c4-bbbbb", nth, true, "shop", `no contacts of customer ${nth}`)),
      ]);
    const doubts = { "no stock of item *": "no stock of item", "no contacts of customer *": "no contacts of customer" };
    const patterns = Object.entries(doubts).map(([pattern, phrase]) => ({ pattern, phrase }));
    const found = readOf(
      await sampled("lines-doubt", logFieldsOf("filebeat", "error"), start + 15_000, { from: start - 6 * hour, patterns }),
    ).old;
    expect(found).toMatchObject({ whole: false, checked: patterns.map(({ pattern }) => ({ pattern, sure: true })) });
    expect(JSON.stringify(found)).toContain('"pattern":"no stock of item *","lines":1');
    expect(JSON.stringify(found)).not.toContain('"pattern":"no contacts of customer *","lines"');
  });

  test("are not asked for while new pods log no error", async () => {
    await given.server().create("lines-calm", mappings.filebeat);
    await given
      .server()
      .add("lines-calm", [shapes.filebeat("web-5d8f9cb6c4-bbbbb", 1, false), shapes.filebeat("web-6c9f7b5d44-ddddd", 1, true)]);
    const measurement = await sampled("lines-calm", logFieldsOf("filebeat", "error"));
    expect(measurement).toMatchObject({ kind: "lines", pods: [{ lines: 1 }] });
    expect(measurement).not.toHaveProperty("read");
  });

  test("that have no text are counted all the same, and told as such; another field may hold it", async () => {
    const bare = { "@timestamp": at(1), "log.level": "error", kubernetes: { namespace: "shop", pod: { name: "web-5d8f9cb6c4-bbbbb" } } };
    await given.server().create("lines-bare", mappings.filebeat);
    await given.server().add("lines-bare", [{ ...bare, event: { original: "boom" } }]);
    const measurement = await sampled("lines-bare", logFieldsOf("filebeat", "error"));
    expect(measurement).toMatchObject({ pods: [{ lines: 1 }] });
    expect(readOf(measurement).fresh).toMatchObject({ lines: 1, textless: 1, patterns: [] });
    const own = logFieldsOf("filebeat", "error", { text: "event.original" });
    expect(readOf(await sampled("lines-bare", own)).fresh).toMatchObject({ textless: 0, patterns: [{ pattern: "boom" }] });
  });

  describe("from an index that is not as it should be", () => {
    test("those without a pod's name are left out, and it is said how many, in this namespace", async () => {
      const { kubernetes: _of, ...bare } = shapes.filebeat("x", 2, true) as { kubernetes: object };
      await given.server().create("lines-podless", mappings.filebeat);
      await given
        .server()
        .add("lines-podless", [
          shapes.filebeat("web-5d8f9cb6c4-bbbbb", 1, true),
          { ...bare, kubernetes: { namespace: "shop" } },
          { ...bare, kubernetes: { namespace: "shop" } },
          { ...bare, kubernetes: { namespace: "elsewhere" } },
          bare,
        ]);
      expect(await sampled("lines-podless", logFieldsOf("filebeat", "error"))).toMatchObject({
        kind: "lines",
        pods: [{ lines: 1 }],
        podless: 2,
      });
    });

    test("in which the pod's name is a keyword in one part and text in another, it names the field and the part", async () => {
      await given.server().create("mixed-a", mappings.filebeat);
      await given.server().add("mixed-a", [shapes.filebeat("web-5d8f9cb6c4-bbbbb", 1, true)]);
      await given.server().add("mixed-b", [shapes.filebeat("web-5d8f9cb6c4-ccccc", 1, true)]);
      expect(because(await sampled("mixed-*", logFieldsOf("filebeat", "error")))).toMatch(
        /^error: .*The field kubernetes\.pod\.name is text in mixed-b: name kubernetes\.pod\.name\.keyword instead\.$/,
      );
    });

    test("in which the pod's name is a number in a part, it names the field and its type", async () => {
      const long = { type: "long" };
      await given.server().create("typed-a", mappings.filebeat);
      await given.server().create("typed-b", { kubernetes: { properties: { namespace: keyword, pod: { properties: { name: long } } } } });
      await given.server().add("typed-a", [shapes.filebeat("web-5d8f9cb6c4-bbbbb", 1, true)]);
      await given.server().add("typed-b", [{ ...shapes.filebeat("x", 1, true), kubernetes: { namespace: "shop", pod: { name: 5 } } }]);
      expect(because(await sampled("typed-*", logFieldsOf("filebeat", "error")))).toMatch(
        /^error: .*The field kubernetes\.pod\.name is of type long(?: in typed-b)?: name a keyword field, or leave that index out\.$/,
      );
    });

    test("that is not there, by its name, it is no data", async () => {
      expect(because(await sampled("nowhere", logFieldsOf("filebeat", "error")))).toBe("no-data: there is no index nowhere");
      expect(because(await sampled("lines-*,nowhere", logFieldsOf("filebeat", "error")))).toBe("no-data: there is no index nowhere");
    });
  });
}

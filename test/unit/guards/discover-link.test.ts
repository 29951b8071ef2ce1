import fc from "fast-check";
import { expect, test } from "vitest";
import { discoverLink, isoOf, quote } from "../../../src/guards/discover-link.ts";
import { phraseOf } from "../../../src/judging/patterns/phrase.ts";
import { logFieldsOf } from "../../../src/policies/log-formats.ts";

const lines = {
  index: "logs-*,filebeat-*",
  fields: logFieldsOf("filebeat", "fatal"),
  namespace: "shop",
  owner: "web-5bd7c985bf",
  from: Date.UTC(2026, 10, 23, 12, 0, 0),
  to: Date.UTC(2026, 10, 23, 12, 5, 0),
};

/** As Kibana's redirect page reads it. */
function paramsOf(link: string) {
  const url = new URL(link);
  return { path: url.origin + url.pathname, search: url.searchParams, p: JSON.parse(url.searchParams.get("p") ?? "") as unknown };
}

/** The text of a quoted value, as the Kibana query language reads it. */
function unquote(value: string): string {
  expect(value).toMatch(/^"(?:[^"\\]|\\.)*"$/su);
  return value.slice(1, -1).replaceAll(/\\(.)/gsu, "$1");
}

test("a link opens Discover on the lines of these pods in this time, with columns, and needs no data view", () => {
  const { path, search, p } = paramsOf(
    discoverLink("https://kibana.example.com/s/shop", { ...lines, pattern: "no contacts of * in shard *" }),
  );
  expect(path).toBe("https://kibana.example.com/s/shop/app/r");
  expect([search.get("l"), search.get("v")]).toEqual(["DISCOVER_APP_LOCATOR", "8.17.0"]);
  expect(p).toMatchObject({
    dataViewSpec: { title: "logs-*,filebeat-*", timeFieldName: "@timestamp" },
    timeRange: { from: "2026-11-23T12:00:00.001Z", to: "2026-11-23T12:05:00.000Z" },
    columns: ["kubernetes.pod.name", "message"],
    sort: [["@timestamp", "desc"]],
    query: {
      language: "kuery",
      query: expect.stringMatching(
        /^kubernetes\.namespace: "shop" and kubernetes\.pod\.name: web-5bd7c985bf-\* and log\.level: \("fatal" or "FATAL" or .*\) and message: "no contacts of"$/,
      ),
    },
  });
});

test("a level or a text in any of several fields is asked for in each", () => {
  const { p } = paramsOf(discoverLink("https://k/", { ...lines, fields: logFieldsOf("fluent-bit", "error"), pattern: "boom" }));
  expect(JSON.stringify(p)).toMatch(
    /\(log_processed\.level: \(.*\) or level: \(.*\)\) and \(log_processed\.message: .*boom.* or log: .*boom.*\)/,
  );
});

test("any text comes through the link and the query language as it was", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (namespace, index) => {
      const { p } = paramsOf(discoverLink("https://k/base/", { ...lines, namespace, index }));
      const { query, dataViewSpec } = p as { query: { query: string }; dataViewSpec: { title: string } };
      expect(dataViewSpec.title).toBe(JSON.parse(JSON.stringify(index)));
      expect(query.query.startsWith(`kubernetes.namespace: ${quote(namespace)} and `)).toBe(true);
      expect(unquote(quote(namespace))).toBe(namespace);
    }),
  );
});

test("a phrase is what all lines of a pattern have in common, in whole words", () => {
  expect(phraseOf("Impl#* TraceID: * no contacts of *: gone")).toBe("no contacts of");
  expect(phraseOf("* * *")).toBe("");
  expect(phraseOf("whole words only cu…")).toBe("whole words only");
});

test("an instant is written as everybody writes it", () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date("0001-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true }),
      (date) => {
        expect(isoOf(date.getTime())).toBe(date.toISOString());
      },
    ),
  );
});

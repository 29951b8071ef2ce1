import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseSelector } from "../../../src/policies/selector.ts";
import { readTold } from "../../../src/policies/told.ts";

const parse = (text: string) => parseSelector(text, ["namespace", "pod", "k8s_pod"]);

function refusal(text: string) {
  const parsed = parse(text);
  if (!("problem" in parsed)) throw new Error(`${text} was read`);
  return readTold(parsed.problem);
}

describe("a selector of one counter", () => {
  test.each([
    ["orders_total", []],
    [" orders_total {} ", []],
    ['orders_total{kind="paid"}', ['kind="paid"']],
    ["orders_total{ kind = 'paid' , shop!~`a|b}` , }", ["kind='paid'", "shop!~`a|b}`"]],
    [String.raw`orders_total{kind="a\"}\\",path=~"/v1\\.2/.*"}`, [String.raw`kind="a\"}\\"`, String.raw`path=~"/v1\\.2/.*"`]],
  ])("%s is read", (text, matchers) => {
    expect(parse(text)).toEqual({ metric: "orders_total", matchers });
  });

  test.each([
    ["", "begins with no metric name", undefined],
    ['{__name__="x"}', "begins with no metric name", undefined],
    ["sum(x_total)", "is more than a metric", "no functions"],
    ["x_total[5m]", "is more than a metric", "no range"],
    ['x_total{a="b"}[5m]', "goes on behind its braces", "no range"],
    ["x_total offset 5m", "is more than a metric", "no offset"],
    ['x_total{a="b"} @ 5', "goes on behind its braces", "no offset"],
    ["x_total + y_total", "is more than a metric", "no arithmetic"],
    ['x_total{a="b"} or vector(0)', "goes on behind its braces", "no arithmetic"],
    ['x_total{a="b"', "cannot be read", "the closing brace is missing"],
    ["x_total{a=b}", "cannot be read", "a value in quotes"],
    ['x_total{a=="b"}', "cannot be read", "a value in quotes"],
    ['x_total{a="b" c="d"}', "cannot be read", "a value in quotes"],
    ['x_total{a="b"}}', "goes on behind its braces", undefined],
    ['x_total{namespace="prod"}', "a matcher of its own for namespace", "added to the query"],
    ['x_total{k8s_pod=~"web-.*"}', "a matcher of its own for k8s_pod", "added to the query"],
    ['x_total{__name__="y"}', "a matcher of its own for __name__", "added to the query"],
    [String.raw`x_total{path=~"a\.b"}`, "an escape that PromQL does not know", undefined],
  ])("%s is refused", (text, what, cause) => {
    const told = refusal(text);
    expect(told.what).toContain(what);
    expect(told.allowed).toContain("orders_total");
    expect(told.cause ?? "").toContain(cause ?? "");
  });

  test("nothing that is read can leave the braces it is put into", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "x", "{", "}", "=", "~", "!", '"', "'", "`", "\\", ",", " ", "(", "[") }),
        (tail) => {
          const parsed = parse(`x${tail}`);
          if ("problem" in parsed) return;
          for (const matcher of parsed.matchers) expect(matcher).toMatch(/^\w+(=|!=|=~|!~)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)$/);
          expect(parsed.metric).toMatch(/^\w+$/);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

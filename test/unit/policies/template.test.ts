import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fillTemplate, templateProblem } from "../../../src/policies/template.ts";
import { readTold } from "../../../src/policies/told.ts";

const values = { namespace: "shop", name: "api.v2", newPods: ["api-7d4-a", "api-7d4.b"], oldPods: [] };

test("placeholders become escaped values: literal after =, quoted for the expression after =~", () => {
  expect(fillTemplate('a{namespace="{{namespace}}",deployment="{{ name }}"}', values)).toBe('a{namespace="shop",deployment="api.v2"}');
  expect(fillTemplate('a{deployment=~"{{name}}-.*"}', values)).toBe(String.raw`a{deployment=~"api\\.v2-.*"}`);
  expect(fillTemplate("a{pod=~\"{{pods.new}}\"} / b{pod!~'x|{{pods.new}}'}", values)).toBe(
    String.raw`a{pod=~"(api-7d4-a|api-7d4\\.b)"} / b{pod!~'x|(api-7d4-a|api-7d4\\.b)'}`,
  );
});

test("no pods match no series, not even one without the label", () => {
  expect(fillTemplate('a{pod=~"{{pods.old}}"}', values)).toBe('a{pod=~"-"}');
});

test("a value with quotes and backslashes stays inside its string", () => {
  const evil = { ...values, namespace: `"} or vector(1) or a{b='\\`, newPods: [`x"} or up{a="`, "a|.*"] };
  expect(fillTemplate('a{namespace="{{namespace}}"}', evil)).toBe(String.raw`a{namespace="\x22} or vector(1) or a{b=\x27\\"}`);
  expect(fillTemplate('a{pod=~"{{pods.new}}"}', evil)).toBe(String.raw`a{pod=~"(x\x22\\} or up\\{a=\x22|a\\|\\.\\*)"}`);
});

test("whatever the values are, the string they stand in ends where it ended before, and reads back as the value", () => {
  const read = (text: string) =>
    text.replaceAll(/\\(x([0-9a-f]{2})|\\)/g, (_all, _kind, hex?: string) => (hex ? String.fromCharCode(Number.parseInt(hex, 16)) : "\\"));
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (value) => {
      const filled = fillTemplate('a{b="{{namespace}}",c="d"}', { ...values, namespace: value });
      const inside = /^a\{b="((?:[^"\\\n]|\\.)*)",c="d"\}$/u.exec(filled)?.[1];
      expect(inside === undefined ? undefined : read(inside)).toBe(value);
      const regex = fillTemplate('a{b=~"{{pods.new}}"}', { ...values, newPods: [value] });
      const expression = /^a\{b=~"((?:[^"\\\n]|\\.)*)"\}$/u.exec(regex)?.[1] ?? "";
      expect(new RegExp(`^${read(expression)}$`, "s").test(value)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

describe("a placeholder where it cannot be safe is refused", () => {
  test.each([
    ["up{pod={{pods.new}}}", "{{pods.new}} stands outside of quotes"],
    ["{{name}}_total", "{{name}} stands outside of quotes"],
    ['up{a="b"} + {{name}}', "{{name}} stands outside of quotes"],
    ["up{pod=~`{{pods.new}}`}", "{{pods.new}} stands between back quotes"],
    ['up{pod="{{pods.new}}"}', "{{pods.new}} is a regular expression"],
    ['up{pod=~"{{pods.all}}"}', "unknown placeholder {{pods.all}}"],
    ['up{pod=~"{{}}"}', "unknown placeholder {{}}"],
  ])("%s", (query, what) => {
    expect(readTold(templateProblem(query) ?? "").what).toBe(what);
  });

  test.each([
    'up{pod=~"{{pods.new}}"}',
    "up{namespace='{{namespace}}',pod!~'x|{{ pods.old }}'}",
    'up{a="\\"",namespace="{{namespace}}"}',
    "up",
  ])("%s is fine", (query) => {
    expect(templateProblem(query)).toBeUndefined();
  });
});

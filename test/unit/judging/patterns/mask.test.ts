import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { longestPattern, patternOf } from "../../../../src/judging/patterns/mask.ts";

test.each<[string, string]>([
  ["GET /orders/4711 failed after 30.5 s", "GET /orders/* failed after * s"],
  ["2026-11-23T12:00:00.123Z ERROR connect ECONNREFUSED 10.0.3.7:5432", "connect ECONNREFUSED *"],
  ["12:00:00,123 [ERROR] pool exhausted", "pool exhausted"],
  [
    "ERROR c.s.ContactsServiceImpl#37 TraceID: dc7db5cbec8d511cb7e08fd7c7b47c00 SpanID: b6ce9b3cd8b064a8 no contacts",
    "c.s.ContactsServiceImpl#* TraceID: * SpanID: * no contacts",
  ],
  ["order e4e9bbd8-997a-4b51-b580-8efd4c107e76 is gone", "order * is gone"],
  ["cannot map 0x7ffeefbff5c8 of blk_-6952295868487656571", "cannot map * of blk_*"],
  ["no route to ts-food-service-5b67c48447-mv5hb", "no route to ts-food-service-*"],
  ["mail to jane.doe+x@example.com bounced", "mail to * bounced"],
  ["login failed: password=hunter2, token: 'abc def'", "login failed: password=*, token: *"],
  ["401 for Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.e30.abc", "for Authorization: Bearer *"],
  ["Unknown column 'vat_rate' in 'field list'", "Unknown column 'vat_rate' in 'field list'"],
  ["retry ids 1 2 3 4 5", "retry ids *"],
  ["cannot read /var/lib/nova/instances/96ab/disk7.img", "cannot read /var/lib/nova/instances/*"],
  ["ERROR", "ERROR"],
  ["first line\n\tat a.b.C(C.java:12)\nCaused by: x", "first line"],
  ["\n\n  \nValueError: bad", "ValueError: bad"],
  ["\u001B[31mred\u0007 alert\u001B[0m", "red alert"],
])("the pattern of %j is %j", (text, pattern) => {
  expect(patternOf(text)).toBe(pattern);
});

test.each([
  "",
  "   \n ",
  "    indented detail",
  "\tat a.b.C(C.java:12)",
  "at Object.<anonymous> (/app/x.js:1:2)",
  "Caused by: java.io.IOException: x",
  "... 23 more",
])("%j goes on with another document, or says nothing: it has no pattern", (text) => {
  expect(patternOf(text)).toBeUndefined();
});

describe("whatever is logged", () => {
  test("a pattern is one line without control characters or digits, and never longer than it may be", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 700 }), (text) => {
        const pattern = patternOf(text);
        if (pattern === undefined) return;
        expect(pattern.length).toBeLessThanOrEqual(longestPattern);
        expect(pattern).not.toMatch(/[\d\n\r\t]|^\s|\s$|^$/);
      }),
    );
  });

  test("other numbers and ids make no other pattern", () => {
    const line = (id: string, count: number, trace: string) => `Impl#${count} TraceID: ${trace} order ${id} failed after ${count} tries`;
    const hex = fc.stringMatching(/^[0-9a-f]{31}[0-9]$/);
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), fc.nat(), fc.nat(), hex, hex, (one, other, few, many, trace, span) => {
        expect(patternOf(line(one, few, trace))).toBe(patternOf(line(other, many, span)));
      }),
    );
  });

  test("the longest line of the worst kind takes no time", () => {
    const worst = ["a1".repeat(5000), "-".repeat(10_000), "1.".repeat(5000), "/a1".repeat(3000), "token".repeat(2000), "a@b.".repeat(2500)];
    const began = performance.now();
    for (const text of worst) patternOf(text);
    expect(performance.now() - began).toBeLessThan(500);
  });
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { parseInstant } from "../../../src/guards/instant.ts";

test("every instant that a Date writes is read back, to the millisecond", () => {
  const dates = fc.date({ min: new Date("0001-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true });
  fc.assert(
    fc.property(dates, (date) => {
      expect(parseInstant(date.toISOString())).toBe(date.getTime());
    }),
  );
});

test.each<[string, string]>([
  ["2026-11-23T15:00:00+01:00", "2026-11-23T14:00:00Z"],
  ["2026-11-23T09:30:00-04:30", "2026-11-23T14:00:00Z"],
  ["2026-11-23t14:00:00z", "2026-11-23T14:00:00Z"],
  ["2024-02-29T00:00:00.5Z", "2024-02-29T00:00:00.500Z"],
])("%s is %s", (written, same) => {
  expect(parseInstant(written)).toBe(Date.parse(same));
});

test.each([
  "",
  "true",
  "2026-11-23",
  "2026-11-23T14:00:00",
  "2026-11-23 14:00:00",
  "2026-13-01T00:00:00Z",
  "2026-04-31T00:00:00Z",
  "2100-02-29T00:00:00Z",
  "2026-11-23T24:00:00Z",
  "2026-11-23T14:60:00Z",
  "2026-11-23T14:00:00+25:00",
  "x2026-11-23T14:00:00Z",
  "1763906400",
])("%j is no instant", (written) => {
  expect(parseInstant(written)).toBeUndefined();
});

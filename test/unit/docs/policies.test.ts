import { describe, expect, it } from "vitest";
import { presetNames, presetOf } from "../../../src/policies/presets.ts";
import { schemasByKind } from "../../../src/policies/schema.ts";
import { codeRows, keysOf } from "./keys.ts";
import { page } from "./page.ts";

const presetKeys: ReadonlySet<string> = new Set(presetNames);

describe("docs/policies.md", () => {
  it("has every key of a policy, signals included, with its default, and no other", async () => {
    const rows = codeRows(await page("docs/policies.md")).filter(([key = ""]) => /^(apiVersion|kind|metadata|spec)\b/.test(key));

    expect(Object.fromEntries(rows.map(([key = "", written = ""]) => [key, written]))).toEqual(
      Object.fromEntries(keysOf(schemasByKind.Policy).map(({ path, written }) => [path, written])),
    );
    expect(rows.filter(([, , meaning]) => !meaning)).toEqual([]);
  });

  it.each(presetNames)("has preset %s with its metrics, its matcher and its buckets", async (name) => {
    const rows = codeRows(await page("docs/policies.md")).filter(([key]) => key === name);

    const { requests, badMatcher, buckets, unitSeconds, defaultBuckets, service, excluded } = presetOf(name);
    const bounds = defaultBuckets.map((bound) => String(Number(bound.toPrecision(4)))).join(" ");
    expect(rows.map((row) => row.slice(1, 5))).toEqual([
      [requests, `\`${badMatcher}\``, `\`${buckets}\`${unitSeconds === 1 ? "" : " (ms)"}`, bounds || "none"],
    ]);
    const leftOut = rows[0]?.at(-1) ?? "";
    expect([leftOut.includes("whole Services"), leftOut.startsWith("nothing")]).toEqual([service !== undefined, excluded.length === 0]);
  });

  it("lists no preset that does not exist", async () => {
    const [, table = ""] = (await page("docs/policies.md")).split("\n## Presets\n");
    const [section = ""] = table.split("\n## ");

    expect(codeRows(section).filter(([key = ""]) => !presetKeys.has(key))).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import { catalogue } from "../../../src/errors.ts";
import { codeRows } from "./keys.ts";
import { page } from "./page.ts";

describe("docs/errors.md", () => {
  it("has every code of the catalogue with its remedy, and no other", async () => {
    const rows = codeRows(await page("docs/errors.md"));

    const documented = Object.fromEntries(rows.map(([code = "", , remedy = ""]) => [code, remedy]));
    expect(documented).toEqual(catalogue);
  });

  it("shows a sentence for every code", async () => {
    const rows = codeRows(await page("docs/errors.md"));

    expect(rows.filter(([, sentence]) => sentence === "")).toEqual([]);
  });
});

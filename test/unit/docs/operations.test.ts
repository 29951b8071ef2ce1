import { describe, expect, it } from "vitest";
import { createMetrics } from "../../../src/journal/metrics.ts";
import { codeRows } from "./keys.ts";
import { page } from "./page.ts";

describe("docs/operations.md", () => {
  it("has every metric of our own, and no other", async () => {
    const rows = codeRows(await page("docs/operations.md")).map(([name = ""]) => name);

    const text = await createMetrics({ version: "0", processMetrics: false }).render();
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name);
    expect(rows.filter((name) => name.startsWith("rearguard_")).toSorted()).toEqual(names.toSorted());
  });
});

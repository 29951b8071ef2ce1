import { glob } from "node:fs/promises";
import { join } from "node:path";
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

  it("has every line that the daemon writes into its log", async () => {
    const lines = new Set<string>();
    for await (const file of glob("src/**/*.ts", {
      cwd: join(import.meta.dirname, "../../.."),
      exclude: ["src/cli/**", "src/sandbox/**"],
    })) {
      const calls = (await page(file)).matchAll(/log\.(?:info|warn|error)\([^;`]*?,\s*"([^"]+)",?\s*\)/g);
      for (const [, line = ""] of calls) lines.add(line);
    }

    expect(lines.size).toBeGreaterThan(30);
    const text = await page("docs/operations.md");
    expect([...lines].filter((line) => !text.includes(`\`${line}\``))).toEqual([]);
  });
});

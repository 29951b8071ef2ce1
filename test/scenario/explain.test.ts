import { expect, test } from "vitest";
import { explain } from "../../src/cli/explain.ts";
import { ended } from "./incidents.ts";
import { bad, openQuick } from "./quick.ts";

async function said(options: Parameters<typeof explain>[0]): Promise<{ readonly code: number; readonly lines: readonly string[] }> {
  const lines: string[] = [];
  const code = await explain(options, (line) => lines.push(line));
  return { code, lines };
}

/** Figures of one row: bad and total of the new pods, the three candidates for the limit, the limit, burn. */
function figuresOf(row: string) {
  const cells = row.split(/ {2,}/);
  const [newBad = 0, newTotal = 0] = (cells[1] ?? "").split(" of ").map((text) => Number(text.replaceAll(",", "")));
  const ratio = (cell = "") => (cell === "-" ? 0 : Number(cell.replace(" %", "")) / 100);
  return { newBad, newTotal, candidates: cells.slice(3, 6).map(ratio), limit: ratio(cells[6]), burn: cells[7] ?? "" };
}

test("a decision can be redone by hand from what explain prints of a guard, open or ended", async () => {
  await using world = await openQuick();
  world.release("web", bad);
  await world.until("the brake", () => world.deployment("web").spec.paused === true, 60);
  const { name } = world.record("web");
  const open = await said({ name, url: world.url(), tokenFile: undefined });
  await world.until("the guard ends", () => ended(world), 200);
  const over = await said({ name, url: world.url(), tokenFile: undefined });

  for (const { code, lines } of [open, over]) {
    const from = lines.findIndex((line) => line.trimStart().startsWith("block ends"));
    const rows = lines.slice(from + 1, lines.indexOf("", from)).map((line) => line.trim());

    expect(code).toBe(0);
    expect(lines[0]).toContain("shop/deployment/web, revision 2, policy shop (enforce)");
    expect(rows.length).toBeGreaterThan(3);
    for (const { newBad, newTotal, candidates, limit, burn } of rows.map(figuresOf)) {
      expect(limit).toBeCloseTo(Math.max(...candidates), 4);
      // Figures are printed with three digits.
      expect(burn === "-" ? 0 : Number(burn)).toBeCloseTo(newTotal === 0 ? 0 : newBad / newTotal / limit, 0);
    }
  }
  expect(open.lines.join("\n")).toMatch(/braking: errors [\d.]+ %, limit [\d.]+ %\n {4}errors [\d.]+ % = \d+x the limit/);
  expect(over.lines.at(-1)).toContain("a rollback needs evidence 1111");
});

test("explain lists the guards, and says what is wrong where it cannot", async () => {
  await using world = await openQuick();
  world.release("web");
  await world.run(5);
  const { name } = world.record("web");

  expect((await said({ name: undefined, url: world.url(), tokenFile: undefined })).lines).toEqual([
    expect.stringContaining(`${name}  shop/deployment/web  observing`),
  ]);
  expect(await said({ name: "nobody", url: world.url(), tokenFile: undefined })).toEqual({
    code: 1,
    lines: ["there is no guard nobody; GET /api/v1/guards lists them"],
  });
  expect(await said({ name, url: "here", tokenFile: undefined })).toEqual({
    code: 1,
    lines: ["--url here is not a URL; it looks like http://127.0.0.1:8080"],
  });
  expect(await said({ name, url: world.url(), tokenFile: "/nowhere/token" })).toEqual({
    code: 1,
    lines: ["--token-file /nowhere/token: the file cannot be read"],
  });
  expect(await said({ name, url: "http://127.0.0.1:1", tokenFile: undefined })).toEqual({
    code: 1,
    lines: ["no answer from http://127.0.0.1:1: is the daemon running there? --url says where it listens"],
  });
});

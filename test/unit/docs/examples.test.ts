import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { policy } from "../../../src/cli/demo/shop.ts";
import { parsePolicies } from "../../../src/policies/parse.ts";
import { policySetOf } from "../../../src/policies/policy-set.ts";
import { page } from "./page.ts";

const docs = readdirSync(join(import.meta.dirname, "../../../docs")).filter((name) => name.endsWith(".md"));
const pages = ["README.md", "CONTRIBUTING.md", ...docs.map((name) => `docs/${name}`)];

describe("the policies shown in the documents", () => {
  it.each(pages)("are valid in %s", async (path) => {
    const blocks = yamlBlocks(await page(path));

    const problems = blocks.flatMap((block, at) => parsePolicies(block, `${path} block ${at + 1}`).problems);
    expect(problems).toEqual([]);
  });

  it("are there at all", async () => {
    const found = await Promise.all(["README.md", "docs/policies.md"].map(async (path) => yamlBlocks(await page(path)).length));

    expect(found).toEqual([1, 2]);
  });

  it("begin in the README with the policy of the demo, in at most 20 lines", async () => {
    const [block = ""] = yamlBlocks(await page("README.md"));

    expect(parsePolicies(block, "policy").policies).toEqual([withPlaceOf(block, policy)]);
    expect(block.trim().split("\n").length).toBeLessThanOrEqual(20);
  });
});

it.each(["CHANGELOG.md", ...pages])("%s has nothing left of a merge", async (path) => {
  // Also as oxfmt writes it: a quote in a quote.
  expect((await page(path)).split("\n").filter((line) => /^(<{7}|={7}|>{7}|(> ){7})/.test(line))).toEqual([]);
});

describe("the problems shown in docs/policies.md", () => {
  it("tie as the page says when two policies are equally specific", async () => {
    const [block = ""] = yamlBlocks(await page("docs/policies.md"));

    const { problems } = policySetOf([
      { file: "one.yaml", text: block },
      { file: "two.yaml", text: block.replace("everything", "other") },
    ]);
    expect(problems.map(({ path }) => path)).toEqual(["spec.match"]);
  });
});

/** Every fenced yaml block: in these documents they all are policies. */
function yamlBlocks(text: string): readonly string[] {
  return [...text.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, block = ""]) => block);
}

/** The demo's policy as if it stood where the block's does: the formatter lays the two out differently. */
function withPlaceOf(block: string, text: string) {
  const [shown] = parsePolicies(block, "policy").policies;
  const [used] = parsePolicies(text, "policy").policies;
  return { ...shown, policy: used?.policy };
}

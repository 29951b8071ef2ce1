import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";

const folder = join(import.meta.dirname, "../../../deploy/rbac");
const files = (await readdir(folder)).filter((file) => file.endsWith("-namespaced.yaml"));

interface Rule {
  readonly resources: readonly string[];
}

/** But for nodes: they are in no namespace. */
async function rulesOf(file: string): Promise<readonly Rule[]> {
  const documents = parseAllDocuments(await readFile(join(folder, file), "utf8")).map((each) => each.toJS() as { readonly rules?: Rule[] });
  return documents.flatMap(({ rules = [] }) => rules).filter(({ resources }) => !resources.includes("nodes"));
}

test.each(files)("%s gives in one namespace what its file for all namespaces gives in all", async (file) => {
  expect(await rulesOf(file)).toEqual(await rulesOf(file.replace("-namespaced", "")));
});

test("there are such files", () => {
  expect(files.length).toBeGreaterThanOrEqual(4);
});

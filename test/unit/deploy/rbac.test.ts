import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";

const folder = join(import.meta.dirname, "../../../deploy/rbac");
const files = (await readdir(folder)).filter((file) => file.endsWith("-namespaced.yaml"));

async function rulesOf(file: string): Promise<readonly unknown[]> {
  const documents = parseAllDocuments(await readFile(join(folder, file), "utf8")).map(
    (each) => each.toJS() as { readonly rules?: unknown[] },
  );
  return documents.flatMap(({ rules = [] }) => rules);
}

test.each(files)("%s gives in one namespace what its file for all namespaces gives in all", async (file) => {
  expect(await rulesOf(file)).toEqual(await rulesOf(file.replace("-namespaced", "")));
});

test("there are such files", () => {
  expect(files.length).toBeGreaterThanOrEqual(4);
});

import { readFile } from "node:fs/promises";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");

/** Text of a page by its path from the root of the repository. */
export function page(path: string): Promise<string> {
  return readFile(join(root, path), "utf8");
}

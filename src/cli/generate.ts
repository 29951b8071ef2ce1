import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { policyJsonSchema } from "../policies/schema.ts";

/** A file made from code; `path` is relative to the root. */
export interface Generated {
  readonly path: string;
  readonly text: string;
}

export interface GenerateOptions {
  /** Root of the project. */
  readonly root: string;
  /** Only say which files would change. */
  readonly check: boolean;
  /** Files beside the policy schema, such as the custom resource definitions. */
  readonly more: readonly Generated[];
  readonly write: (line: string) => void;
}

/** Writes what is made from the zod sources. Returns the exit code: with `check`, 1 where a file is out of date. */
export async function generate({ root, check, more, write }: GenerateOptions): Promise<0 | 1> {
  const files = [{ path: "config/policy.schema.json", text: `${JSON.stringify(policyJsonSchema(), null, 2)}\n` }, ...more];
  let stale = 0;
  for (const { path, text } of files) {
    const target = join(root, path);
    const now = await readFile(target, "utf8").catch(() => undefined);
    if (now === text) continue;
    stale += 1;
    if (check) {
      write(`${path} is out of date: run npm run generate`);
      continue;
    }
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
    write(`${path} written`);
  }
  if (stale === 0) write(`${files.length} generated ${files.length === 1 ? "file is" : "files are"} up to date`);
  return check && stale > 0 ? 1 : 0;
}

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeTempDir } from "../servers/temp-dir.ts";

/** A file with this content, gone with its owner. */
export async function tempFile(owner: AsyncDisposableStack, content: string): Promise<string> {
  const file = join(owner.use(await makeTempDir("file")).path, "content");
  await writeFile(file, content);
  return file;
}

import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/**
 * Waits until this process alone holds the lock file, so that two test runs do not compile side by side.
 * A lock whose process is gone is taken over. Two that take over at once may both build: slow, but
 * harmless, since finished programs are renamed into place.
 */
export async function holdLock(path: string, report: (line: string) => void): Promise<AsyncDisposable> {
  for (let told = false; ;) {
    try {
      await writeFile(path, String(process.pid), { flag: "wx" });
      return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
    } catch (error) {
      if (!isCode(error, "EEXIST")) throw error;
    }
    if (await isAbandoned(path)) {
      await rm(path, { force: true });
      continue;
    }
    if (!told) report(`Another process is building; waiting for ${path}.`);
    told = true;
    await delay(500);
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  try {
    const pid = Number(await readFile(path, "utf8"));
    // Between creation and writing the file is empty.
    if (!(pid > 0)) return Date.now() - (await stat(path)).mtimeMs > 10_000;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    if (isCode(error, "ESRCH")) return true;
    if (isCode(error, "ENOENT") || isCode(error, "EPERM")) return false;
    throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

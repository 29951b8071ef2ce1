import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { holdLock } from "./build-lock.ts";

const run = promisify(execFile);

export type DebianProgram = {
  /** As apt calls the package. */
  readonly name: string;
  readonly version: string;
  /** What people call it, and what may stand in its place. */
  readonly called: string;
  readonly instead: string;
  /** Folder of the package that the program reads from; it then looks for it as `assets` where it is started. */
  readonly assets?: string;
};

/**
 * Downloads Debian's package as any user may, and unpacks its program into the user's cache folder; nothing is installed.
 * @throws Error with one sentence that says what to do where there is no apt, or it does not know this version.
 */
export async function ensureDebianProgram(
  { name, version, called, instead, assets }: DebianProgram,
  report: (line: string) => void = () => {},
): Promise<string> {
  const servers = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "rearguard", "servers");
  const folder = join(servers, `${name}-${version}`);
  const program = join(folder, name);
  if (existsSync(program)) return program;
  await mkdir(folder, { recursive: true });
  await using _lock = await holdLock(join(folder, "lock"), report);
  if (existsSync(program)) return program;
  report(`Downloading ${called} ${version} of Debian into ${folder} (10 to 20 MB).`);
  const staging = await mkdtemp(join(folder, "staging-"));
  try {
    // As root apt would rather download as a user who can write there.
    await chmod(staging, 0o777);
    await run("apt-get", ["download", `${name}=${version}`], { cwd: staging, timeout: 300_000 });
    const [archive = ""] = await readdir(staging);
    await run("dpkg-deb", ["--extract", join(staging, archive), join(staging, "files")]);
    const files = join(staging, "files");
    const unpacked = join(files, "usr", "bin", name);
    if (assets !== undefined) {
      await lookBeside(unpacked, assets);
      await rename(join(files, assets), join(folder, "assets"));
    }
    await rename(unpacked, program);
  } catch (cause) {
    const what = `${called} ${version} could not be downloaded from Debian (apt-get download)`;
    throw new Error(`${what}: on Debian 12 run apt-get update, elsewhere put the program of any ${instead} at ${program}`, { cause });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return program;
}

/** The path is built in, and only root could put the files there: one of the same length leads to the working folder. */
async function lookBeside(program: string, assets: string): Promise<void> {
  const beside = "assets".padStart(assets.length, "./");
  if (!beside.startsWith("./") || assets.length % 2 !== 0) throw new Error(`${assets} has no place for a path of the same length`);
  const bytes = await readFile(program);
  for (let at = bytes.indexOf(assets); at >= 0; at = bytes.indexOf(assets, at + 1)) bytes.write(beside, at, "latin1");
  await writeFile(program, bytes, { mode: 0o755 });
}

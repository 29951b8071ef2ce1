import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { holdLock } from "./build-lock.ts";

const run = promisify(execFile);

const debian = "2.42.0+ds-5+deb12u1";

/**
 * Downloads Debian's package as any user may, and unpacks its program into the user's cache folder; nothing is installed.
 * @throws Error with one sentence that says what to do where there is no apt, or it does not know this version.
 */
export async function ensureDebianPrometheus(report: (line: string) => void = () => {}): Promise<string> {
  const servers = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "rearguard", "servers");
  const folder = join(servers, `prometheus-${debian}`);
  const program = join(folder, "prometheus");
  if (existsSync(program)) return program;
  await mkdir(folder, { recursive: true });
  await using _lock = await holdLock(join(folder, "lock"), report);
  if (existsSync(program)) return program;
  report(`Downloading Prometheus ${debian} of Debian into ${folder} (19 MB).`);
  const staging = await mkdtemp(join(folder, "staging-"));
  try {
    // As root apt would rather download as a user who can write there.
    await chmod(staging, 0o777);
    await run("apt-get", ["download", `prometheus=${debian}`], { cwd: staging, timeout: 300_000 });
    const [archive = ""] = await readdir(staging);
    await run("dpkg-deb", ["--extract", join(staging, archive), join(staging, "files")]);
    await rename(join(staging, "files", "usr", "bin", "prometheus"), program);
  } catch (cause) {
    const what = `Prometheus ${debian} could not be downloaded from Debian (apt-get download)`;
    throw new Error(`${what}: on Debian 12 run apt-get update, elsewhere put the program of any Prometheus 2.42 at ${program}`, { cause });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return program;
}

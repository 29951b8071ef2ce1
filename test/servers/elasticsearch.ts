import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chown, cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { fetch } from "undici";
import { holdLock } from "./build-lock.ts";
import { freePort } from "./free-port.ts";
import { startProcess } from "./server-process.ts";
import { makeTempDir } from "./temp-dir.ts";

const run = promisify(execFile);

/** Versions that are tested, each with the Java it needs at least. */
const versions = { "9.5.0": 21, "8.19.0": 17 } as const;

export type ElasticsearchVersion = keyof typeof versions;

export const elasticsearchVersions = Object.keys(versions) as readonly ElasticsearchVersion[];

/** Elasticsearch refuses to run as root. */
const nobody = 65_534;

export type Elasticsearch = AsyncDisposable & {
  readonly url: string;
  readonly version: ElasticsearchVersion;
};

/** The administrator and the reader of a server with security, who have the same password. */
export const users = { admin: "admin", reader: "reader", password: "rearguard" } as const;

/** Of that password, as `elasticsearch-users` makes it. */
const bcrypt = "$2a$10$gWJYDYLJi9Fy/icAWitk2OoSX/534MmqZVKA.XaCGnnhmvm/hlY2K";

/**
 * A real Elasticsearch of one node, empty: the engine without the optional modules, from Maven Central. Without security unless told what the
 * reader may read.
 * @throws Error with one sentence when Maven or a fitting Java is missing, or the server does not come up.
 */
export async function startElasticsearch(
  version: ElasticsearchVersion,
  { report = () => {}, mayRead }: { readonly report?: (line: string) => void; readonly mayRead?: readonly string[] } = {},
): Promise<Elasticsearch> {
  await using stack = new AsyncDisposableStack();
  const [home, java, port, transport] = await Promise.all([ensureElasticsearch(version, report), javaFor(version), freePort(), freePort()]);
  const folder = stack.use(await makeTempDir("elasticsearch")).path;
  // The keystore is written beside the configuration, so that each server needs a copy of its own.
  await cp(join(home, "config"), join(folder, "config"), { recursive: true });
  const jvm = join(folder, "config", "jvm.options");
  // It would log beside its programs, where only their owner may write.
  await writeFile(jvm, (await readFile(jvm, "utf8")).replaceAll(/^.*(-Xlog|gc\.log).*$/gm, ""));
  if (mayRead !== undefined) await writeUsers(join(folder, "config"), mayRead);
  for (const name of ["data", "logs", "tmp"]) await mkdir(join(folder, name));
  const isRoot = process.getuid?.() === 0;
  if (isRoot) for (const path of await everythingIn(folder)) await chown(path, nobody, nobody);
  const settings = {
    "discovery.type": "single-node",
    "http.host": "127.0.0.1",
    "http.port": port,
    "transport.host": "127.0.0.1",
    "transport.port": transport,
    "path.data": join(folder, "data"),
    "path.logs": join(folder, "logs"),
    "xpack.security.enabled": mayRead !== undefined,
    "cluster.routing.allocation.disk.threshold_enabled": false,
  };
  const args = Object.entries(settings).flatMap(([key, value]) => ["-E", `${key}=${value}`]);
  const program = join(home, "bin", "elasticsearch");
  const url = `http://127.0.0.1:${port}`;
  stack.use(
    await startProcess({
      name: `elasticsearch ${version}`,
      command: isRoot ? "setpriv" : program,
      args: isRoot ? [`--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups", program, ...args] : args,
      env: { ES_JAVA_HOME: java, ES_PATH_CONF: join(folder, "config"), ES_JAVA_OPTS: "-Xms512m -Xmx512m", ES_TMPDIR: join(folder, "tmp") },
      cwd: folder,
      ready: async (signal) => (await fetch(`${url}/_cluster/health`, { signal, headers: basicAuth(users.admin) })).ok,
      timeoutMs: 120_000,
    }),
  );
  const owned = stack.move();
  return { url, version, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Headers of a request by this user. A server without security does not look at them. */
export function basicAuth(username: string): Readonly<Record<string, string>> {
  return { authorization: `Basic ${Buffer.from(`${username}:${users.password}`).toString("base64")}` };
}

async function writeUsers(folder: string, mayRead: readonly string[]): Promise<void> {
  const { admin, reader } = users;
  const role = { indices: [{ names: mayRead, privileges: ["read", "view_index_metadata"] }] };
  // JSON is YAML.
  await writeFile(join(folder, "roles.yml"), `${JSON.stringify({ [reader]: role })}\n`);
  await writeFile(join(folder, "users"), `${admin}:${bcrypt}\n${reader}:${bcrypt}\n`);
  await writeFile(join(folder, "users_roles"), `superuser:${admin}\n${reader}:${reader}\n`);
}

/** Folder of the unpacked server, downloaded into the user's cache when it is not there. */
export async function ensureElasticsearch(version: ElasticsearchVersion, report: (line: string) => void = () => {}): Promise<string> {
  // What root keeps at home nobody else can read.
  const cache = process.getuid?.() === 0 ? "/var/cache" : (process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"));
  const servers = join(cache, "rearguard", "servers");
  const folder = join(servers, `elasticsearch-${version}`);
  if (existsSync(join(folder, "bin"))) return folder;
  await mkdir(servers, { recursive: true });
  await using _lock = await holdLock(`${folder}.lock`, report);
  if (existsSync(join(folder, "bin"))) return folder;
  report(`Downloading Elasticsearch ${version} into ${folder} (about 130 MB).`);
  const staging = `${folder}.staging`;
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging);
  const artifact = `org.elasticsearch.distribution.integ-test-zip:elasticsearch:${version}:zip`;
  try {
    await run("mvn", ["-q", "-B", "dependency:unpack", `-Dartifact=${artifact}`, `-DoutputDirectory=${staging}`], {
      // Maven notes there what it has unpacked, and would not do it again.
      cwd: staging,
      timeout: 600_000,
    });
  } catch (cause) {
    throw new Error(`Elasticsearch ${version} could not be downloaded with Maven (mvn dependency:unpack)`, { cause });
  }
  await rename(join(staging, `elasticsearch-${version}`), folder);
  await rm(staging, { recursive: true, force: true });
  await run("chmod", ["-R", "a+rX", folder]);
  await run("chmod", ["a+x", ...(await readdir(join(folder, "bin"))).map((name) => join(folder, "bin", name))]);
  return folder;
}

/** The oldest Java that is new enough, JAVA_HOME or below /usr/lib/jvm: an Elasticsearch does not run on those that came long after it. */
async function javaFor(version: ElasticsearchVersion): Promise<string> {
  const least = versions[version];
  const installed = await readdir("/usr/lib/jvm").catch(() => []);
  const homes = [process.env["JAVA_HOME"] ?? "", ...installed.map((name) => join("/usr/lib/jvm", name))];
  let best: { readonly home: string; readonly major: number } | undefined;
  for (const home of homes.filter((one) => one !== "" && existsSync(join(one, "bin", "java")))) {
    const { stderr } = await run(join(home, "bin", "java"), ["-version"]);
    const major = Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0);
    if (major >= least && major < (best?.major ?? Infinity)) best = { home, major };
  }
  if (best === undefined) throw new Error(`Elasticsearch ${version} needs Java ${least} or newer: install a JDK, or set JAVA_HOME`);
  return best.home;
}

async function everythingIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true });
  return [folder, ...names.map((name) => join(folder, name))];
}

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { stringify } from "yaml";
import { freePort } from "../servers/free-port.ts";
import { GaveUp, waitUntil } from "../servers/wait-until.ts";

export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string; readonly level: string | number };

export type DaemonOptions = {
  /** Holds its settings and policies; a daemon started again in the same folder is the same one. */
  readonly folder: string;
  /** Deep-merged over `defaultSettings`. */
  readonly settings: SettingsPart;
  /** Text by file name. */
  readonly policies: Readonly<Record<string, string>>;
};

export type SettingsPart = { readonly [key: string]: unknown };

/** The real daemon as a process of its own. Disposing kills it. */
export type Daemon = AsyncDisposable & {
  readonly url: string;
  readonly policyFolder: string;
  /** All it has logged so far. */
  log(): readonly LogLine[];
  /** Everything it wrote, for messages that are not log lines. */
  output(): string;
  /** Until a log line matches; the first such line. */
  logged(pattern: RegExp, options?: { readonly timeoutMs?: number }): Promise<LogLine>;
  /** Status of `/readyz`; 0 while nothing listens. */
  readiness(): Promise<number>;
  /** Until `/readyz` says 200. */
  ready(): Promise<void>;
  /** JSON of a GET. */
  get<T>(path: string): Promise<T>;
  /** SIGTERM, then its exit code. */
  stop(): Promise<number>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Until it ends by itself: its exit code. */
  exited(): Promise<number>;
};

const root = join(import.meta.dirname, "../..");
const setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].find((path) => existsSync(path));

/** The clock scaled to a 1 s scrape; limits of the governor that no test reaches by accident. */
const defaultSettings = {
  cluster: "e2e",
  policies: "policies",
  prometheus: { scrapeInterval: "1s", timeout: "2s" },
  judging: { block: "1s", settle: "300ms", baseline: "20s", warmUpLatency: "1s" },
  leader: { leaseDuration: "4s", renewDeadline: "3s", retryPeriod: "500ms" },
  listen: { host: "127.0.0.1" },
  governor: {
    cooldown: "1s",
    rollbacksPerHour: { workload: 50, namespace: 50, cluster: 50 },
    concurrent: 10,
    sharedCause: { workloads: 50 },
    flap: { rollbacks: 50 },
  },
  verify: { within: "60s" },
};

export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { folder } = options;
  const port = await freePort();
  const settingsPath = join(folder, "settings.yaml");
  await writePolicies(join(folder, "policies"), options.policies);
  const settings = merge(merge(defaultSettings, { listen: { port } }), options.settings);
  await writeFile(settingsPath, stringify(settings));
  return runDaemon({ folder, settingsPath, url: `http://127.0.0.1:${port}` });
}

/** Replaces all policies of a folder. */
async function writePolicies(folder: string, policies: Readonly<Record<string, string>>): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [file, text] of Object.entries(policies)) await writeFile(join(folder, file), text);
}

/** Starts it with the settings file as it is, whatever is in it. */
export function runDaemon(options: { readonly folder: string; readonly settingsPath: string; readonly url: string }): Daemon {
  const { folder, settingsPath, url } = options;
  const args = [join(root, "src/server.ts"), "--settings", settingsPath];
  // As in test/servers: a runner that is killed outright must not leave a daemon behind.
  const [command, all] = setpriv ? [setpriv, ["--pdeathsig", "KILL", process.execPath, ...args]] : [process.execPath, args];
  const child = spawn(command, all, {
    cwd: root,
    env: { PATH: process.env["PATH"] ?? "", HOME: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on("line", (line) => lines.push(line));
  const { promise: ended, resolve, reject } = Promise.withResolvers<number>();
  child.on("error", reject);
  child.on("close", (code) => resolve(code ?? -1));
  let running = true;
  void ended.finally(() => (running = false));

  const log = () => lines.flatMap(parseLogLine);
  const readiness = async () => {
    try {
      return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) })).status;
    } catch {
      return 0;
    }
  };

  return {
    url,
    policyFolder: join(folder, "policies"),
    log,
    output: () => lines.join("\n"),
    readiness,
    logged: (pattern, wait) =>
      waitUntil(`a log line like ${pattern.source}`, () => log().find((line) => pattern.test(JSON.stringify(line))), wait),
    async ready() {
      await waitUntil("the daemon ready", async () => {
        if (!running) throw new GaveUp(`the daemon has ended:\n${lines.slice(-20).join("\n")}`);
        return (await readiness()) === 200;
      });
    },
    async get<T>(path: string) {
      const response = await fetch(`${url}${path}`);
      if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as T;
    },
    async stop() {
      child.kill("SIGTERM");
      return ended;
    },
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
    exited: () => ended,
    async [Symbol.asyncDispose]() {
      if (running) child.kill("SIGKILL");
      await ended;
    },
  };
}

/** The end of its log, for a test that failed. */
export function printLog(daemon: Pick<Daemon, "output">): void {
  process.stdout.write(`The daemon's last lines:\n${daemon.output().split("\n").slice(-80).join("\n")}\n`);
}

function parseLogLine(line: string): readonly LogLine[] {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && "msg" in value && "level" in value ? [value as LogLine] : [];
  } catch {
    return [];
  }
}

/** `over` wins; maps are merged, all else is replaced. */
export function merge(base: SettingsPart, over: SettingsPart): SettingsPart {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key];
    merged[key] = isPart(before) && isPart(value) ? merge(before, value) : value;
  }
  return merged;
}

function isPart(value: unknown): value is SettingsPart {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

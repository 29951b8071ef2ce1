import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { GaveUp, waitUntil } from "./wait-until.ts";

export type ProcessOptions = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** True once the server answers; asked every 50 ms. */
  readonly ready: (signal: AbortSignal) => Promise<boolean>;
  readonly timeoutMs?: number;
};

export type ServerProcess = AsyncDisposable & {
  readonly pid: number;
  /** The last 64 KB of what the process wrote. */
  output(): string;
  /** SIGTERM, then SIGKILL after `graceMs`; returns when the process is gone. */
  stop(graceMs?: number): Promise<void>;
};

const outputLimit = 64 * 1024;
const running = new Set<() => void>();
process.on("exit", () => {
  for (const kill of running) kill();
});

// A runner that is killed outright runs no exit handler; on Linux the kernel ends its servers.
const setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].find((path) => existsSync(path));

/**
 * Starts a server and returns once it is ready. Disposing kills it.
 * @throws Error with the end of the server's output when it exits early or is not ready in time.
 */
export async function startProcess(options: ProcessOptions): Promise<ServerProcess> {
  const { name, timeoutMs = 60_000 } = options;
  const [command, args] = setpriv ? [setpriv, ["--pdeathsig", "KILL", options.command, ...options.args]] : [options.command, options.args];
  const child = spawn(command, args, {
    cwd: options.cwd,
    // A home of their own: nothing of the user's configuration is read or written.
    env: { PATH: process.env["PATH"] ?? "", HOME: options.cwd, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const keep = (text: string) => {
    output = (output + text).slice(-outputLimit);
  };
  child.stdout.setEncoding("utf8").on("data", keep);
  child.stderr.setEncoding("utf8").on("data", keep);

  const kill = () => void child.kill("SIGKILL");
  running.add(kill);
  let ended = false;
  const exited = Promise.withResolvers<void>();
  const end = (how: string) => {
    keep(`\n[${name} ${how}]\n`);
    ended = true;
    running.delete(kill);
    exited.resolve();
  };
  child.on("error", (error) => end(`did not start: ${error.message}`));
  child.on("exit", (code, signal) => end(`ended: ${signal ?? code}`));

  const stop = async (graceMs = 5_000): Promise<void> => {
    if (ended) return;
    if (graceMs > 0) child.kill("SIGTERM");
    const timer = setTimeout(kill, graceMs);
    await exited.promise;
    clearTimeout(timer);
  };

  try {
    await waitUntil(
      `${name} ready`,
      async (signal) => {
        if (ended) throw new GaveUp(`${name} ended before it was ready`);
        return options.ready(signal);
      },
      { timeoutMs },
    );
  } catch (error) {
    await stop(0);
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${reason}; its last output:\n${output.slice(-8_000)}`, { cause: error });
  }
  return {
    pid: child.pid ?? 0,
    output: () => output,
    stop,
    // What it stored is thrown away with it: no reason to wait for a graceful end.
    [Symbol.asyncDispose]: () => stop(0),
  };
}

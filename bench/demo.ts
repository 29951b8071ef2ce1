// How long a newcomer waits for the first rollback: the command as it is typed, on the real clock.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const withinSeconds = 30;
const giveUpSeconds = 120;

export async function run(_args: readonly string[]): Promise<boolean> {
  const startedAt = performance.now();
  // In a group of its own: npm does not hand every signal on to what it runs.
  const child = spawn("npm", ["run", "--silent", "demo", "--", "--no-color"], { detached: true, stdio: ["ignore", "pipe", "inherit"] });
  const timer = setTimeout(() => stop("SIGKILL"), giveUpSeconds * 1000);
  let seconds = Infinity;
  try {
    for await (const line of createInterface(child.stdout)) {
      if (!/\brolled back\b/.test(line)) continue;
      seconds = (performance.now() - startedAt) / 1000;
      break;
    }
  } finally {
    clearTimeout(timer);
    await ended();
  }
  console.log(`npm run demo to the first rollback on screen          ${seconds.toFixed(1)} s (target <= ${withinSeconds} s)`);
  return seconds <= withinSeconds;

  function stop(signal: NodeJS.Signals): void {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, signal);
  }

  /** Ctrl-C, as a person would; killed when it does not listen. */
  async function ended(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.once("exit", () => resolve());
    stop("SIGINT");
    const deadline = setTimeout(() => stop("SIGKILL"), 10_000);
    await promise;
    clearTimeout(deadline);
  }
}

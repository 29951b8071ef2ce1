import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

export type KubectlResult = {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
};

/**
 * Runs kubectl, the oracle for what a rollback must leave. A failure is an answer (`code`), not an error.
 * @param options.timeoutMs kubectl is killed after this, 60 s unless told.
 */
export async function runKubectl(
  options: {
    readonly binary: string;
    readonly kubeconfigPath: string;
    /** Where its discovery cache goes, so that the user's own is not touched. */
    readonly folder: string;
    readonly timeoutMs?: number;
  },
  args: readonly string[],
  stdin = "",
): Promise<KubectlResult> {
  const child = spawn(options.binary, ["--kubeconfig", options.kubeconfigPath, ...args], {
    cwd: options.folder,
    env: { PATH: process.env["PATH"] ?? "", HOME: options.folder },
    timeout: options.timeoutMs ?? 60_000,
    killSignal: "SIGKILL",
  });
  const { promise: code, resolve, reject } = Promise.withResolvers<number>();
  child.on("error", reject);
  child.on("close", (exitCode) => resolve(exitCode ?? -1));
  // It may end before it has read everything; its exit code says so.
  child.stdin.on("error", () => {});
  child.stdin.end(stdin);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { stdout, stderr, code: await code };
}

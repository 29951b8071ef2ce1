import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureServers } from "../servers/build.ts";
import { runKubectl } from "../servers/kubectl.ts";
import type { Servers } from "../support/servers.ts";

/** `kubectl` itself; only where the real servers are. */
export async function kubectl(servers: Servers, args: readonly string[], stdin?: string): Promise<string> {
  const { kubectl: binary } = await ensureServers();
  const folder = await mkdtemp(join(tmpdir(), "rearguard-kubectl-"));
  try {
    const { stdout, stderr, code } = await runKubectl({ binary, kubeconfigPath: servers.kubeconfigPath, folder }, args, stdin);
    if (code !== 0) throw new Error(stderr);
    return stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

import { join } from "node:path";
import { fetch } from "undici";
import { freePort } from "./free-port.ts";
import { startProcess } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

/**
 * kwok plays the kubelet of every node: pods get addresses of `cidr` and go through `stages.yaml`.
 * It runs no containers; the fleet listens on the pods' addresses.
 */
export async function startKwok(options: {
  readonly binary: string;
  readonly folder: string;
  readonly kubeconfigPath: string;
  readonly cidr: string;
}): Promise<ServerProcess> {
  const port = await freePort();
  return startProcess({
    name: "kwok",
    command: options.binary,
    args: [
      `--kubeconfig=${options.kubeconfigPath}`,
      "--manage-all-nodes=true",
      `--config=${join(import.meta.dirname, "stages.yaml")}`,
      `--cidr=${options.cidr}`,
      "--node-lease-duration-seconds=40",
      `--server-address=127.0.0.1:${port}`,
    ],
    cwd: options.folder,
    ready: async (signal) => (await fetch(`http://127.0.0.1:${port}/healthz`, { signal })).ok,
  });
}

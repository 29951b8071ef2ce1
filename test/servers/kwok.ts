import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fetch } from "undici";
import { startProcess } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

/** What every container's log says here, whatever it ran. */
export const logLine = "expected 200, got 500";

/**
 * kwok plays the kubelet of every node: pods get addresses of `cidr` and go through `stages.yaml`.
 * It runs no containers; the fleet listens on the pods' addresses. The API server asks it at `port` for logs.
 */
export async function startKwok(options: {
  readonly binary: string;
  readonly folder: string;
  readonly kubeconfigPath: string;
  readonly cidr: string;
  readonly port: number;
}): Promise<ServerProcess> {
  const { port, folder } = options;
  const logsFile = join(folder, "container.log");
  const logs = { apiVersion: "kwok.x-k8s.io/v1alpha1", kind: "ClusterLogs", metadata: { name: "all" }, spec: { logs: [{ logsFile }] } };
  await writeFile(logsFile, `2026-11-23T12:00:00.000000000Z stdout F ${logLine}\n`);
  await writeFile(join(folder, "logs.yaml"), JSON.stringify(logs));
  return startProcess({
    name: "kwok",
    command: options.binary,
    args: [
      `--kubeconfig=${options.kubeconfigPath}`,
      "--manage-all-nodes=true",
      `--config=${join(import.meta.dirname, "stages.yaml")}`,
      `--config=${join(folder, "logs.yaml")}`,
      `--cidr=${options.cidr}`,
      "--node-lease-duration-seconds=40",
      `--server-address=127.0.0.1:${port}`,
    ],
    cwd: folder,
    ready: async (signal) => (await fetch(`http://127.0.0.1:${port}/healthz`, { signal })).ok,
  });
}

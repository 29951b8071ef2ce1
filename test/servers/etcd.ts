import { join } from "node:path";
import { fetch } from "undici";
import { freePort } from "./free-port.ts";
import { startProcess } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

export type Etcd = ServerProcess & { readonly url: string };

/** A single etcd that does not sync to disk: its data is thrown away with the folder. */
export async function startEtcd(options: { readonly binary: string; readonly folder: string }): Promise<Etcd> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const peerUrl = `http://127.0.0.1:${await freePort()}`;
  const server = await startProcess({
    name: "etcd",
    command: options.binary,
    args: [
      `--data-dir=${join(options.folder, "etcd")}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
      "--unsafe-no-fsync",
      "--log-level=error",
    ],
    cwd: options.folder,
    ready: async (signal) => (await fetch(`${url}/health`, { signal })).ok,
  });
  return { ...server, url };
}

import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fetch } from "undici";
import { stringify } from "yaml";
import { ensureDebianProgram } from "./debian-program.ts";
import { freePort } from "./free-port.ts";
import { startProcess } from "./server-process.ts";
import { makeTempDir } from "./temp-dir.ts";

const debian = {
  name: "prometheus-alertmanager",
  version: "0.25.0-1+b4",
  called: "Alertmanager",
  instead: "Alertmanager",
  assets: "/usr/share/prometheus/alertmanager",
};

export type AlertmanagerPair = AsyncDisposable & {
  /** host:port of each, as Prometheus wants them. */
  readonly targets: readonly string[];
  /** Posts that one receiver took, and tries that failed, over both. */
  notified(): Promise<{ readonly sent: number; readonly failed: number }>;
};

/** Two peers of one cluster, reserved ahead of what they post to. */
export async function reserveAlertmanagers(): Promise<{
  readonly targets: readonly string[];
  start(config: object): Promise<AlertmanagerPair>;
}> {
  const ports = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  const [web, gossip] = [ports.slice(0, 2), ports.slice(2)];
  const targets = web.map((port) => `127.0.0.1:${port}`);
  return {
    targets,
    async start(config) {
      await using stack = new AsyncDisposableStack();
      const command = await ensureDebianProgram(debian);
      const folder = stack.use(await makeTempDir("alertmanager")).path;
      await symlink(join(dirname(command), "assets"), join(folder, "assets"));
      const configPath = join(folder, "alertmanager.yml");
      await writeFile(configPath, stringify(config));
      const peers = gossip.map((port) => `--cluster.peer=127.0.0.1:${port}`);
      for (const [at, target] of targets.entries()) {
        const data = join(folder, `data-${at}`);
        await mkdir(data);
        const server = await startProcess({
          name: `alertmanager ${at}`,
          command,
          args: [
            `--config.file=${configPath}`,
            `--storage.path=${data}`,
            `--web.listen-address=${target}`,
            `--cluster.listen-address=127.0.0.1:${gossip[at]}`,
            // The second one posts if it has not heard from the first by then.
            "--cluster.peer-timeout=1s",
            "--cluster.settle-timeout=1s",
            "--log.level=warn",
            ...peers,
          ],
          cwd: folder,
          ready: async (signal) => (await fetch(`http://${target}/-/ready`, { signal })).ok,
        });
        stack.use(server);
      }
      const owned = stack.move();
      return { targets, notified: () => notifiedBy(targets), [Symbol.asyncDispose]: () => owned.disposeAsync() };
    },
  };
}

async function notifiedBy(targets: readonly string[]) {
  const pages = await Promise.all(targets.map(async (target) => (await fetch(`http://${target}/metrics`)).text()));
  const sum = (name: string) =>
    pages.reduce((all, page) => all + Number(new RegExp(`^${name}\\{integration="webhook"\\} (\\d+)`, "m").exec(page)?.[1] ?? 0), 0);
  return { sent: sum("alertmanager_notifications_total"), failed: sum("alertmanager_notifications_failed_total") };
}

import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Cluster } from "../servers/cluster.ts";
import { startFleet } from "../servers/fleet.ts";
import type { Fleet } from "../servers/fleet.ts";
import { writeKubeconfig } from "../servers/kubeconfig.ts";
import { makeTempDir } from "../servers/temp-dir.ts";
import { merge, startDaemon } from "./daemon.ts";
import type { Daemon, SettingsPart } from "./daemon.ts";
import { startReceiver } from "./receiver.ts";
import type { Receiver } from "./receiver.ts";

export type DaemonRequest = {
  /** Text by file name. */
  readonly policies: Readonly<Record<string, string>>;
  readonly settings?: SettingsPart;
  /** The account of `deploy/rbac` unless told. */
  readonly kubeconfig?: string;
};

/** A cluster with pods that answer, ours installed in it as our manifests say, and somebody to tell. */
export type World = AsyncDisposable & {
  readonly cluster: Cluster;
  readonly fleet: Fleet;
  readonly receiver: Receiver;
  /** Settings that send annotations to the receiver. */
  grafana(): Promise<SettingsPart>;
  /** A folder of its own for each daemon; several stop and start again in one. */
  daemonFolder(): Promise<string>;
  /** Starts a daemon that is disposed with the world at the latest; not yet ready. */
  startDaemon(request: DaemonRequest & { readonly folder?: string }): Promise<Daemon>;
};

const deployFolder = join(import.meta.dirname, "../../deploy");
export const ourAccount = { namespace: "rearguard", name: "rearguard" } as const;

/** Takes over a running cluster: it is disposed with the world. */
export async function createWorld(cluster: Cluster): Promise<World> {
  await using stack = new AsyncDisposableStack();
  stack.use(cluster);
  const kubeconfig = await install(cluster);
  const receiver = stack.use(await startReceiver());
  const fleet = stack.use(await startFleet({ client: cluster.fleetClient, cidr: cluster.cidr }));
  const daemons = stack.use(new AsyncDisposableStack());
  const owned = stack.move();
  const daemonFolder = async () => owned.use(await makeTempDir("daemon")).path;
  return {
    cluster,
    fleet,
    receiver,
    daemonFolder,
    async grafana() {
      const tokenFile = join(await daemonFolder(), "grafana-token");
      await writeFile(tokenFile, "glsa_test\n");
      return { grafana: { url: receiver.grafanaUrl, tokenFile } };
    },
    async startDaemon(request) {
      const ours = {
        kubernetes: { kubeconfig: request.kubeconfig ?? kubeconfig },
        prometheus: { url: cluster.prometheusUrl },
        webhooks: [{ name: "test", url: receiver.webhookUrl }],
      };
      const settings = merge(ours, request.settings ?? {});
      const folder = request.folder ?? (await daemonFolder());
      return daemons.use(await startDaemon({ folder, settings, policies: request.policies }));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Custom resource, account and role as we ship them; gives the account's kubeconfig. */
async function install(cluster: Cluster): Promise<string> {
  const { namespace, name } = ourAccount;
  const manifests = [
    "crds",
    "rbac/service-account.yaml",
    "rbac/observe.yaml",
    "rbac/enforce.yaml",
    "rbac/jobs.yaml",
    "rbac/remediate.yaml",
    "rbac/diagnose.yaml",
  ];
  await must(cluster, ["create", "namespace", namespace]);
  await must(cluster, ["apply", ...manifests.flatMap((path) => ["-f", join(deployFolder, path)])]);
  await must(cluster, ["wait", "--for=condition=Established", "crd/guards.rearguard.dev", "--timeout=30s"]);
  const token = await must(cluster, ["create", "token", name, `--namespace=${namespace}`, "--duration=1h"]);
  const path = join(dirname(cluster.caPath), `kubeconfig-${namespace}-${name}`);
  return writeKubeconfig(path, { server: cluster.apiServerUrl, caPath: cluster.caPath, token: token.trim() });
}

/** Runs kubectl and gives what it printed. */
export async function must(cluster: Cluster, args: readonly string[], stdin?: string): Promise<string> {
  const { code, stdout, stderr } = await cluster.kubectl(args, stdin);
  if (code === 0) return stdout;
  throw new Error(`kubectl ${args.join(" ")}: ${stderr}`);
}

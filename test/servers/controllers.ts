import { Agent, fetch } from "undici";
import type { Credentials } from "./certificate.ts";
import { freePort } from "./free-port.ts";
import { startProcess } from "./server-process.ts";

export type ControllersOptions = {
  readonly binaries: {
    readonly "kube-controller-manager": string;
    readonly "kube-scheduler": string;
  };
  readonly folder: string;
  readonly kubeconfigs: {
    readonly "kube-controller-manager": string;
    readonly "kube-scheduler": string;
  };
  readonly credentials: Credentials;
};

/** The controller manager and the scheduler: Deployments make ReplicaSets, pods get a node. */
export async function startControllers(options: ControllersOptions): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const probe = stack.use(localProbe());
  const start = async (name: "kube-controller-manager" | "kube-scheduler", args: readonly string[]) => {
    const port = await freePort();
    return startProcess({
      name,
      command: options.binaries[name],
      args: [
        `--kubeconfig=${options.kubeconfigs[name]}`,
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
        `--secure-port=${port}`,
        // /healthz may be asked by anyone; nothing else is served to a test.
        `--cert-dir=${options.folder}/${name}-certs`,
        ...args,
      ],
      cwd: options.folder,
      ready: (signal) => probe.ok(`https://127.0.0.1:${port}/healthz`, signal),
    });
  };
  const started = await Promise.allSettled([
    start("kube-controller-manager", [
      `--service-account-private-key-file=${options.credentials.serviceAccountKeyPath}`,
      // 15 s by default: too long to wait for in a test.
      "--horizontal-pod-autoscaler-sync-period=1s",
      // The API refuses loopback addresses in endpoints, so these two would fail for ever.
      "--controllers=*,-node-ipam-controller,-endpointslice-controller,-endpoints-controller",
    ]),
    start("kube-scheduler", []),
  ]);
  for (const result of started) if (result.status === "fulfilled") stack.use(result.value);
  for (const result of started) if (result.status === "rejected") throw result.reason;
  return stack.move();
}

function localProbe() {
  // Their certificates are made at start and signed by nobody.
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  return {
    ok: async (url: string, signal: AbortSignal) => (await fetch(url, { dispatcher, signal })).ok,
    [Symbol.asyncDispose]: () => dispatcher.destroy(),
  };
}

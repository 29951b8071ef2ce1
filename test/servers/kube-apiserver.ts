import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Credentials } from "./certificate.ts";
import type { KubeClient } from "./kube-client.ts";
import { startProcess } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

/** One token per part of the cluster, so that the audit log tells who wrote. */
export const tokens = {
  admin: "admintoken",
  "kube-controller-manager": "controllermanagertoken",
  "kube-scheduler": "schedulertoken",
  kwok: "kwoktoken",
  prometheus: "prometheustoken",
  fleet: "fleettoken",
} as const;

/** Everything written is recorded with its body, nothing that is only read. */
const auditPolicy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  omitManagedFields: true,
  rules: [
    { level: "None", verbs: ["get", "list", "watch"] },
    // The node's own lease says nothing about us and is renewed all the time.
    { level: "None", namespaces: ["kube-node-lease"] },
    { level: "Request" },
  ],
};

/**
 * A kube-apiserver with static tokens, RBAC and an audit log.
 * Started again on the same port and etcd it is the same API server after an outage.
 */
export async function startKubeApiserver(options: {
  readonly binary: string;
  readonly folder: string;
  readonly port: number;
  readonly etcdUrl: string;
  readonly credentials: Credentials;
  readonly auditLogPath: string;
  /** A client with the admin token, to ask whether the server is ready. */
  readonly client: KubeClient;
}): Promise<ServerProcess> {
  const { folder, credentials } = options;
  const tokensPath = join(folder, "tokens.csv");
  const policyPath = join(folder, "audit-policy.json");
  const lines = Object.entries(tokens).map(([user, token]) => [token, user, user, "system:masters"].join(","));
  await writeFile(tokensPath, `${lines.join("\n")}\n`, { mode: 0o600 });
  await writeFile(policyPath, JSON.stringify(auditPolicy));
  return startProcess({
    name: "kube-apiserver",
    command: options.binary,
    args: [
      `--etcd-servers=${options.etcdUrl}`,
      "--bind-address=127.0.0.1",
      `--secure-port=${options.port}`,
      `--tls-cert-file=${credentials.certPath}`,
      `--tls-private-key-file=${credentials.keyPath}`,
      `--cert-dir=${join(folder, "apiserver-certs")}`,
      `--token-auth-file=${tokensPath}`,
      "--authorization-mode=RBAC",
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-key-file=${credentials.serviceAccountPublicKeyPath}`,
      `--service-account-signing-key-file=${credentials.serviceAccountKeyPath}`,
      "--service-cluster-ip-range=10.0.0.0/24",
      // Pods need no account of their own here.
      "--disable-admission-plugins=ServiceAccount",
      "--endpoint-reconciler-type=none",
      `--audit-policy-file=${policyPath}`,
      `--audit-log-path=${options.auditLogPath}`,
    ],
    cwd: folder,
    ready: (signal) => options.client.answers("/readyz", signal),
  });
}

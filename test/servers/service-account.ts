import { join } from "node:path";
import type { KubeClient } from "./kube-client.ts";
import { writeKubeconfig } from "./kubeconfig.ts";

export type PolicyRule = {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
};

export type AccountRequest = {
  readonly namespace: string;
  readonly name: string;
  /** What it may do: nothing else is allowed to it, which is what a test of our roles needs. */
  readonly rules: readonly PolicyRule[];
  /** `cluster` (unless told) binds a ClusterRole, `namespace` a Role in the account's namespace. */
  readonly scope?: "cluster" | "namespace";
};

/**
 * Makes a service account with exactly these rules and writes a kubeconfig with its token (1 h).
 * Its user name is `system:serviceaccount:<namespace>:<name>`. The namespace must exist.
 * @returns the kubeconfig's path.
 */
export async function makeAccount(
  options: {
    readonly client: KubeClient;
    readonly server: string;
    readonly caPath: string;
    readonly folder: string;
  },
  account: AccountRequest,
): Promise<string> {
  const { client } = options;
  const { namespace, name, rules, scope = "cluster" } = account;
  const core = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await client.request("POST", core, { body: { metadata: { name } } });

  const kind = scope === "cluster" ? "ClusterRole" : "Role";
  const group = "/apis/rbac.authorization.k8s.io/v1";
  const base = scope === "cluster" ? group : `${group}/namespaces/${namespace}`;
  const metadata = { name: scope === "cluster" ? `${namespace}-${name}` : name };
  await client.request("POST", `${base}/${kind.toLowerCase()}s`, { body: { metadata, rules } });
  await client.request("POST", `${base}/${kind.toLowerCase()}bindings`, {
    body: {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name: metadata.name },
      subjects: [{ kind: "ServiceAccount", namespace, name }],
    },
  });

  type TokenRequest = { readonly status: { readonly token: string } };
  const { status } = await client.request<TokenRequest>("POST", `${core}/${name}/token`, {
    body: {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: { expirationSeconds: 3600 },
    },
  });
  const path = join(options.folder, `kubeconfig-${namespace}-${name}`);
  return writeKubeconfig(path, {
    server: options.server,
    caPath: options.caPath,
    token: status.token,
  });
}

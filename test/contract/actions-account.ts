import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fastify from "fastify";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { createKubernetesApi } from "../../src/clients/kubernetes/api.ts";
import type { KubernetesApi } from "../../src/clients/kubernetes/api.ts";
import { loadKubeConfig } from "../../src/clients/kubernetes/config.ts";
import { dig, text } from "../../src/clients/kubernetes/raw.ts";
import { systemClock } from "../../src/clock.ts";
import { registerKubernetesApi } from "../../src/sandbox/kubernetes/api.ts";
import { createSandbox } from "../../src/sandbox/sandbox.ts";
import { makeTempDir } from "../servers/temp-dir.ts";
import { startServers } from "../support/servers.ts";

export type RoleFile =
  | "service-account"
  | "observe"
  | "enforce"
  | "observe-namespaced"
  | "enforce-namespaced"
  | "jobs-namespaced"
  | "diagnose"
  | "remediate"
  | "remediate-namespaced";

const rule = z.object({ apiGroups: z.array(z.string()), resources: z.array(z.string()), verbs: z.array(z.string()) });
const manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.enum(["ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"]),
  metadata: z.object({ name: z.string(), namespace: z.string().optional() }),
  rules: z.array(rule).optional(),
});
type Manifest = z.output<typeof manifest>;

/** One cluster, seen by an administrator and by the account that files of deploy/rbac make. */
export interface UnderRoles extends AsyncDisposable {
  readonly admin: KubernetesApi;
  readonly account: KubernetesApi;
}

export async function startUnderRoles(files: readonly RoleFile[]): Promise<UnderRoles> {
  const documents = (await Promise.all(files.map(manifests))).flat();
  return process.env["REARGUARD_SERVERS"] === "real" ? startReal(documents) : startSandbox(documents);
}

/** The manifests as shipped; the example namespace becomes `default`. */
async function manifests(file: RoleFile): Promise<readonly Manifest[]> {
  const content = await readFile(new URL(`../../deploy/rbac/${file}.yaml`, import.meta.url), "utf8");
  return parseAllDocuments(content.replaceAll("namespace: shop", "namespace: default")).map((each) => manifest.parse(each.toJS()));
}

/** Applies the files as an administrator would and takes a token of the account: RBAC itself decides. */
async function startReal(documents: readonly Manifest[]): Promise<UnderRoles> {
  await using stack = new AsyncDisposableStack();
  const { api: admin, kubeconfigPath } = stack.use(await startServers());
  await admin.post("/api/v1/namespaces", { metadata: { name: "rearguard" } });
  for (const each of documents) await admin.post(pathOf(each), each);
  const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3600 } };
  const path = "/api/v1/namespaces/rearguard/serviceaccounts/rearguard/token";
  const token = text(dig(await admin.post(path, request, { expect: "any" }), "status", "token"));
  const kubeconfig = JSON.parse(await readFile(kubeconfigPath, "utf8")) as { readonly users: readonly object[] };
  const account = await open(stack, JSON.stringify({ ...kubeconfig, users: [{ ...kubeconfig.users[0], user: { token } }] }));
  const owned = stack.move();
  return { admin, account, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The sandbox keeps no roles: a second server over the same cluster refuses what the files' rules do not name. */
async function startSandbox(documents: readonly Manifest[]): Promise<UnderRoles> {
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await createSandbox({ seed: 1, now: systemClock.now(), scrapeIntervalMs: 1000, services: [] }));
  sandbox.run();
  const rules = documents.flatMap((each) => each.rules ?? []);
  const front = stack.adopt(fastify(), (app) => app.close());
  const denied = (verb: string, resource: string) => !rules.some((each) => each.resources.includes(resource) && each.verbs.includes(verb));
  registerKubernetesApi(front, sandbox.cluster, { denied });
  const url = await front.listen({ host: "127.0.0.1", port: 0 });
  const admin = await open(stack, sandbox.kubeconfig());
  await admin.post("/api/v1/namespaces", { metadata: { name: "rearguard" } });
  const account = await open(stack, sandbox.kubeconfig().replace(sandbox.kubernetesUrl, url));
  const owned = stack.move();
  return { admin, account, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function open(stack: AsyncDisposableStack, kubeconfig: string): Promise<KubernetesApi> {
  const path = join(stack.use(await makeTempDir("account")).path, "kubeconfig");
  await writeFile(path, kubeconfig, { mode: 0o600 });
  const connector = stack.adopt(loadKubeConfig({ path }), (config) => config.close());
  return createKubernetesApi({ connector, clock: systemClock });
}

function pathOf({ apiVersion, kind, metadata }: Manifest): string {
  const root = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
  return `${root}${metadata.namespace === undefined ? "" : `/namespaces/${metadata.namespace}`}/${kind.toLowerCase()}s`;
}

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";

/** A policy that acts on the whole shop; `rest` of its spec, indented by two. */
export function shopPolicy(rest: string): string {
  return `apiVersion: rearguard.dev/v1alpha1
kind: Policy
metadata: { name: shop }
spec:
  match: { namespaces: [shop] }
  mode: enforce
${rest}`;
}

const usualPolicy = shopPolicy(`
  window: 10m
  signals:
    errors:  { http: { preset: prom-client, errors: { limit: 1%, worseThanOld: 1.5x } } }
    latency: { http: { preset: prom-client, slower: { p95: 250ms } } }
    pods:    { pods: { restarts: 2 } }
`);

/** Policies, kubeconfig, token and settings as a daemon finds them. `settings` stand over the usual ones, one level deep. */
export async function writeWorldFiles(
  folder: string,
  sandbox: Sandbox,
  options: {
    readonly policy?: string;
    readonly logs?: boolean;
    readonly scrapeS: number;
    readonly settings?: Readonly<Record<string, object>>;
    readonly files?: Readonly<Record<string, string>>;
  },
): Promise<void> {
  const { policy = usualPolicy, scrapeS, settings = {} } = options;
  await mkdir(join(folder, "policies"));
  await writeFile(join(folder, "policies", "policy.yaml"), policy);
  await writeFile(join(folder, "kubeconfig.yaml"), sandbox.kubeconfig());
  await writeFile(join(folder, "grafana-token"), "glsa_world_token");
  for (const [name, text] of Object.entries(options.files ?? {})) await writeFile(join(folder, name), text);
  const usual: Readonly<Record<string, object | string>> = {
    cluster: "world",
    policies: "policies",
    kubernetes: { kubeconfig: "kubeconfig.yaml" },
    prometheus: { url: sandbox.prometheusUrl, scrapeInterval: `${scrapeS}s` },
    ...(options.logs === true ? { elasticsearch: { url: sandbox.elasticsearchUrl } } : {}),
    judging: { block: `${scrapeS}s`, settle: "500ms", baseline: "10m" },
    listen: { host: "127.0.0.1", port: 0 },
    grafana: { url: sandbox.receiverUrl, tokenFile: "grafana-token" },
    webhooks: [{ name: "ops", url: `${sandbox.receiverUrl}/webhook` }],
    log: { level: "silent" },
  };
  const merged = Object.entries(settings).map(([key, part]) => {
    const before = usual[key];
    return [key, Array.isArray(part) || typeof before !== "object" ? part : { ...before, ...part }];
  });
  await writeFile(join(folder, "settings.yaml"), stringify({ ...usual, ...Object.fromEntries(merged) }));
}

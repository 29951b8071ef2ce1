import type { PodTemplate } from "../../sandbox/kubernetes/object.ts";
import type { Scenario } from "./scenarios.ts";

export const namespace = "shop";
const replicas = 6;

/** The manifest of one service as an engineer would have written it: nothing in it knows of Rearguard. */
export function deployment(service: string, image: string): object {
  const labels = { app: service };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: service, namespace, labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: { labels, annotations: { "sandbox.rearguard.dev/error-rate": "0.001" } },
        spec: { containers: [{ name: service, image, ports: [{ containerPort: 8080 }] }] },
      },
    },
  };
}

export function serviceOf(name: string): object {
  return { apiVersion: "v1", kind: "Service", metadata: { name, namespace }, spec: { selector: { app: name }, ports: [{ port: 8080 }] } };
}

/** The template after the release that the scenario tells of. */
export function released(template: PodTemplate, scenario: Scenario): PodTemplate {
  const containers = template.spec.containers.map((container) => ({ ...container, image: scenario.image }));
  return {
    ...template,
    metadata: { ...template.metadata, annotations: { ...scenario.behaviour } },
    spec: { ...template.spec, containers },
  };
}

export const policy = `apiVersion: rearguard.dev/v1alpha1
kind: Policy
metadata: { name: shop }
spec:
  match: { namespaces: [shop] }
  mode: enforce
  window: 15s
  sustain: 2s
  signals:
    errors:  { http: { preset: prom-client, errors: { limit: 1%, worseThanOld: 1.5x } } }
    latency: { http: { preset: prom-client, slower: { p95: 500ms } } }
    pods:    { pods: { restarts: 2 } }
`;

/**
 * Everything in seconds where production has tens of seconds: scrapes, blocks and windows keep their proportions. `settle`: the faster the
 * clock, the longer a busy machine is late by it.
 */
export function settings(urls: { readonly prometheus: string; readonly receiver: string }, tokenFile: string, settle: string): object {
  return {
    cluster: "demo",
    policies: "policies",
    kubernetes: { kubeconfig: "kubeconfig.yaml" },
    prometheus: { url: urls.prometheus, scrapeInterval: "1s" },
    judging: { block: "1s", settle, baseline: "60s", warmUpLatency: "0s" },
    leader: { namespace: "rearguard" },
    listen: { host: "127.0.0.1", port: 0 },
    grafana: { url: urls.receiver, tokenFile },
    webhooks: [{ name: "demo", url: `${urls.receiver}/webhook` }],
    log: { level: "error" },
  };
}

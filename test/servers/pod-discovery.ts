import { cidrPattern } from "./cidr.ts";

/** Scrapes port 8080 of every running pod of `cidr` that the API server knows, under labels `pod` and `namespace`. */
export function podDiscovery(options: {
  readonly apiServerUrl: string;
  readonly token: string;
  readonly caPath: string;
  /** Pods outside are somebody else's: several clusters share the loopback. */
  readonly cidr: string;
}) {
  return {
    job_name: "pods",
    kubernetes_sd_configs: [
      {
        role: "pod",
        api_server: options.apiServerUrl,
        authorization: { credentials: options.token },
        tls_config: { ca_file: options.caPath },
      },
    ],
    relabel_configs: [
      {
        source_labels: ["__meta_kubernetes_pod_ip"],
        regex: cidrPattern(options.cidr),
        action: "keep",
      },
      {
        source_labels: ["__meta_kubernetes_pod_phase"],
        regex: "Pending|Succeeded|Failed",
        action: "drop",
      },
      {
        source_labels: ["__meta_kubernetes_pod_ip"],
        target_label: "__address__",
        replacement: "$1:8080",
      },
      { source_labels: ["__meta_kubernetes_pod_name"], target_label: "pod" },
      { source_labels: ["__meta_kubernetes_namespace"], target_label: "namespace" },
    ],
  };
}

import { nodeName } from "./node/kubelet.ts";
import { hostIp } from "./node/pod-status.ts";
import { namespaces, nodes } from "./resource-type.ts";
import type { Registry } from "./registry.ts";

/** What every new cluster has: four namespaces and, here, one node. */
export function seed(registry: Registry): void {
  const writer = { manager: "kube-apiserver" };
  for (const name of ["default", "kube-node-lease", "kube-public", "kube-system"])
    registry.create(namespaces, "", { metadata: { name } }, writer);
  const resources = { cpu: "64", memory: "256Gi", pods: "500" };
  const status = {
    allocatable: resources,
    capacity: resources,
    addresses: [{ type: "InternalIP", address: hostIp }],
    conditions: [{ type: "Ready", status: "True", reason: "KubeletReady", message: "kubelet is posting ready status" }],
    nodeInfo: { kubeletVersion: "v1.37.2" },
  };
  const labels = { "kubernetes.io/hostname": nodeName, "kubernetes.io/os": "linux" };
  registry.create(nodes, "", { metadata: { name: nodeName, labels }, spec: {}, status }, writer);
}

import type { JsonObject, Pod, Service } from "../object.ts";
import { endpointSlices, pods, services } from "../resource-type.ts";
import { isSame } from "../same.ts";
import { matchesSelector } from "../selector.ts";
import { findCondition } from "./conditions.ts";
import { manager } from "./control-plane.ts";
import type { ControlPlane, Sync } from "./control-plane.ts";

const serviceLabel = "kubernetes.io/service-name";

/** Writes the addresses of a Service's pods into one EndpointSlice. */
export function endpointController(plane: ControlPlane): Sync {
  return function sync(namespace, name) {
    const service = plane.store.get(services, namespace, name) as Service | undefined;
    if (!service?.spec.selector) return undefined;
    const slice = plane.ownership.dependents(service, endpointSlices)[0];
    const wanted = { endpoints: endpointsOf(plane, service), ports: portsOf(plane, service) };
    if (slice && isSame(slice["endpoints"], wanted.endpoints) && isSame(slice["ports"], wanted.ports)) return undefined;
    if (slice) {
      plane.registry.update(endpointSlices, namespace, slice.metadata.name, (current) => ({ ...current, ...wanted }), { manager });
      return undefined;
    }
    const { uid } = service.metadata;
    const owner = { apiVersion: "v1", kind: "Service", name, uid, controller: true, blockOwnerDeletion: true };
    const labels = {
      ...service.metadata.labels,
      [serviceLabel]: name,
      "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
    };
    const body = { metadata: { generateName: `${name}-`, labels, ownerReferences: [owner] }, addressType: "IPv4", ...wanted };
    plane.registry.create(endpointSlices, namespace, body, { manager });
    return undefined;
  };
}

function podsOfService(plane: ControlPlane, service: Service): Pod[] {
  const all = plane.store.list(pods, service.metadata.namespace) as Pod[];
  return all.filter((pod) => matchesSelector({ matchLabels: service.spec.selector ?? {} }, pod.metadata.labels));
}

function endpointsOf(plane: ControlPlane, service: Service): JsonObject[] {
  const withAddress = podsOfService(plane, service).filter((pod) => pod.status.podIP !== undefined);
  return withAddress.map((pod) => {
    const terminating = pod.metadata.deletionTimestamp !== undefined;
    const serving = findCondition(pod.status.conditions, "Ready")?.status === "True";
    return {
      addresses: [pod.status.podIP],
      conditions: { ready: serving && !terminating, serving, terminating },
      nodeName: pod.spec.nodeName,
      targetRef: { kind: "Pod", namespace: pod.metadata.namespace, name: pod.metadata.name, uid: pod.metadata.uid },
    };
  });
}

function portsOf(plane: ControlPlane, service: Service): JsonObject[] {
  return (service.spec.ports ?? []).map(({ name = "", port, targetPort = port, protocol = "TCP" }) => ({
    name,
    port: typeof targetPort === "number" ? targetPort : (namedPort(plane, service, targetPort) ?? port),
    protocol,
  }));
}

function namedPort(plane: ControlPlane, service: Service, wanted: string): number | undefined {
  const containers = podsOfService(plane, service)[0]?.spec.containers ?? [];
  const ports = containers.flatMap((container) => (Array.isArray(container["ports"]) ? (container["ports"] as JsonObject[]) : []));
  const found = ports.find((port) => port["name"] === wanted)?.["containerPort"];
  return typeof found === "number" ? found : undefined;
}

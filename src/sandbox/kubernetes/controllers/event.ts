import { randomUid } from "../metadata.ts";
import { kubeTime } from "../object.ts";
import type { KubeObject } from "../object.ts";
import type { ControlPlane } from "./control-plane.ts";

/** A core/v1 Event as controllers write it. */
export function newEvent(
  plane: ControlPlane,
  about: KubeObject,
  type: "Normal" | "Warning",
  reason: string,
  message: string,
  component: string,
): KubeObject {
  const { namespace = "default", name, uid, resourceVersion } = about.metadata;
  const at = kubeTime(plane.now());
  const serial = (plane.store.version + plane.now() * 1000).toString(16);
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: `${name}.${serial}`, namespace, uid: randomUid(plane.random), resourceVersion: "", creationTimestamp: at },
    involvedObject: { kind: about.kind, namespace, name, uid, apiVersion: about.apiVersion, resourceVersion },
    reason,
    message,
    type,
    source: { component, firstTimestamp: at, lastTimestamp: at, count: 1 },
    eventTime: null,
    reportingComponent: component,
    reportingInstance: "",
  };
}

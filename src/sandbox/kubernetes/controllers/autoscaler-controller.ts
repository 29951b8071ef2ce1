import { isObject, textOf } from "../object.ts";
import type { Deployment, JsonObject } from "../object.ts";
import { autoscalers, deployments } from "../resource-type.ts";
import { isSame } from "../same.ts";
import { manager } from "./control-plane.ts";
import type { ControlPlane, Sync } from "./control-plane.ts";

/**
 * Brings a Deployment that is scaled past the bounds of its HPA back within them, `everyMs` after it was: where the real one next looks.
 * Here are no metrics to scale by, so within the bounds the count stays. One at 0 is switched off, and left so.
 */
export function autoscalerController(plane: ControlPlane, everyMs: number): Sync {
  const due = new Map<string, number>();
  return function sync(namespace, name) {
    const hpa = plane.store.get(autoscalers, namespace, name);
    const spec = isObject(hpa?.["spec"]) ? hpa["spec"] : {};
    const target = isObject(spec["scaleTargetRef"]) ? textOf(spec["scaleTargetRef"]["name"]) : "";
    const key = `${namespace}/${name}`;
    const workload = plane.store.get(deployments, namespace, target) as Deployment | undefined;
    if (hpa === undefined || workload === undefined) return void due.delete(key);
    const { replicas } = workload.spec;
    const wanted = replicas === 0 ? 0 : Math.min(Math.max(replicas, Number(spec["minReplicas"])), Number(spec["maxReplicas"]));
    if (wanted === replicas) {
      due.delete(key);
      const status: JsonObject = { ...(isObject(hpa["status"]) ? hpa["status"] : {}), currentReplicas: replicas, desiredReplicas: wanted };
      if (!isSame(hpa["status"], status)) plane.store.put(autoscalers, { ...hpa, status });
      return undefined;
    }
    const at = due.get(key) ?? plane.now() + everyMs;
    due.set(key, at);
    if (plane.now() < at) return at;
    due.delete(key);
    const change = (current: Deployment) => ({ ...current, spec: { ...current.spec, replicas: wanted } });
    plane.registry.update(deployments, namespace, target, (current) => change(current as Deployment), { manager, subresource: "scale" });
    const bound = wanted > replicas ? "below Spec.MinReplicas" : "above Spec.MaxReplicas";
    const message = `New size: ${wanted}; reason: Current number of replicas ${bound}`;
    plane.tell(hpa, "Normal", "SuccessfulRescale", message, "horizontal-pod-autoscaler");
    return undefined;
  };
}

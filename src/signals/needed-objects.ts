import { dig, objects, text } from "../clients/kubernetes/raw.ts";
import type { NeededObject } from "../diagnosis.ts";

/** ConfigMaps and Secrets without which the pods of a template cannot start; each once, what is optional left out. */
export function neededObjects(template: unknown): readonly NeededObject[] {
  const spec = dig(template, "spec");
  const found: NeededObject[] = [];
  const need = (kind: NeededObject["kind"], source: unknown, key = "name") => {
    const name = text(dig(source, key));
    if (name === undefined || dig(source, "optional") === true) return;
    if (!found.some((each) => each.kind === kind && each.name === name)) found.push({ kind, name });
  };
  for (const container of [...objects(dig(spec, "initContainers")), ...objects(dig(spec, "containers"))]) {
    for (const from of objects(container["envFrom"])) {
      need("ConfigMap", from["configMapRef"]);
      need("Secret", from["secretRef"]);
    }
    for (const variable of objects(container["env"])) {
      need("ConfigMap", dig(variable, "valueFrom", "configMapKeyRef"));
      need("Secret", dig(variable, "valueFrom", "secretKeyRef"));
    }
  }
  for (const volume of objects(dig(spec, "volumes"))) {
    for (const source of [volume, ...objects(dig(volume, "projected", "sources"))]) {
      need("ConfigMap", source["configMap"]);
      need("Secret", source["secret"], source === volume ? "secretName" : "name");
    }
  }
  // A pull Secret that is missing is passed over by the node, and the pull then refused.
  for (const secret of objects(dig(spec, "imagePullSecrets"))) need("Secret", secret);
  return found;
}

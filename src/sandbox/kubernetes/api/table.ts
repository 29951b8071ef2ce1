import { isObject, textOf } from "../object.ts";
import type { JsonObject, KubeObject } from "../object.ts";
import { storageKey } from "../resource-type.ts";
import type { PrinterColumn, ResourceType } from "../resource-type.ts";

// What `kubectl get` prints: the server makes the rows.

const age: PrinterColumn = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" };
const integer = (name: string, jsonPath: string): PrinterColumn => ({ name, type: "integer", jsonPath });
const text = (name: string, jsonPath: string, priority = 0): PrinterColumn => ({ name, type: "string", jsonPath, priority });

const columns: Readonly<Record<string, readonly PrinterColumn[]>> = {
  "apps/deployments": [
    text("Ready", "(ready)"),
    integer("Up-to-date", ".status.updatedReplicas"),
    integer("Available", ".status.availableReplicas"),
    age,
  ],
  "apps/replicasets": [
    integer("Desired", ".spec.replicas"),
    integer("Current", ".status.replicas"),
    integer("Ready", ".status.readyReplicas"),
    age,
  ],
  "/pods": [
    text("Ready", "(ready)"),
    text("Status", "(status)"),
    integer("Restarts", "(restarts)"),
    age,
    text("IP", ".status.podIP", 1),
    text("Node", ".spec.nodeName", 1),
  ],
  "/services": [text("Type", ".spec.type"), text("Cluster-IP", ".spec.clusterIP"), age],
  "/namespaces": [text("Status", ".status.phase"), age],
  "/events": [
    text("Last Seen", "(seen)"),
    text("Type", ".type"),
    text("Reason", ".reason"),
    text("Object", "(object)"),
    text("Message", ".message"),
  ],
  "coordination.k8s.io/leases": [text("Holder", ".spec.holderIdentity"), age],
};

export function toTable(type: ResourceType, items: readonly KubeObject[], metadata: JsonObject, now: number): JsonObject {
  const custom = type.custom?.columns ?? [];
  const shown = type.custom ? (custom.length > 0 ? custom : [age]) : (columns[storageKey(type)] ?? [age]);
  const definitions = shown.map(({ name, type: kind, priority = 0 }) => ({
    name,
    type: kind === "date" ? "string" : kind,
    format: "",
    description: "",
    priority,
  }));
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata,
    columnDefinitions: [{ name: "Name", type: "string", format: "name", description: "", priority: 0 }, ...definitions],
    rows: items.map((item) => ({
      cells: [item.metadata.name, ...shown.map((column) => cell(item, column, now))],
      object: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: item.metadata },
    })),
  };
}

function cell(item: KubeObject, column: PrinterColumn, now: number): unknown {
  const found = column.jsonPath.startsWith("(") ? computed(item, column.jsonPath, now) : valueAt(item, column.jsonPath);
  if (column.type === "date") return typeof found === "string" ? ageOf(found, now) : "<unknown>";
  if (column.type === "integer") return typeof found === "number" ? found : 0;
  return typeof found === "object" && found !== null ? JSON.stringify(found) : (found ?? null);
}

/** `.status.conditions[?(@.type=="Ready")].status` and plain dotted paths with escaped dots. */
function valueAt(item: unknown, jsonPath: string): unknown {
  const steps = jsonPath.match(/\[[^\]]*\]|(?:\\.|[^.[])+/g) ?? [];
  return steps.reduce<unknown>((value, step) => {
    const filter = /^\[\?\(@\.(\w+)\s*==\s*["']([^"']*)["']\)\]$/.exec(step);
    if (filter) return Array.isArray(value) ? value.find((entry) => isObject(entry) && entry[filter[1] ?? ""] === filter[2]) : undefined;
    const key = step.replace(/^\[['"]?|['"]?\]$/g, "").replaceAll("\\.", ".");
    if (Array.isArray(value)) return value[Number(key)];
    return isObject(value) ? value[key] : undefined;
  }, item);
}

function computed(item: KubeObject, what: string, now: number): unknown {
  const containers = valueAt(item, ".status.containerStatuses");
  const statuses = Array.isArray(containers) ? containers.filter(isObject) : [];
  if (what === "(restarts)") return statuses.reduce((sum, status) => sum + Number(status["restartCount"] ?? 0), 0);
  if (what === "(seen)") return ageOf(textOf(valueAt(item, ".lastTimestamp") ?? item.metadata.creationTimestamp), now);
  if (what === "(object)")
    return `${String(valueAt(item, ".involvedObject.kind")).toLowerCase()}/${String(valueAt(item, ".involvedObject.name"))}`;
  if (what === "(status)") return podStatus(item, statuses);
  if (item.kind === "Deployment")
    return `${Number(valueAt(item, ".status.readyReplicas") ?? 0)}/${Number(valueAt(item, ".spec.replicas"))}`;
  const wanted = valueAt(item, ".spec.containers");
  return `${statuses.filter((status) => status["ready"] === true).length}/${Array.isArray(wanted) ? wanted.length : 0}`;
}

function podStatus(pod: KubeObject, statuses: readonly JsonObject[]): unknown {
  if (pod.metadata.deletionTimestamp !== undefined) return "Terminating";
  const reason = statuses
    .map((status) => valueAt(status, ".state.waiting.reason") ?? valueAt(status, ".state.terminated.reason"))
    .find(Boolean);
  return reason ?? valueAt(pod, ".status.phase");
}

function ageOf(time: string, now: number): string {
  const seconds = Math.max(0, Math.floor((now - Date.parse(time)) / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}

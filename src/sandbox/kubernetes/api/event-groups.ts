import { isObject, textOf } from "../object.ts";
import type { JsonObject, KubeObject } from "../object.ts";
import { apiVersionOf, events, newEvents } from "../resource-type.ts";
import type { ResourceType } from "../resource-type.ts";
import { invalid, invalidValue, requiredValue } from "../status.ts";

// An Event is served by two groups under two spellings; it is stored in that of core/v1.

const spellings = [
  ["regarding", "involvedObject"],
  ["note", "message"],
  ["reportingController", "reportingComponent"],
  ["deprecatedSource", "source"],
  ["deprecatedFirstTimestamp", "firstTimestamp"],
  ["deprecatedLastTimestamp", "lastTimestamp"],
  ["deprecatedCount", "count"],
] as const;

/** The type under which objects of `type` are stored. */
export function storedType(type: ResourceType): ResourceType {
  return type.group === newEvents.group ? events : type;
}

/** In the spelling of the group that was asked. */
export function fromStored(type: ResourceType, object: KubeObject): KubeObject {
  return type.group === newEvents.group ? respelled(object, newEvents, 1, 0) : object;
}

export function toStored(type: ResourceType, body: unknown): unknown {
  return type.group === newEvents.group && isObject(body) ? respelled(body, events, 0, 1) : body;
}

function respelled<T extends JsonObject>(object: T, type: ResourceType, from: 0 | 1, to: 0 | 1): T {
  const result: JsonObject = { ...object, apiVersion: apiVersionOf(type), kind: "Event" };
  for (const pair of spellings) {
    if (result[pair[from]] !== undefined) result[pair[to]] = result[pair[from]];
    delete result[pair[from]];
  }
  return result as T;
}

/** What events.k8s.io/v1 asks of a new event beyond core/v1. Throws 422. */
export function checkNewEvent(type: ResourceType, body: unknown): void {
  if (type.group !== newEvents.group || !isObject(body)) return;
  const name = isObject(body["metadata"]) ? textOf(body["metadata"]["name"]) : "";
  const causes = [
    ...(body["eventTime"] ? [] : [requiredValue("eventTime")]),
    ...(body["type"] === "Normal" || body["type"] === "Warning" ? [] : [invalidValue("type", body["type"] ?? "", "has invalid value: ")]),
  ];
  if (causes.length > 0) throw invalid(events, name, causes);
}

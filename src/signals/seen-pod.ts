import { dig, instant, isObject, number, objects, type RawObject, text } from "../clients/kubernetes/raw.ts";
import type { SeenContainer, SeenEvent, SeenPod } from "../judging/pod-ailment.ts";
import { redact } from "../redact.ts";

const longestWords = 400;

/** A pod as a diagnosis looks at it; its words are cut and without secrets. */
export function seenPod(raw: RawObject, events: readonly SeenEvent[]): SeenPod {
  const conditions = objects(dig(raw, "status", "conditions"));
  const is = (type: string) => conditions.find((each) => each["type"] === type);
  const scheduled = is("PodScheduled");
  const node = text(dig(raw, "spec", "nodeName"));
  const ended = dig(raw, "status", "phase") === "Failed" ? text(dig(raw, "status", "reason")) : undefined;
  return {
    name: text(dig(raw, "metadata", "name")) ?? "",
    ...(node === undefined ? {} : { node }),
    ready: is("Ready")?.["status"] === "True",
    ...(scheduled?.["status"] === "False" ? { unschedulable: words(scheduled["message"]) } : {}),
    ...(ended === undefined ? {} : { failed: { reason: ended, message: words(dig(raw, "status", "message")) } }),
    containers: [...containersOf(raw, "initContainers", true), ...containersOf(raw, "containers", false)],
    events,
  };
}

/** Oldest first. */
export function seenEvents(raw: readonly RawObject[]): readonly SeenEvent[] {
  return raw
    .map((event) => ({ reason: text(event["reason"]) ?? "", message: words(event["message"]), at: timeOf(event) }))
    .toSorted((one, other) => one.at - other.at);
}

/** Cut, in one line, without secrets. */
export function words(value: unknown): string {
  const clean = redact(text(value) ?? "")
    .replaceAll(/\s+/g, " ")
    .trim();
  return clean.length <= longestWords ? clean : `${clean.slice(0, longestWords - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** What differs between pods only by their names and counts looks alike: one of them tells for all. */
export function likenessOf(pod: SeenPod): string {
  const containers = pod.containers.map(({ name, ready, running, waiting, ended }) =>
    [name, ready, running, waiting?.reason, ended?.reason, ended?.exitCode].join(" "),
  );
  return [pod.unschedulable !== undefined, pod.failed?.reason, ...containers].join("|");
}

/** What a status does not speak of has not begun. */
function containersOf(raw: RawObject, list: "initContainers" | "containers", init: boolean): readonly SeenContainer[] {
  const statuses = objects(dig(raw, "status", init ? "initContainerStatuses" : "containerStatuses"));
  return objects(dig(raw, "spec", list)).map((container) => {
    const status = statuses.find((each) => each["name"] === container["name"]);
    const waiting = dig(status, "state", "waiting");
    const now = dig(status, "state", "terminated");
    const end = isObject(now) ? now : dig(status, "lastState", "terminated");
    return {
      name: text(container["name"]) ?? "",
      image: text(container["image"]) ?? "",
      // A sidecar runs beside the others and has to be ready with them.
      init: init && container["restartPolicy"] !== "Always",
      ready: dig(status, "ready") === true,
      restarts: number(dig(status, "restartCount")) ?? 0,
      running: isObject(dig(status, "state", "running")),
      ...(isObject(waiting) ? { waiting: { reason: text(waiting["reason"]) ?? "", message: words(waiting["message"]) } } : {}),
      ...(isObject(end)
        ? { ended: { reason: text(end["reason"]) ?? "", message: words(end["message"]), exitCode: number(end["exitCode"]) ?? 0 } }
        : {}),
    };
  });
}

/** Of an Event that was told again and again: the last time. */
function timeOf(event: RawObject): number {
  const candidates = [dig(event, "series", "lastObservedTime"), event["lastTimestamp"], event["eventTime"], event["firstTimestamp"]];
  return candidates.map(instant).find((at) => at !== undefined) ?? instant(dig(event, "metadata", "creationTimestamp")) ?? 0;
}

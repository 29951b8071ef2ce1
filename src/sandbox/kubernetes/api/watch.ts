import type { ServerResponse } from "node:http";
import type { JsonObject, KubeObject } from "../object.ts";
import { apiVersionOf, storageKey } from "../resource-type.ts";
import { expired, StatusError } from "../status.ts";
import type { WatchEvent } from "../watch-log.ts";
import type { Call } from "./call.ts";
import { fromStored, storedType } from "./event-groups.ts";
import { isObjectFilter, matcherOf } from "./list.ts";
import { represent } from "./representation.ts";

/** What the client has not seen yet when its watch begins. */
export interface WatchStart {
  readonly initial: readonly KubeObject[];
  readonly missed: readonly WatchEvent[];
  readonly endsInitial: boolean;
  /** The asked version is forgotten: 410. */
  readonly tooOld?: StatusError;
}

const bookmarkEveryMs = 60_000;
const usualTimeoutMs = 1_800_000;

/** Reads where the watch starts: everything there is (no version, 0, sendInitialEvents), or what came after a version. Throws 500 for what is no version. */
export function watchStart(call: Call): WatchStart {
  const { cluster, type, namespace, query } = call;
  const asked = query["resourceVersion"] ?? "";
  if (!/^\d*$/.test(asked)) {
    throw new StatusError(500, "", `resourceVersion: Invalid value: "${asked}": strconv.ParseUint: parsing "${asked}": invalid syntax`);
  }
  const wantsInitial = query["sendInitialEvents"] === "true";
  if (wantsInitial || ((asked === "" || asked === "0") && query["sendInitialEvents"] !== "false")) {
    const initial = cluster.store.list(storedType(type), namespace).filter(isObjectFilter(matcherOf(call)));
    return { initial, missed: [], endsInitial: wantsInitial };
  }
  const missed = cluster.store.log.since(asked === "" ? cluster.store.version : Number(asked));
  if (missed) return { initial: [], missed, endsInitial: false };
  const tooOld = expired(`too old resource version: ${asked} (${cluster.store.log.forgottenUpTo})`);
  return { initial: [], missed: [], endsInitial: false, tooOld };
}

/** Answers with one line of JSON per change until the client goes, the time is up, or the server closes. */
export function streamWatch(call: Call, start: WatchStart, response: ServerResponse): void {
  const { cluster, type, query } = call;
  const matches = isObjectFilter(matcherOf(call));
  const key = storageKey(type);
  const send = (kind: string, object: JsonObject) => {
    if (!cluster.watches.silent) response.write(`${JSON.stringify({ type: kind, object })}\n`);
  };
  const show = (object: KubeObject) => represent(fromStored(type, object), type, call.form, cluster.now());
  const pass = (event: WatchEvent) => {
    if (event.key !== key || (call.namespace !== "" && event.object.metadata.namespace !== call.namespace)) return;
    const kind = kindFor(event, matches);
    if (kind) send(kind, show(event.object));
  };
  const bookmark = (annotations?: JsonObject) => {
    const metadata = { resourceVersion: String(cluster.store.version), ...(annotations && { annotations }) };
    const head =
      call.form === "metadata"
        ? { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1" }
        : { kind: type.kind, apiVersion: apiVersionOf(type) };
    if (query["allowWatchBookmarks"] === "true" || annotations) send("BOOKMARK", { ...head, metadata });
  };

  response.writeHead(200, { "content-type": "application/json", "cache-control": "no-cache, private" });
  response.flushHeaders();
  if (start.tooOld) {
    response.end(`${JSON.stringify({ type: "ERROR", object: start.tooOld.toStatus() })}\n`);
    return;
  }
  for (const object of start.initial) send("ADDED", show(object));
  if (start.endsInitial) bookmark({ "k8s.io/initial-events-end": "true" });
  for (const event of start.missed) pass(event);

  const timeoutMs = query["timeoutSeconds"] ? Number(query["timeoutSeconds"]) * 1000 : usualTimeoutMs;
  const unsubscribe = cluster.store.subscribe(pass);
  const timers = [
    setInterval(bookmark, bookmarkEveryMs),
    // The server's last word before it closes, so that the client resumes from there.
    setTimeout(bookmark, Math.max(timeoutMs - 2000, 0)),
    setTimeout(() => response.end(), timeoutMs),
  ];
  for (const timer of timers) timer.unref();
  const forget = cluster.watches.add({
    end: () => response.end(),
    reset: () => response.destroy(),
    expire: () =>
      response.end(
        `${JSON.stringify({ type: "ERROR", object: expired("The resourceVersion for the provided watch is too old.").toStatus() })}\n`,
      ),
  });
  response.on("close", () => {
    unsubscribe();
    forget();
    for (const timer of timers) clearTimeout(timer);
  });
}

/** An object that a change takes out of the selection is DELETED to those who watch, one that comes into it ADDED. */
function kindFor(event: WatchEvent, matches: (object: KubeObject) => boolean): WatchEvent["kind"] | undefined {
  const after = event.kind !== "DELETED" && matches(event.object);
  const before = event.kind !== "ADDED" && event.previous !== undefined && matches(event.previous);
  if (after) return before ? "MODIFIED" : "ADDED";
  return before ? "DELETED" : undefined;
}

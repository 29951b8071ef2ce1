import { parseFieldSelector } from "../field-selector.ts";
import type { JsonObject, KubeObject } from "../object.ts";
import { storageKey } from "../resource-type.ts";
import { parseLabelSelector } from "../selector.ts";
import type { Matcher } from "../selector.ts";
import { badRequest, expired, methodNotAllowed, noSuchPath, versionTooLarge } from "../status.ts";
import type { Answer, Call } from "./call.ts";
import { fromStored, storedType } from "./event-groups.ts";
import { represent, representList } from "./representation.ts";
import { scaleOf } from "./scale.ts";

/** Lists as they were when their first page was given, so that all pages show one instant. */
export type Snapshots = Map<string, readonly KubeObject[]>;

const snapshotsKept = 100;

export function get(call: Call): Answer {
  const { cluster, type, namespace, name, subresource } = call;
  const object = cluster.registry.get(storedType(type), namespace, name);
  if (subresource === "scale" && type.scale) return { code: 200, body: scaleOf(object) };
  if (subresource !== "" && !(subresource === "status" && type.status)) {
    if (subresource === "log") throw methodNotAllowed();
    throw noSuchPath();
  }
  return { code: 200, body: represent(fromStored(type, object), type, call.form, cluster.now()) };
}

export function list(call: Call, snapshots: Snapshots): Answer {
  const { cluster, type, query } = call;
  const limit = countOf(query["limit"]);
  const matches = matcherOf(call);
  const token = query["continue"] ? readToken(query["continue"]) : undefined;
  checkVersion(call);
  const version = token?.rv ?? cluster.store.version;
  const all = token ? remembered(call, snapshots, token.rv) : cluster.store.list(storedType(type), call.namespace);
  const rest = token ? all.filter((object) => placeOf(object) > token.start) : all;
  const chosen = matches ? rest.filter(matches) : rest;
  const page = limit > 0 ? chosen.slice(0, limit) : chosen;
  const metadata: JsonObject = { resourceVersion: String(version) };
  const last = page.at(-1);
  if (page.length < chosen.length && last) {
    remember(call, snapshots, version, all);
    metadata["continue"] = Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv: version, start: placeOf(last) })).toString("base64url");
    if (!matches) metadata["remainingItemCount"] = chosen.length - page.length;
  }
  const items = page.map((object) => fromStored(type, object));
  return { code: 200, body: representList(items, type, call.form, metadata, cluster.now()) };
}

/** By labels, fields and a name in the path; undefined when everything is asked for. Throws 400. */
export function matcherOf(call: Pick<Call, "query" | "type" | "name">): Matcher | undefined {
  const matchers: Matcher[] = [];
  const { labelSelector = "", fieldSelector = "" } = call.query;
  if (labelSelector !== "") matchers.push(parseLabelSelector(labelSelector));
  if (fieldSelector !== "") matchers.push(parseFieldSelector(fieldSelector, call.type));
  if (call.name !== "") matchers.push((object) => object.metadata.name === call.name);
  return matchers.length === 0 ? undefined : (object) => matchers.every((matches) => matches(object));
}

export function isObjectFilter(matches: Matcher | undefined): Matcher {
  return matches ?? (() => true);
}

/** 400 for what is no version, 504 for one that is not yet. */
export function checkVersion(call: Call): void {
  const asked = call.query["resourceVersion"] ?? "";
  if (asked === "") return;
  if (!/^\d+$/.test(asked))
    throw badRequest(`resourceVersion: Invalid value: "${asked}": strconv.ParseUint: parsing "${asked}": invalid syntax`);
  if (Number(asked) > call.cluster.store.version) throw versionTooLarge(Number(asked), call.cluster.store.version);
}

function remembered(call: Call, snapshots: Snapshots, version: number): readonly KubeObject[] {
  const found = snapshots.get(snapshotKey(call, version));
  if (found && version >= call.cluster.store.log.forgottenUpTo) return found;
  throw expired(
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.",
  );
}

function remember(call: Call, snapshots: Snapshots, version: number, all: readonly KubeObject[]): void {
  snapshots.set(snapshotKey(call, version), all);
  const [oldest] = snapshots.keys();
  if (snapshots.size > snapshotsKept && oldest !== undefined) snapshots.delete(oldest);
}

function snapshotKey(call: Call, version: number): string {
  return `${version} ${storageKey(call.type)} ${call.namespace}`;
}

/** Sorts as the store does. */
function placeOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ""}/${object.metadata.name}`;
}

function readToken(text: string): { readonly rv: number; readonly start: string } {
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString()) as { rv: number; start: string };
  } catch (error) {
    throw badRequest(`invalid continue token: continue key is not valid: ${String(error)}`);
  }
}

function countOf(text: string | undefined): number {
  if (text === undefined || text === "") return 0;
  if (!/^\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`);
  return Number(text);
}

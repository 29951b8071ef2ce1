import { hasStatus } from "../clients/kubernetes/kubernetes-error.ts";
import { controllerOf, dig, number, objects, type RawObject, text } from "../clients/kubernetes/raw.ts";
import { selectorString } from "../clients/kubernetes/selector.ts";
import type { Diagnosis, Finding, NeededObject } from "../diagnosis.ts";
import { commonNode, diagnose as diagnoseSeen, type SeenNode } from "../judging/diagnosis.ts";
import type { SeenPod } from "../judging/pod-ailment.ts";
import type { Ms, WorkloadRef } from "../model.ts";
import { endOfLog } from "./log-end.ts";
import { createLook, type Look, type LookApi } from "./look.ts";
import { neededObjects } from "./needed-objects.ts";
import { likenessOf, seenPod, words } from "./seen-pod.ts";

/** `podTemplateHash`: only pods of this revision. Never rejects: what could not be looked at is in `unseen`. */
export type Diagnose = (workload: WorkloadRef, podTemplateHash?: string) => Promise<Diagnosis>;

/** Pods whose Events are read: one of those that look alike tells for all. */
const mostLookedAt = 8;
const mostObjects = 20;
const logLines = 20;
const logBytes = 2_048;
const mostLogRead = 65_536;
/** After the log of these there is more to read than the server's words. */
const logged: readonly Finding["ailment"][] = ["crash", "liveness", "out-of-memory", "init"];

/**
 * Looks at everything that says why pods of a workload do not start: their states, their Events and the ReplicaSet's, the ConfigMaps and
 * Secrets they need (whether these exist, never what is in them), the log of a container that crashed, the node they share.
 * @param options.withinMs for all of it together; 20 s unless told.
 */
export function createDiagnoser(options: { readonly api: LookApi; readonly now: () => Ms; readonly withinMs?: Ms }): Diagnose {
  const { api, now, withinMs = 20_000 } = options;
  return async (workload, podTemplateHash) => {
    const look = createLook(api, workload.namespace, withinMs);
    const object = await look.at("the workload", `get ${resourceOf(workload)}`, () => look.get(pathOf(workload)));
    const isIt = object !== undefined && text(dig(object, "metadata", "uid")) === workload.uid;
    if (object !== undefined && !isIt) look.unseen.push("the workload was deleted, and another one has its name");
    const found = isIt ? await findingsOf(object, workload, podTemplateHash, look, now()) : nothing;
    return { at: now(), workload, ...found, unseen: [...new Set(look.unseen)] };
  };
}

const nothing = { desired: 0, there: 0, ready: 0, findings: [] } as const;

async function findingsOf(
  object: RawObject,
  workload: WorkloadRef,
  podTemplateHash: string | undefined,
  look: Look,
  now: Ms,
): Promise<Pick<Diagnosis, "desired" | "there" | "ready" | "findings">> {
  const selector = selectorString(dig(object, "spec", "selector"));
  const [sets, all] = await Promise.all([
    workload.kind === "Deployment" ? look.list("ReplicaSets", "replicasets", selector, "/apis/apps/v1") : [],
    look.list("pods", "pods", selector),
  ]);
  const makers = workload.kind === "Deployment" ? wantedSets(sets, workload.uid, podTemplateHash) : [object];
  const made = new Set(makers.map(uidOf));
  const mine = all.filter((pod) => made.has(text(controllerOf(pod)?.["uid"])) && dig(pod, "metadata", "deletionTimestamp") === undefined);
  const desired = makers.reduce((sum, maker) => sum + (number(dig(maker, "spec", "replicas")) ?? 0), 0);
  const pods = await withEvents(mine, look);
  const unready = pods.filter((pod) => !pod.ready);
  const notCreated = pods.length < desired ? await whyNotCreated(makers, look) : undefined;
  const seen = { now, desired, pods, missing: [], ...(notCreated === undefined ? {} : { notCreated }) };
  const first = diagnoseSeen(seen);
  const [missing, node] = await Promise.all([missingOf(object, first, look), nodeOf(unready, first, look)]);
  const findings = diagnoseSeen({ ...seen, missing, ...(node === undefined ? {} : { node }) });
  return { desired, there: pods.length, ready: pods.length - unready.length, findings: await withLogs(findings, look) };
}

/** The ReplicaSet of this revision, or else those that are to have pods. */
function wantedSets(sets: readonly RawObject[], uid: string, podTemplateHash: string | undefined): readonly RawObject[] {
  const mine = sets.filter((set) => controllerOf(set)?.["uid"] === uid);
  if (podTemplateHash === undefined) return mine.filter((set) => (number(dig(set, "spec", "replicas")) ?? 0) > 0);
  return mine.filter((set) => dig(set, "metadata", "labels", "pod-template-hash") === podTemplateHash);
}

async function withEvents(pods: readonly RawObject[], look: Look): Promise<readonly SeenPod[]> {
  const bare = pods.map((raw) => ({ raw, pod: seenPod(raw, []) }));
  const alike = Map.groupBy(
    bare.filter(({ pod }) => !pod.ready),
    ({ pod }) => likenessOf(pod),
  );
  const asked = [...alike].toSorted(([, one], [, other]) => other.length - one.length).slice(0, mostLookedAt);
  const events = new Map(
    await Promise.all(asked.map(async ([likeness, [first]]) => [likeness, await look.events(uidOf(first?.raw) ?? "")] as const)),
  );
  return bare.map(({ raw, pod }) => (pod.ready ? pod : seenPod(raw, events.get(likenessOf(pod)) ?? [])));
}

/** What the ReplicaSet says of its pods that cannot be made; where it says nothing, its newest Event. */
async function whyNotCreated(makers: readonly RawObject[], look: Look): Promise<string | undefined> {
  for (const maker of makers) {
    const failure = objects(dig(maker, "status", "conditions")).find(
      (each) => each["type"] === "ReplicaFailure" && each["status"] === "True",
    );
    if (failure !== undefined) return words(failure["message"]);
  }
  for (const maker of makers) {
    const refused = (await look.events(uidOf(maker) ?? "")).findLast(({ reason }) => reason === "FailedCreate");
    if (refused !== undefined) return refused.message;
  }
  return undefined;
}

/** What the template needs and is not there. Asked only where something of the kind may be the cause and nobody has named it. */
async function missingOf(object: RawObject, found: readonly Finding[], look: Look): Promise<readonly NeededObject[]> {
  const template = dig(object, "spec", "template");
  const has = (...ailments: readonly Finding["ailment"][]) => found.some(({ ailment }) => ailments.includes(ailment));
  const pulls = objects(dig(template, "spec", "imagePullSecrets")).map(({ name }) => name);
  const needed = neededObjects(template).filter(({ kind, name }) =>
    kind === "Secret" && pulls.includes(name) ? has("image-pull") : has("unknown", "mount", "bad-config", "missing-object"),
  );
  const told = (one: NeededObject) => found.some((each) => each.object?.kind === one.kind && each.object.name === one.name);
  const asked = needed.filter((each) => !told(each)).slice(0, mostObjects);
  const isThere = await Promise.all(asked.map((each) => exists(each, look)));
  return asked.filter((_, index) => isThere[index] === false);
}

/** Its content is not asked for. Undefined where it cannot be known. */
function exists({ kind, name }: NeededObject, look: Look): Promise<boolean | undefined> {
  const resource = kind === "Secret" ? "secrets" : "configmaps";
  const path = `${look.core}/${resource}/${encodeURIComponent(name)}`;
  return look.at(`whether ${kind} ${name} exists`, `get ${resource}`, async () => {
    try {
      await look.get(path, { accept: "metadata" });
      return true;
    } catch (error) {
      if (hasStatus(error, 404)) return false;
      throw error;
    }
  });
}

/** The node that all of them share, where their containers do not say themselves what is wrong. */
async function nodeOf(unready: readonly SeenPod[], found: readonly Finding[], look: Look): Promise<SeenNode | undefined> {
  const name = commonNode(unready);
  const isUnclear = found.some(({ ailment }) => ["unknown", "sandbox", "mount", "evicted", "readiness", "liveness"].includes(ailment));
  if (name === undefined || (!isUnclear && unready.length < 2)) return undefined;
  const node = await look.at(`node ${name}`, "get nodes", () => look.get(`/api/v1/nodes/${encodeURIComponent(name)}`));
  if (node === undefined) return undefined;
  const troubles = objects(dig(node, "status", "conditions"))
    .filter(({ type, status }) => (type === "Ready" ? status !== "True" : status === "True"))
    .map(({ type, reason, message }) => `${type === "Ready" ? "not ready" : String(type)}: ${words(message ?? reason)}`);
  return { name, troubles: [...troubles, ...(dig(node, "spec", "unschedulable") === true ? ["it takes no new pods (cordoned)"] : [])] };
}

/** The end of the log of one container for each finding that a log explains; that it cannot be read changes nothing else. */
function withLogs(findings: readonly Finding[], look: Look): Promise<readonly Finding[]> {
  return Promise.all(
    findings.map(async (finding) => {
      const { ailment, container, pods } = finding;
      const [pod] = pods;
      if (!logged.includes(ailment) || container === undefined || pod === undefined) return finding;
      const query = { container, tailLines: String(logLines), limitBytes: String(mostLogRead) };
      const read = await look.at(`the log of pod ${pod}`, "get pods/log", () => logOf(pod, query, ailment !== "init", look));
      return read === undefined || read.trim() === "" ? finding : { ...finding, log: endOfLog(read, logBytes) };
    }),
  );
}

/** Of the process before this one; a container that has not been started again has none. */
async function logOf(pod: string, query: Readonly<Record<string, string>>, previous: boolean, look: Look): Promise<string> {
  if (!previous) return look.log(pod, query);
  try {
    return await look.log(pod, { ...query, previous: "true" });
  } catch (error) {
    if (!hasStatus(error, 400)) throw error;
    return look.log(pod, query);
  }
}

function uidOf(object: RawObject | undefined): string | undefined {
  return text(dig(object, "metadata", "uid"));
}

function resourceOf({ kind }: WorkloadRef): string {
  return `${kind.toLowerCase()}s`;
}

function pathOf(workload: WorkloadRef): string {
  return `/apis/apps/v1/namespaces/${workload.namespace}/${resourceOf(workload)}/${workload.name}`;
}

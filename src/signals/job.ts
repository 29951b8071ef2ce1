import type { KubernetesApi } from "../clients/kubernetes/api.ts";
import { hasStatus } from "../clients/kubernetes/kubernetes-error.ts";
import { dig, isObject, number, objects, type RawObject, strings, text } from "../clients/kubernetes/raw.ts";
import { sentence } from "../errors.ts";
import { remedyMark } from "../guards/job-mark.ts";
import type { SmokeTest } from "../guards/job.ts";
import type { JobFinding } from "../model.ts";
import type { Remedy } from "../remediation.ts";
import { endOfLog } from "./log-end.ts";

/** How a smoke test's Job stands. Never rejects: what cannot be asked is an error that is not final. */
export type LookAtJob = (ask: Pick<SmokeTest, "workload" | "name" | "timeoutMs">, uid: string) => Promise<JobFinding>;
/** How a remediation's Job stands, which the mark tells from another of its name; its log is kept however it ended. Never rejects. */
export type LookAtRemedyJob = (remedy: Extract<Remedy, { kind: "job" }>) => Promise<JobFinding>;

type Api = Pick<KubernetesApi, "get" | "list" | "text">;

interface Sought {
  readonly namespace: string;
  readonly name: string;
  readonly timeoutMs: number;
  readonly isOurs: (job: RawObject) => boolean;
  /** Also of a Job that did well. */
  readonly keepsLog: boolean;
}

const logLines = 100;
const logBytes = 8_192;
/** Of these lines; the end of them is kept. */
const mostRead = 262_144;

export function createJobReader({ api }: { readonly api: Api }): LookAtJob {
  return ({ workload: { namespace }, name, timeoutMs }, uid) => {
    const isOurs = (job: RawObject) => dig(job, "metadata", "uid") === uid;
    return orError(look(api, { namespace, name, timeoutMs, isOurs, keepsLog: false }));
  };
}

export function createRemedyJobReader({ api }: { readonly api: Api }): LookAtRemedyJob {
  return ({ id, workload: { namespace }, job: name, timeoutMs }) => {
    const isOurs = (job: RawObject) => strings(dig(job, "metadata", "annotations"))[remedyMark] === id;
    return orError(look(api, { namespace, name, timeoutMs, isOurs, keepsLog: true }));
  };
}

async function orError(found: Promise<JobFinding>): Promise<JobFinding> {
  try {
    return await found;
  } catch (error) {
    return { outcome: "error", detail: sentence(error), final: false };
  }
}

async function look(api: Api, { namespace, name, timeoutMs, isOurs, keepsLog }: Sought): Promise<JobFinding> {
  const job = await api.get(`/apis/batch/v1/namespaces/${namespace}/jobs/${name}`).catch((error: unknown) => {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  });
  if (job === undefined || !isOurs(job)) return lost(`the Job ${name} was deleted before it ended`);
  const isDone = conditionOf(job, "Complete") !== undefined;
  if (isDone && !keepsLog) return { outcome: "passed" };
  const failed = conditionOf(job, "Failed");
  if (failed !== undefined && text(failed["reason"]) === "DeadlineExceeded") {
    return lost(`the Job ${name} did not end within ${timeoutMs / 1000} s`);
  }
  const uid = dig(job, "metadata", "uid");
  const pods = await api.list(`/api/v1/namespaces/${namespace}/pods`, { labelSelector: `job-name=${name}` });
  const mine = pods.filter((pod) => objects(dig(pod, "metadata", "ownerReferences")).some((owner) => owner["uid"] === uid));
  if (isDone) return { outcome: "passed", ...(await logOfEnded(api, namespace, mine)) };
  if (failed === undefined) {
    const waiting = mine.map(waitingOf).find((why) => why !== undefined);
    return { outcome: "running", ...(waiting === undefined ? {} : { waiting }) };
  }
  for (const pod of mine) {
    const exit = isDisturbed(pod) ? undefined : failedExit(pod);
    if (exit === undefined) continue;
    const podName = text(dig(pod, "metadata", "name")) ?? "";
    const detail = `container ${exit.container} of pod ${podName} ended with exit code ${exit.code}`;
    return { outcome: "failed", detail, log: await logOf(api, namespace, podName, exit.container) };
  }
  const why = [text(failed["reason"]), text(failed["message"])].filter((part) => part !== undefined).join(": ");
  return lost(`the Job ${name} failed, but no container of it ended with an error of its own (${mine.map(endOf).join("; ") || why})`);
}

/** Of the first container of the pod that did it. */
async function logOfEnded(api: Api, namespace: string, pods: readonly RawObject[]): Promise<{ readonly log?: string }> {
  const pod = pods.find((one) => dig(one, "status", "phase") === "Succeeded");
  const container = text(dig(objects(dig(pod, "spec", "containers"))[0], "name"));
  const name = text(dig(pod, "metadata", "name"));
  return name === undefined || container === undefined ? {} : { log: await logOf(api, namespace, name, container) };
}

/** That a log cannot be read changes nothing of how the Job ended. */
async function logOf(api: Api, namespace: string, pod: string, container: string): Promise<string> {
  const query = { container, tailLines: String(logLines), limitBytes: String(mostRead) };
  try {
    return endOfLog(await api.text(`/api/v1/namespaces/${namespace}/pods/${pod}/log`, query), logBytes);
  } catch (error) {
    return `(its log could not be read: ${sentence(error)})`;
  }
}

function lost(detail: string): JobFinding {
  return { outcome: "error", detail, final: true };
}

function conditionOf(object: RawObject, type: string): RawObject | undefined {
  return objects(dig(object, "status", "conditions")).find((one) => one["type"] === type && one["status"] === "True");
}

/** A pod that was evicted, preempted or lost with its node was not failed by what it tested. */
function isDisturbed(pod: RawObject): boolean {
  return conditionOf(pod, "DisruptionTarget") !== undefined || text(dig(pod, "status", "reason")) !== undefined;
}

/**
 * A container that ran and ended itself with an error. One that could not start (128 and StartError and the like), ran out of its memory, or
 * was killed or asked to end by a signal (137, 143) tested nothing.
 */
function failedExit(pod: RawObject): { readonly container: string; readonly code: number } | undefined {
  for (const status of statusesOf(pod)) {
    const ended = dig(status, "state", "terminated");
    const code = number(dig(ended, "exitCode")) ?? 0;
    const container = text(status["name"]);
    if (container !== undefined && code !== 0 && code !== 137 && code !== 143 && text(dig(ended, "reason")) === "Error")
      return { container, code };
  }
  return undefined;
}

function endOf(pod: RawObject): string {
  const reason = text(dig(pod, "status", "reason"));
  const ends = statusesOf(pod).flatMap((status) => {
    const ended = dig(status, "state", "terminated");
    return isObject(ended)
      ? [`${text(status["name"]) ?? ""}: ${text(ended["reason"]) ?? "ended"}, exit code ${String(ended["exitCode"])}`]
      : [];
  });
  return [...(reason === undefined ? [] : [reason]), ...ends].join(", ") || "its pod has not run";
}

/** Why a pod does not run; undefined when it does, or only is on its way. */
function waitingOf(pod: RawObject): string | undefined {
  const unscheduled = objects(dig(pod, "status", "conditions")).find((one) => one["type"] === "PodScheduled" && one["status"] === "False");
  const waiting = statusesOf(pod).map((status) => dig(status, "state", "waiting"));
  const stuck = waiting.find((one) => !["ContainerCreating", "PodInitializing", undefined].includes(text(dig(one, "reason"))));
  const why = unscheduled ?? stuck;
  return why === undefined
    ? undefined
    : [text(dig(why, "reason")), text(dig(why, "message"))].filter((part) => part !== undefined).join(": ");
}

function statusesOf(pod: RawObject): readonly RawObject[] {
  return [...objects(dig(pod, "status", "initContainerStatuses")), ...objects(dig(pod, "status", "containerStatuses"))];
}

import type { KubernetesApi } from "../clients/kubernetes/api.ts";
import { hasStatus } from "../clients/kubernetes/kubernetes-error.ts";
import { dig, isObject, number, objects, type RawObject, text } from "../clients/kubernetes/raw.ts";
import { sentence } from "../errors.ts";
import type { SmokeTest } from "../guards/job.ts";
import type { JobFinding } from "../model.ts";
import { endOfLog } from "./log-end.ts";

export type LookAtJob = (ask: SmokeTest, uid: string) => Promise<JobFinding>;

const logLines = 100;
const logBytes = 8_192;
/** Of these lines; the end of them is kept. */
const mostRead = 262_144;

/** How a Job stands; a failed one with the end of its log. Never rejects: what cannot be asked is an error that is not final. */
export function createJobReader({ api }: { readonly api: Pick<KubernetesApi, "get" | "list" | "text"> }): LookAtJob {
  return async (ask, uid) => {
    try {
      return await look(ask, uid);
    } catch (error) {
      return { outcome: "error", detail: sentence(error), final: false };
    }
  };

  async function look({ workload: { namespace }, name, timeoutMs }: SmokeTest, uid: string): Promise<JobFinding> {
    const job = await api.get(`/apis/batch/v1/namespaces/${namespace}/jobs/${name}`).catch((error: unknown) => {
      if (hasStatus(error, 404)) return undefined;
      throw error;
    });
    if (job === undefined || text(dig(job, "metadata", "uid")) !== uid) return lost(`the Job ${name} was deleted before it ended`);
    if (conditionOf(job, "Complete") !== undefined) return { outcome: "passed" };
    const failed = conditionOf(job, "Failed");
    if (failed !== undefined && text(failed["reason"]) === "DeadlineExceeded") {
      return lost(`the Job ${name} did not end within ${timeoutMs / 1000} s`);
    }
    const pods = await api.list(`/api/v1/namespaces/${namespace}/pods`, { labelSelector: `job-name=${name}` });
    const mine = pods.filter((pod) => objects(dig(pod, "metadata", "ownerReferences")).some((owner) => owner["uid"] === uid));
    if (failed === undefined) {
      const waiting = mine.map(waitingOf).find((why) => why !== undefined);
      return { outcome: "running", ...(waiting === undefined ? {} : { waiting }) };
    }
    for (const pod of mine) {
      const exit = isDisturbed(pod) ? undefined : failedExit(pod);
      if (exit === undefined) continue;
      const podName = text(dig(pod, "metadata", "name")) ?? "";
      const detail = `container ${exit.container} of pod ${podName} ended with exit code ${exit.code}`;
      return { outcome: "failed", detail, log: await logOf(namespace, podName, exit.container) };
    }
    const why = [text(failed["reason"]), text(failed["message"])].filter((part) => part !== undefined).join(": ");
    return lost(`the Job ${name} failed, but no container of it says that the test did (${mine.map(endOf).join("; ") || why})`);
  }

  /** That a log cannot be read makes the test no less failed. */
  async function logOf(namespace: string, pod: string, container: string): Promise<string> {
    const query = { container, tailLines: String(logLines), limitBytes: String(mostRead) };
    try {
      return endOfLog(await api.text(`/api/v1/namespaces/${namespace}/pods/${pod}/log`, query), logBytes);
    } catch (error) {
      return `(its log could not be read: ${sentence(error)})`;
    }
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

import type { KubernetesApi } from "../../clients/kubernetes/api.ts";
import { hasStatus, KubernetesError } from "../../clients/kubernetes/kubernetes-error.ts";
import { sentence } from "../../errors.ts";
import type { Message } from "../../entry.ts";
import { TargetError } from "./target.ts";
import type { Target } from "./target.ts";

const longestNote = 1024;

const reasons = {
  opened: ["GuardOpened", "Watch"],
  noted: ["GuardNoted", "Note"],
  announced: ["ActionAnnounced", "Announce"],
  braked: ["RolloutBraked", "Brake"],
  released: ["BrakeReleased", "Release"],
  "rolled-back": ["RolledBack", "Rollback"],
  withheld: ["ActionWithheld", "Withhold"],
  held: ["GuardOnHold", "Hold"],
  finished: ["GuardFinished", "Finish"],
  failed: ["ActionFailed", "Act"],
  remediated: ["Remediated", "Remediate"],
  escalated: ["RemedyEscalated", "Escalate"],
  // Events are for news; nobody hands this one over.
  ongoing: ["GuardOngoing", "Watch"],
} as const;

/**
 * Events on the workload, for `kubectl describe` and `kubectl events`. The name follows from the message, so that telling
 * twice is a conflict (409) and not a twin.
 * @param options.instance who reports, usually the pod's name.
 */
export function createKubernetesEvents(options: { readonly api: Pick<KubernetesApi, "post">; readonly instance: string }): Target {
  const { api, instance } = options;
  return {
    name: "kubernetes-events",
    async send(message) {
      const path = `/apis/events.k8s.io/v1/namespaces/${message.workload.namespace}/events`;
      try {
        await api.post(path, eventOf(message, instance));
      } catch (error) {
        if (hasStatus(error, 409)) return;
        throw targetError(error);
      }
    },
  };
}

/** Pure: the event of a message. */
export function eventOf(message: Message, instance: string): Readonly<Record<string, unknown>> {
  const { workload, kind } = message;
  const [reason, action] = reasons[kind];
  return {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { name: `rearguard.${message.id}`, namespace: workload.namespace },
    // MicroTime: six decimals, or the server refuses it.
    eventTime: new Date(message.at).toISOString().replace("Z", "000Z"),
    reportingController: "rearguard.dev/rearguard",
    reportingInstance: instance.slice(0, 128),
    action,
    reason,
    type: message.severity === "info" ? "Normal" : "Warning",
    regarding: { apiVersion: "apps/v1", kind: workload.kind, namespace: workload.namespace, name: workload.name, uid: workload.uid },
    related: { apiVersion: "rearguard.dev/v1alpha1", kind: "Guard", namespace: workload.namespace, name: message.guard },
    note: cut(`${message.title}\n${withoutLinks(message.text)}`),
  };
}

function targetError(error: unknown): TargetError {
  const said = `Kubernetes events: ${sentence(error)}`;
  if (!(error instanceof KubernetesError)) return new TargetError("TARGET_UNREACHABLE", said);
  // A namespace that is gone or an event the server finds invalid will not be better next time.
  const isFinal = [400, 404, 413, 422].includes(error.status ?? 0);
  const code = isFinal || error.status === 403 ? "TARGET_REFUSED" : "TARGET_UNREACHABLE";
  return new TargetError(code, said, isFinal ? { tries: 1 } : error.status === 403 ? { tries: 3 } : {});
}

/** An Event is too short for them, and half a link is of no use. */
function withoutLinks(text: string): string {
  return text
    .split("\n")
    .filter((line) => !/https?:\S{200}/.test(line))
    .join("\n");
}

/** The server counts bytes. */
function cut(note: string): string {
  if (Buffer.byteLength(note) <= longestNote) return note;
  const whole = Buffer.from(note)
    .subarray(0, longestNote - 4)
    .toString("utf8");
  return `${whole.replace(/\uFFFD+$/, "")}…`;
}

import type { Step } from "../../policies/remediation-steps.ts";
import type { Facts, RemedyAsk } from "./ask.ts";
import { worstPod } from "./plan-restart.ts";
import type { Done } from "./standing.ts";
import type { Plan } from "./step.ts";
import { verificationOf } from "./verify.ts";

type RestartStep = Extract<Step, { kind: "restart" }>;

/** Restarts of the step that is up which were carried out. */
export function restartsOf({ standing }: RemedyAsk): readonly Done[] {
  return standing.done.filter(({ step, sure }) => step === standing.step && sure);
}

/** One more pod is due: fewer were restarted than the policy wants, and the last one has its replacement. */
export function wantsAnother(ask: RemedyAsk, { pods }: RestartStep): "yes" | "wait" | "no" {
  const done = restartsOf(ask);
  const last = done.at(-1);
  if (done.length >= pods) return "no";
  return last === undefined || verificationOf(ask, last).state === "well" ? "yes" : "wait";
}

export function planRestart(ask: RemedyAsk, step: RestartStep, { values }: Extract<Facts, { kind: "restart" }>, id: string): Plan {
  const { record, standing, pods, now } = ask;
  if (pods === undefined) return { kind: "ask-again" };
  if (values !== undefined && "problem" in values) return { kind: "ask-again", why: { code: "limitation", detail: values.problem } };
  // One that came in place of a restarted pod is not to blame.
  const first = standing.done.find((done) => done.action.kind === "restart");
  const known = first === undefined ? pods : pods.filter((pod) => pod.created < first.at);
  const restarted = new Set(standing.done.flatMap(({ action }) => (action.kind === "restart" ? [action.pod.uid] : [])));
  const worst = worstPod(known, values, restarted, now);
  if (worst === undefined) {
    const none = values === undefined ? "there is no pod to restart" : "the query of worst names no pod that is there";
    return { kind: "cannot", why: { code: "limitation", detail: none } };
  }
  const { pod, because, value } = worst;
  const nth = restartsOf(ask).length + 1;
  return {
    kind: "do",
    action: { id, kind: "restart", workload: record.workload, pod: { name: pod.name, uid: pod.uid }, guard: record.name },
    because: { code: "plan-restart", pod: pod.name, nth, of: step.pods, because, value },
  };
}

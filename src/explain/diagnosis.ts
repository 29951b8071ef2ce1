import type { Ailment, DiagnosisReason, Finding } from "../diagnosis.ts";
import { count, counted } from "./numbers.ts";

/** What is wrong, with which pods, in the server's words, and what a person can do about it with the exact command. */
export function diagnosisSentence(reason: DiagnosisReason): string {
  const { finding } = reason;
  const pods = finding.pods.length === 0 ? "" : ` (${namesOf(finding)})`;
  const words = finding.words === "" ? "" : `: ${ended(finding.words)}`;
  const log = finding.log === undefined || finding.log === "" ? "" : `; its last lines:\n${finding.log.trimEnd()}\n`;
  return `${diagnosisHeadline(reason)}${pods}${words}${log}${log === "" ? "; " : ""}${nextOf(reason)}`;
}

export function diagnosisHeadline({ finding, of }: DiagnosisReason): string {
  return `${count(finding.count)} of ${counted(of, "pod")} ${whatOf(finding)}`;
}

function whatOf(finding: Finding): string {
  const { container = "", image = "", exitCode, object, node = "", ailment } = finding;
  const one = finding.count === 1;
  const the = `container ${container}`;
  const words: Readonly<Record<Ailment, string>> = {
    quota: `cannot be created within the namespace's quota or limits`,
    "not-created": "cannot be created",
    unschedulable: `find${one ? "s" : ""} no node to run on`,
    "image-pull": `cannot pull image ${image} (${the})`,
    "missing-object": `need${one ? "s" : ""} ${object?.kind ?? ""} ${object?.name ?? ""}, which does not exist`,
    "bad-config": `cannot create ${the}`,
    mount: `cannot mount ${one ? "its" : "their"} volumes`,
    sandbox: `cannot set up ${one ? "its" : "their"} network`,
    init: `wait${one ? "s" : ""} for init ${the} to end`,
    "cannot-run": `cannot start the command of ${the} (exit code ${exitCode ?? ""})`,
    "out-of-memory": `had ${the} killed for its memory (exit code ${exitCode ?? ""})`,
    liveness: `had ${the} killed by its liveness or startup probe (exit code ${exitCode ?? ""})`,
    crash: `crash${one ? "es" : ""} in ${the} (exit code ${exitCode ?? ""})`,
    startup: `fail${one ? "s" : ""} the startup probe of ${the}`,
    readiness: container === "" ? `${one ? "is" : "are"} not ready` : `${one ? "is" : "are"} not ready in ${the}`,
    evicted: `${one ? "was" : "were"} ended by the cluster`,
    node: `that ${one ? "is" : "are"} not ready ${one ? "is" : "are all"} on node ${node}, which is not well`,
    unknown: `${one ? "is" : "are"} not ready for a reason that nobody says`,
  };
  return words[ailment];
}

/** As kubectl takes it. */
function nextOf({ finding, namespace, kind, name }: DiagnosisReason): string {
  const { object, node = "", container = "", image = "" } = finding;
  const n = `-n ${namespace}`;
  const pod = finding.pods[0] ?? "<pod>";
  const target = `${kind.toLowerCase()}/${name}`;
  const log = `kubectl logs ${pod} ${n}${container === "" ? "" : ` -c ${container}`}`;
  const describe = `kubectl describe pod ${pod} ${n}`;
  const next: Readonly<Record<Ailment, string>> = {
    quota: `see what is used up: kubectl describe resourcequota,limitrange ${n}; then raise it, or ask for less: kubectl edit ${target} ${n}`,
    "not-created": `see who refuses: kubectl get events ${n} --field-selector reason=FailedCreate`,
    unschedulable: `see what the nodes have left: kubectl describe nodes; then add nodes, or ask for less: kubectl edit ${target} ${n}`,
    "image-pull": `see whether the image is there and may be pulled: docker pull ${image}; kubectl get ${target} ${n} -o jsonpath={.spec.template.spec.imagePullSecrets}`,
    "missing-object": `create it, or correct its name: kubectl get ${object?.kind.toLowerCase() ?? ""} ${object?.name ?? ""} ${n}; kubectl edit ${target} ${n}`,
    "bad-config": `see the whole message: ${describe}; then correct the template: kubectl edit ${target} ${n}`,
    mount: `see the volume and its claim: ${describe}; kubectl get pvc ${n}`,
    sandbox: `see the node's network: ${describe}`,
    init: `see what it waits for: ${log}`,
    "cannot-run": `correct the command or the image: kubectl edit ${target} ${n}`,
    "out-of-memory": `raise limits.memory, or find what takes it: kubectl edit ${target} ${n}; kubectl top pod ${n} --containers`,
    liveness: `give it more time (initialDelaySeconds, failureThreshold), or see why it does not answer: ${log} --previous`,
    crash: `see its whole log: ${log} --previous`,
    startup: `see why it does not answer: ${log}`,
    readiness: `see why it does not answer: ${log}; ${describe}`,
    evicted: `see why: ${describe}`,
    node: `see the node: kubectl describe node ${node}; to take it out of use: kubectl cordon ${node}`,
    unknown: `see what is known: ${describe}`,
  };
  return next[finding.ailment];
}

/** It may be of more pods than it names. */
function namesOf({ pods, count: all }: Finding): string {
  const shown = pods.slice(0, 3);
  return `${shown.join(", ")}${all > shown.length ? ` and ${count(all - shown.length)} more` : ""}`;
}

/** Server's sentences end with a full stop or without. */
function ended(words: string): string {
  return words.trimEnd().replace(/\.$/, "");
}

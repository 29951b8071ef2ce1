import type { Behaviour, Effect, SandboxPod } from "../../world.ts";
import { behaviourOf, isUnschedulable, lastWords, pullProblem } from "../behaviour.ts";
import type { ControlPlane, Sync } from "../controllers/control-plane.ts";
import { findCondition } from "../controllers/conditions.ts";
import { kubeTime } from "../object.ts";
import type { Pod } from "../object.ts";
import { pods } from "../resource-type.ts";
import { isSame } from "../same.ts";
import { hashLabel } from "../template-hash.ts";
import { killedAfterMs } from "./memory.ts";
import { pullBackOffMs, restartBackOffMs } from "./pod-run.ts";
import type { PodRun } from "./pod-run.ts";
import { scriptOf } from "./script.ts";
import { podStatus } from "./pod-status.ts";

export const nodeName = "node-1";

const createMs = 500;
const noticeMs = 1000;

/** Scheduler, kubelet and container runtime in one: binds pods, starts, probes, restarts and ends their processes. */
export class Kubelet {
  readonly #plane: ControlPlane;
  readonly #effects: readonly Effect[];
  readonly #runs = new Map<string, PodRun>();
  readonly #ips = new Map<string, string>();

  constructor(plane: ControlPlane, effects: readonly Effect[]) {
    this.#plane = plane;
    this.#effects = effects;
  }

  readonly sync: Sync = (namespace, name) => {
    const pod = this.#plane.store.get(pods, namespace, name) as Pod | undefined;
    if (!pod) return undefined;
    const run = this.#runs.get(pod.metadata.uid);
    if (pod.metadata.deletionTimestamp !== undefined) return this.#end(pod, run);
    if (!run) return this.#bind(pod);
    return this.#run(pod, run);
  };

  forget(uid: string): void {
    this.#runs.delete(uid);
    this.#ips.delete(uid);
  }

  log(pod: Pod): string | undefined {
    const run = this.#runs.get(pod.metadata.uid);
    const script = scriptOf(pod);
    const words = lastWords(pod.metadata.annotations ?? {});
    if (words !== undefined && run !== undefined && (run.restarts > 0 || run.step === "exited")) return `${words}\n`;
    if (script === undefined || run === undefined || run.startedAt === 0) return undefined;
    const passedMs = this.#plane.now() - run.startedAt;
    return script.lines.map(({ afterMs, text }) => (afterMs <= passedMs ? `${text}\n` : "")).join("");
  }

  view(pod: Pod): SandboxPod {
    const { uid, namespace = "", name, labels = {}, annotations = {}, deletionTimestamp } = pod.metadata;
    const run = this.#runs.get(uid);
    const terminating = deletionTimestamp !== undefined;
    return {
      namespace,
      name,
      uid,
      labels,
      annotations,
      terminating,
      ip: pod.status.podIP ?? "",
      podTemplateHash: labels[hashLabel] ?? "",
      running: run?.step === "running",
      ready: !terminating && findCondition(pod.status.conditions, "Ready")?.status === "True",
      startedAt: run?.startedAt ?? 0,
    };
  }

  #bind(pod: Pod): number | undefined {
    const now = this.#plane.now();
    // Another scheduler's pod: here is none, so nobody binds it, and its status is whoever's that writes it.
    if ((pod.spec["schedulerName"] ?? "default-scheduler") !== "default-scheduler") return undefined;
    if (isUnschedulable(pod.metadata.annotations ?? {})) return this.#refuse(pod);
    this.#runs.set(pod.metadata.uid, { step: "creating", since: now, until: now + createMs, startedAt: 0, restarts: 0, pullFailures: 0 });
    const bound = { ...pod, spec: { ...pod.spec, nodeName } };
    const { namespace = "", name } = pod.metadata;
    this.#plane.tell(pod, "Normal", "Scheduled", `Successfully assigned ${namespace}/${name} to ${nodeName}`, "default-scheduler");
    this.#write(bound, false);
    return now + createMs;
  }

  #refuse(pod: Pod): undefined {
    const known = findCondition(pod.status.conditions, "PodScheduled");
    if (known) return undefined;
    const message =
      "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.";
    const lastTransitionTime = kubeTime(this.#plane.now());
    const condition = {
      type: "PodScheduled",
      status: "False" as const,
      lastProbeTime: null,
      lastTransitionTime,
      reason: "Unschedulable",
      message,
    };
    this.#plane.tell(pod, "Warning", "FailedScheduling", message, "default-scheduler");
    this.#plane.store.put(pods, { ...pod, status: { ...pod.status, conditions: [condition] } });
    return undefined;
  }

  #run(pod: Pod, run: PodRun): number | undefined {
    const now = this.#plane.now();
    const behaviour = behaviourOf(this.view(pod), this.#effects, now);
    while (this.#step(pod, run, behaviour, now)) this.#write(this.#fresh(pod), this.#isReady(run, behaviour, now));
    this.#write(this.#fresh(pod), this.#isReady(run, behaviour, now));
    if (run.step === "done") return undefined;
    if (run.step !== "running") return run.until;
    const script = scriptOf(pod);
    if (script !== undefined) return run.startedAt + script.lastsMs;
    const { crashAfterMs, readyAfterMs, unreadyAfterMs } = behaviour;
    const next = [crashAfterMs, killedAfterMs(behaviour), readyAfterMs, unreadyAfterMs]
      .filter((after) => after !== null)
      .map((after) => run.startedAt + after);
    const soonest = Math.min(...next.filter((at) => at > now));
    return soonest === Infinity ? undefined : soonest;
  }

  /** Takes the step that is due at `now`; false when none is. */
  #step(pod: Pod, run: PodRun, behaviour: Behaviour, now: number): boolean {
    const to = (step: PodRun["step"], lasts: number) => Object.assign(run, { step, since: now, until: now + lasts });
    const start = () => Object.assign(to("running", Infinity), { startedAt: now });
    switch (run.step) {
      case "done":
        return false;
      case "running": {
        const script = scriptOf(pod);
        if (script !== undefined) {
          if (now < run.startedAt + script.lastsMs) return false;
          Object.assign(to("done", Infinity), { exitCode: script.exitCode });
          return true;
        }
        const isDue = (afterMs: number | null) => afterMs !== null && now >= run.startedAt + afterMs;
        const killed = isDue(killedAfterMs(behaviour));
        if (!killed && !isDue(behaviour.crashAfterMs)) return false;
        Object.assign(to("exited", noticeMs), { outOfMemory: killed });
        return true;
      }
      case "creating":
        if (now < run.until) return false;
        if (behaviour.imagePullFails) this.#pullFails(pod, run, now);
        else start();
        return true;
      case "pull-failed":
        if (now < run.until) return false;
        if (run.until - run.since < pullBackOffMs(1)) to("pull-failed", pullBackOffMs(run.pullFailures));
        else if (behaviour.imagePullFails) this.#pullFails(pod, run, now);
        else start();
        return true;
      case "exited":
        if (now < run.until) return false;
        if (restartBackOffMs(run.restarts) > noticeMs) {
          this.#plane.tell(
            pod,
            "Warning",
            "BackOff",
            `Back-off restarting failed container ${pod.spec.containers[0]?.name} in pod ${pod.metadata.name}`,
            "kubelet",
          );
          to("back-off", restartBackOffMs(run.restarts) - noticeMs);
          return true;
        }
        run.restarts += 1;
        start();
        return true;
      case "back-off":
        if (now < run.until) return false;
        run.restarts += 1;
        start();
        return true;
    }
  }

  #pullFails(pod: Pod, run: PodRun, now: number): void {
    Object.assign(run, { step: "pull-failed", since: now, until: now + noticeMs, pullFailures: run.pullFailures + 1 });
    const image = pod.spec.containers[0]?.image ?? "";
    this.#plane.tell(
      pod,
      "Warning",
      "Failed",
      `Failed to pull image "${image}": ${pullProblem(pod.metadata.annotations ?? {}, image)}`,
      "kubelet",
    );
  }

  #isReady(run: PodRun, { readyAfterMs, unreadyAfterMs }: Behaviour, now: number): boolean {
    if (run.step !== "running" || readyAfterMs === null) return false;
    return now >= run.startedAt + readyAfterMs && now < run.startedAt + (unreadyAfterMs ?? Infinity);
  }

  /** One to two seconds after its deletion was asked for, or at the end of its grace, the process is gone. */
  #end(pod: Pod, run: PodRun | undefined): number | undefined {
    const now = this.#plane.now();
    if (!run) {
      this.#plane.store.remove(pods, pod.metadata.namespace ?? "", pod.metadata.name);
      return undefined;
    }
    if (run.killedAt === undefined) {
      const grace = (pod.metadata.deletionGracePeriodSeconds ?? 30) * 1000;
      run.killedAt = now + Math.min(grace, 1000 + this.#plane.random() * 1000);
      this.#plane.tell(pod, "Normal", "Killing", `Stopping container ${pod.spec.containers[0]?.name}`, "kubelet");
      this.#write(pod, false);
    }
    if (now < run.killedAt) return run.killedAt;
    if ((pod.metadata.finalizers ?? []).length === 0) this.#plane.store.remove(pods, pod.metadata.namespace ?? "", pod.metadata.name);
    return undefined;
  }

  #write(pod: Pod, ready: boolean): void {
    const run = this.#runs.get(pod.metadata.uid);
    if (!run) return;
    const shown = `${run.step} ${run.since} ${run.restarts} ${ready} ${run.killedAt} ${pod.metadata.generation} ${pod.spec.nodeName}`;
    if (run.shown === shown) return;
    run.shown = shown;
    const status = podStatus(pod, run, ready, this.#ipOf(pod.metadata.uid), this.#plane.now());
    const before = this.#fresh(pod);
    if (isSame(before.status, status) && before.spec.nodeName === pod.spec.nodeName) return;
    this.#plane.store.put(pods, { ...pod, status });
  }

  #fresh(pod: Pod): Pod {
    return (this.#plane.store.get(pods, pod.metadata.namespace ?? "", pod.metadata.name) as Pod | undefined) ?? pod;
  }

  /** Addresses of 10.244.0.0/16 one after the other, so that none is used again soon. */
  #ipOf(uid: string): string {
    const known = this.#ips.get(uid);
    if (known !== undefined) return known;
    this.#lastAddress = (this.#lastAddress % 65_000) + 1;
    const ip = `10.244.${this.#lastAddress >> 8}.${this.#lastAddress & 255}`;
    this.#ips.set(uid, ip);
    return ip;
  }
  #lastAddress = 1;
}

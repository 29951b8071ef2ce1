import { join } from "node:path";
import { setImmediate, setTimeout } from "node:timers/promises";
import { connect } from "../../src/connect.ts";
import { createDaemon, type Daemon } from "../../src/daemon.ts";
import { crd } from "../../src/journal/crd.ts";
import { createLog } from "../../src/log.ts";
import { renderProblem } from "../../src/policies/problem.ts";
import type { KubernetesApiOptions } from "../../src/sandbox/kubernetes/api.ts";
import type { Deployment } from "../../src/sandbox/kubernetes/object.ts";
import { deployments } from "../../src/sandbox/kubernetes/resource-type.ts";
import { createRandom } from "../../src/sandbox/random.ts";
import { createSandbox, type Sandbox } from "../../src/sandbox/sandbox.ts";
import { loadSettings } from "../../src/settings.ts";
import type { GuardLine } from "../../src/web/guard-view.ts";
import { makeTempDir } from "../servers/temp-dir.ts";
import { createDaemonProcess, type DaemonProcess, type Write } from "./daemon-process.ts";
import { createWorldClock } from "./world-clock.ts";
import { writeWorldFiles } from "./world-files.ts";
import { followVersions } from "./world-state.ts";
import { type Behaviour, deploymentOf, released, serviceOf, shop, type ShopService } from "./world-shop.ts";
import { viewOf, type WorldView } from "./world-view.ts";

export interface WorldOptions {
  readonly services: readonly ShopService[];
  /** YAML of the policies; one that enforces errors, latency and pods unless told. */
  readonly policy?: string;
  /** Over the usual settings, one level deep. */
  readonly settings?: Readonly<Record<string, object>>;
  /** More files beside the settings, by name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly seed?: number;
  readonly scrapeS?: number;
  /** How long everything has been running before the daemon comes. */
  readonly historyS?: number;
  readonly kubernetes?: KubernetesApiOptions;
  /** Pods log, and the daemon reads it. */
  readonly logs?: boolean;
  /** Is given every line of the daemon's log, from `trace` on. */
  readonly logged?: (line: string) => void;
  /** The kubelet shows what containers use of CPU and memory. */
  readonly cadvisor?: boolean;
  /** The daemon is started with the world unless false. */
  readonly daemon?: boolean;
}

/** A whole daemon over a sandbox, on a clock that only `run` and `until` move. */
export interface World extends WorldView, AsyncDisposable {
  readonly sandbox: Sandbox;
  now(): number;
  daemon(): Daemon;
  /** Of the daemon's own API. */
  url(): string;
  release(service: string, behaviour?: Behaviour, image?: string): void;
  /** What a person does with kubectl: any change of the Deployment. */
  edit(service: string, change: (deployment: Deployment) => Deployment): void;
  run(seconds: number): Promise<void>;
  /** Goes on until it holds; fails after `maxS` seconds of the world and says where the guards stand. Gives the seconds it took. */
  until(what: string, holds: () => boolean, maxS: number): Promise<number>;
  /** At this many seconds from now, once. */
  at(seconds: number, deed: () => void): void;
  /** From the daemon's own API, newest guard first. */
  guards(): Promise<readonly GuardLine[]>;
  guard(service: string): Promise<GuardLine>;
  /** Every write is shown, so that a test may kill the daemon in its middle. */
  onWrite: (write: Write) => void;
  kill(): void;
  startDaemon(options?: { readonly identity?: string }): Promise<void>;
  restartDaemon(options?: { readonly kill?: boolean; readonly identity?: string }): Promise<void>;
}

const start = Date.parse("2026-11-23T12:00:00Z");
const secondMs = 1000;
const quickTurns = 20;

interface Running {
  readonly daemon: Daemon;
  readonly process: DaemonProcess;
  readonly url: string;
}

export async function openWorld(options: WorldOptions): Promise<World> {
  const { services, seed = 1, scrapeS = 15, historyS = 900, kubernetes } = options;
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await makeTempDir("world")).path;
  const clock = createWorldClock(start);
  const sandbox = stack.use(
    await createSandbox({
      seed,
      now: start - historyS * secondMs,
      scrapeIntervalMs: scrapeS * secondMs,
      logs: options.logs === true,
      cadvisor: options.cadvisor === true,
      services: services.map(({ name, rps = 40 }) => ({ namespace: shop, name, selector: { app: name }, rps })),
      ...(kubernetes === undefined ? {} : { kubernetes }),
    }),
  );
  for (const name of [shop, "rearguard"]) sandbox.cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  sandbox.cluster.apply(crd());
  for (const service of services) {
    sandbox.cluster.apply(serviceOf(service));
    sandbox.cluster.apply(deploymentOf(service));
  }
  const newest = followVersions(sandbox);
  sandbox.advance(start);
  await writeWorldFiles(folder, sandbox, { ...options, scrapeS });
  const random = createRandom(seed ^ 0xdae);
  const planned: { readonly at: number; readonly deed: () => void }[] = [];
  const graves: Running[] = [];
  let running: Running | undefined;
  let releases = 0;

  function current(): Running {
    if (running === undefined) throw new Error("no daemon is running");
    return running;
  }

  /** Lets everything that was set going come to its end, or to where only time, or a source that hangs, can move it. */
  async function settle(): Promise<void> {
    const giveUp = performance.now() + 10_000;
    let before = -1;
    let still = 0;
    let since = performance.now();
    for (;;) {
      // Whatever has no answer after some turns waits for time, real or of the world: no reason to keep a core busy.
      await (still < quickTurns ? setImmediate() : setTimeout(1));
      const process = running?.process;
      const progress = process?.progress() ?? 0;
      if (progress !== before) [before, still, since] = [progress, 0, performance.now()];
      still += 1;
      const overdue = (process?.overdue() ?? 0) > 0;
      const calls = process !== undefined && (process.pending() > 0 || !newest.seenBy(process));
      const busy = calls || overdue || clock.beating();
      if (!busy && still >= 4) return;
      // A beat that sends nothing pauses before it tries again.
      if (busy && !overdue && still >= quickTurns + 5 && performance.now() - since > (calls ? 25 : 5)) return;
      if (performance.now() > giveUp) throw new Error("the daemon does not come to rest");
    }
  }

  async function second(): Promise<void> {
    const to = clock.now() + secondMs;
    for (const one of planned.filter(({ at }) => at <= clock.now())) {
      planned.splice(planned.indexOf(one), 1);
      one.deed();
    }
    sandbox.advance(to);
    await settle();
    await clock.move(to, settle);
  }

  async function startDaemon({ identity = "rearguard-0" }: { readonly identity?: string } = {}): Promise<void> {
    const loaded = await loadSettings(join(folder, "settings.yaml"), {});
    if ("problems" in loaded) throw new Error(loaded.problems.map(renderProblem).join("\n"));
    const { settings } = loaded;
    const inner = { clients: connect(settings, clock, identity), clock };
    const process = createDaemonProcess(inner, {
      onWrite: (write) => world.onWrite(write),
      hung: (asked) =>
        asked === "logs"
          ? sandbox.elasticsearch.fault === "hang"
          : sandbox.prometheus.fault === "hang" || sandbox.prometheus.hangs?.test(asked.promql) === true,
    });
    const { logged } = options;
    const log = logged === undefined ? createLog(settings.log.level) : createLog("trace", { write: logged });
    const daemon = createDaemon({ settings, clients: process.clients, clock: process.clock, random, log, identity, version: "test" });
    const { url } = await daemon.start();
    running = { daemon, process, url };
    await settle();
  }

  function kill(): void {
    const dead = current();
    dead.process.kill();
    graves.push(dead);
    running = undefined;
  }

  async function stop({ daemon }: Running): Promise<void> {
    let stopped = false;
    const stopping = daemon.stop(5_000).finally(() => (stopped = true));
    const giveUp = performance.now() + 5_000;
    while (!stopped && performance.now() < giveUp) {
      await settle();
      await clock.move(clock.now() + secondMs, settle);
    }
    if (!stopped) throw new Error("the daemon does not stop");
    await stopping;
  }

  const world: World = {
    ...viewOf(sandbox),
    sandbox,
    now: () => clock.now(),
    daemon: () => current().daemon,
    url: () => current().url,
    release(service, behaviour = {}, image) {
      releases += 1;
      const tag = image ?? `shop/${service}:2.${releases}.0`;
      sandbox.cluster.setTemplate(shop, service, (template) => released(template, tag, behaviour));
    },
    edit(service, change) {
      sandbox.cluster.registry.update(deployments, shop, service, (found) => change(found as Deployment), { manager: "kubectl" });
    },
    async run(seconds) {
      for (let passed = 0; passed < seconds; passed += 1) await second();
    },
    async until(what, holds, maxS) {
      for (let passed = 0; ; passed += 1) {
        if (holds()) return passed;
        if (passed >= maxS) throw new Error(`not within ${maxS} s: ${what}\n${services.map(({ name }) => storyOf(name)).join("\n")}`);
        await second();
      }
    },
    at(seconds, deed) {
      planned.push({ at: clock.now() + seconds * secondMs, deed });
    },
    async guards() {
      const answer = await fetch(`${current().url}/api/v1/guards`);
      return ((await answer.json()) as { readonly guards: readonly GuardLine[] }).guards;
    },
    async guard(service) {
      const found = (await world.guards()).find(({ workload }) => workload === `deployment/${service}`);
      if (found === undefined) throw new Error(`the API shows no guard of ${service}`);
      return found;
    },
    onWrite: () => {},
    kill,
    startDaemon,
    async restartDaemon({ kill: killed = false, identity } = {}) {
      const old = current();
      if (killed) kill();
      else await stop(old);
      await startDaemon(identity === undefined ? {} : { identity });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };

  function storyOf(service: string): string {
    const told = world.messages().filter(({ workload }) => workload.name === service);
    return `${service}: ${world.phase(service) ?? "no guard"}\n${told.map(({ at, text }) => `  +${(at - start) / 1000} s ${text}`).join("\n")}`;
  }

  stack.defer(async () => {
    // What was injected must not stand in the way of the end.
    world.onWrite = () => {};
    sandbox.prometheus.fault = undefined;
    sandbox.prometheus.hangs = undefined;
    sandbox.elasticsearch.fault = undefined;
    if (running !== undefined) await stop(running);
    running = undefined;
    for (const dead of graves) {
      dead.process.bury();
      await stop(dead);
    }
  });
  const owned = stack.move();
  if (options.daemon === false) return world;
  try {
    await startDaemon();
    // Elected, listed, first beat.
    await world.run(3);
  } catch (error) {
    await owned.disposeAsync();
    throw error;
  }
  return world;
}

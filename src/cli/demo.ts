import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { type Clock, fastClock, systemClock } from "../clock.ts";
import { connect } from "../connect.ts";
import { createDaemon, type Daemon } from "../daemon.ts";
import { finalPhases } from "../entry.ts";
import { crd } from "../journal/crd.ts";
import { createLog } from "../log.ts";
import { renderProblem } from "../policies/problem.ts";
import { createSandbox, type Sandbox } from "../sandbox/sandbox.ts";
import { loadSettings } from "../settings.ts";
import { version } from "../version.ts";
import type { GuardLine } from "../web/guard-view.ts";
import { type Scenario, scenarios, usual } from "./demo/scenarios.ts";
import { deployment, namespace, policy, released, serviceOf, settings } from "./demo/shop.ts";
import { createStory, type Page, type Story, type ToldGuard } from "./demo/story.ts";

const usage = `npm run demo -- [--fast] [--scenario NAME]… [--once]

A small shop under traffic in a sandbox (Kubernetes, Prometheus and receivers behind real HTTP on loopback) and the real daemon
against it. Without --scenario: ${usual.join(", ")}, side by side.

  --scenario NAME  only this one; may be given several times
${scenarios.map(({ name, title }) => `                     ${name.padEnd(11)} ${title}`).join("\n")}
  --fast           the whole world, clock included, four times as fast
  --once           end when the story is over instead of staying up until Ctrl-C
  --no-color       plain text (also by NO_COLOR)`;

const historyMs = 90_000;
const fastSpeed = 4;

export async function demo(args: readonly string[], page: Page): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      fast: { type: "boolean", default: false },
      scenario: { type: "string", multiple: true },
      once: { type: "boolean", default: false },
      "no-color": { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    page.write(`${usage}\n`);
    return 0;
  }
  const names = values.scenario ?? usual;
  const wanted = names.map((name) => scenarios.find((scenario) => scenario.name === name));
  const unknown = names.filter((_, index) => wanted[index] === undefined);
  if (unknown.length > 0)
    throw new Error(`unknown scenario ${unknown.join(", ")}; there are ${scenarios.map(({ name }) => name).join(", ")}`);
  const colour = page.isTTY === true && !values["no-color"] && process.env["NO_COLOR"] === undefined;
  return play(
    wanted.filter((scenario) => scenario !== undefined),
    { speed: values.fast ? fastSpeed : 1, once: values.once, colour, page },
  );
}

interface Staging {
  readonly speed: number;
  readonly once: boolean;
  readonly colour: boolean;
  readonly page: Page;
}

async function play(chosen: readonly Scenario[], { speed, once, colour, page }: Staging): Promise<number> {
  const stopped = interrupted(page);
  const start = systemClock.now();
  const clock = speed === 1 ? systemClock : fastClock(start, speed);
  const story = createStory(page, () => (clock.now() - start) / 1000, colour);
  const folder = await mkdtemp(join(tmpdir(), "rearguard-demo-"));
  const sandbox = await openShop(chosen, start);
  // To build it took time, in which the clock of the daemon went on: the world must not be behind it.
  sandbox.advance(clock.now());
  const run = sandbox.run(speed);
  try {
    story.say(
      `a shop with ${chosen.length} service${chosen.length === 1 ? "" : "s"} under traffic, ${historyMs / 1000} s of it behind us`,
      "bold",
    );
    const daemon = await startDaemon(sandbox, folder, clock, speed);
    const { url } = await daemon.start();
    story.say(`rearguard ${version} watches it: scrapes and blocks of 1 s, confidence 99.9 %`, "bold");
    const before = sandbox.traffic.served();
    await tell(chosen, { sandbox, clock, url, story, stopped });
    if (!stopped.aborted) {
      const after = sandbox.traffic.served();
      const rollouts = `${chosen.length} ${chosen.length === 1 ? "rollout" : "rollouts"} guarded`;
      story.say(`${rollouts}; ${after.bad - before.bad} of ${after.total - before.total} requests failed meanwhile`, "bold");
      story.quote(messagesIn(sandbox));
      if (!once) story.say(`look yourself: ${url}/api/v1/guards  ${url}/metrics   (Ctrl-C ends)`, "bold");
    }
    const wrong = stopped.aborted ? [] : otherwise(chosen, await guardsAt(url));
    for (const line of wrong) story.say(line, "red");
    if (!once && wrong.length === 0) await untilAborted(stopped);
    await daemon.stop(5_000);
    return wrong.length === 0 ? 0 : 1;
  } finally {
    run();
    await sandbox[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The world before the story: deployed long ago, with traffic that Prometheus has seen. */
async function openShop(chosen: readonly Scenario[], now: number): Promise<Sandbox> {
  const sandbox = await createSandbox({
    seed: 7,
    now: now - historyMs,
    scrapeIntervalMs: 1_000,
    services: chosen.map(({ service }) => ({ namespace, name: service, selector: { app: service }, rps: 40 })),
  });
  for (const name of [namespace, "rearguard"]) sandbox.cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  sandbox.cluster.apply(crd());
  for (const { service } of chosen) {
    sandbox.cluster.apply(serviceOf(service));
    sandbox.cluster.apply(deployment(service, `shop/${service}:1.0.0`));
  }
  sandbox.advance(now);
  return sandbox;
}

async function startDaemon(sandbox: Sandbox, folder: string, clock: Clock, speed: number): Promise<Daemon> {
  await mkdir(join(folder, "policies"));
  await writeFile(join(folder, "policies", "shop.yaml"), policy);
  await writeFile(join(folder, "kubeconfig.yaml"), sandbox.kubeconfig());
  await writeFile(join(folder, "grafana-token"), "glsa_demo_token");
  const file = join(folder, "settings.yaml");
  const urls = { prometheus: sandbox.prometheusUrl, receiver: sandbox.receiverUrl };
  const written = settings(urls, "grafana-token", speed === 1 ? "150ms" : "600ms");
  await writeFile(file, stringify(written));
  const loaded = await loadSettings(file, {});
  if ("problems" in loaded) throw new Error(loaded.problems.map(renderProblem).join("\n"));
  const identity = "demo";
  const clients = connect(loaded.settings, clock, identity);
  const log = createLog(loaded.settings.log.level);
  return createDaemon({ settings: loaded.settings, clients, clock, random: Math.random, log, identity, version });
}

interface Scene {
  readonly sandbox: Sandbox;
  readonly clock: Clock;
  readonly url: string;
  readonly story: Story;
  readonly stopped: AbortSignal;
}

async function tell(chosen: readonly Scenario[], { sandbox, clock, url, story, stopped }: Scene): Promise<void> {
  while (!stopped.aborted && !(await fetch(`${url}/readyz`)).ok) await clock.sleep(100, stopped);
  for (const scenario of chosen) {
    sandbox.cluster.setTemplate(namespace, scenario.service, (template) => released(template, scenario));
    story.say(`${scenario.service.padEnd(9)} release    ${scenario.image}: ${scenario.title}`);
  }
  let guards: readonly ToldGuard[] = [];
  while (!stopped.aborted && !isOver(chosen, guards)) {
    await clock.sleep(250, stopped);
    guards = await guardsAt(url);
    story.follow(guards);
  }
}

/** As a person with curl would see them. */
async function guardsAt(url: string): Promise<readonly ToldGuard[]> {
  const { guards } = (await (await fetch(`${url}/api/v1/guards`)).json()) as { guards: readonly GuardLine[] };
  return Promise.all(guards.map(async ({ name }) => (await (await fetch(`${url}/api/v1/guards/${name}`)).json()) as ToldGuard));
}

function isOver(chosen: readonly Scenario[], guards: readonly GuardLine[]): boolean {
  const hasEnded = ({ phase }: GuardLine) => finalPhases.some((final) => final === phase);
  return chosen.every(({ service }) => guards.some((guard) => guard.workload === `deployment/${service}` && hasEnded(guard)));
}

/** Guards that ended otherwise than this world calls for. */
function otherwise(chosen: readonly Scenario[], guards: readonly GuardLine[]): readonly string[] {
  return chosen.flatMap(({ service, ends }) => {
    const phase = guards.find((guard) => guard.workload === `deployment/${service}`)?.phase;
    const why = "this machine may be too busy for a world in seconds: try again, without --fast";
    return phase === ends ? [] : [`${service} should have ended ${ends} and ended ${phase ?? "without a guard"}; ${why}`];
  });
}

/** What the webhook was told of rollbacks. */
function messagesIn({ receiver }: Sandbox): readonly string[] {
  return receiver.messages.flatMap(({ body }) => {
    const { data } = body as { readonly data: { readonly kind: string; readonly title: string; readonly text: string } };
    return data.kind === "rolled-back" ? [`${data.title}\n${data.text}`] : [];
  });
}

function interrupted(page: Page): AbortSignal {
  const controller = new AbortController();
  // Piped into a reader that has gone, such as head: the story is over, and what it set up is still to be taken down.
  page.on?.("error", () => controller.abort());
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      controller.abort();
      process.once(signal, () => process.exit(130));
    });
  }
  return controller.signal;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve());
  });
}

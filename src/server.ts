import { hostname } from "node:os";
import { parseArgs } from "node:util";
import { systemClock } from "./clock.ts";
import { connect } from "./connect.ts";
import { createDaemon } from "./daemon.ts";
import { RearguardError, sentence } from "./errors.ts";
import { createLog } from "./log.ts";
import { renderProblem } from "./policies/problem.ts";
import { loadSettings } from "./settings.ts";
import { version } from "./version.ts";

const usage = `Rearguard ${version} watches every Kubernetes rollout and takes it back when production says no.

Usage: npm start -- [--settings FILE]

  --settings FILE   settings (YAML); config/settings.yaml, or $REARGUARD_SETTINGS
  --help            this text
  --version         the version

The cluster is found by kubeconfig ($KUBECONFIG, ~/.kube/config) or, in a pod, by its service account.
SIGTERM and Ctrl-C stop it in order; a second one at once. Exit codes: 0 stopped, 1 could not run, 2 wrong usage.`;

/** Longest time an orderly stop may take; must be shorter than the pod's terminationGracePeriodSeconds. */
const stopWithinMs = 8_000;

process.exit(await main(process.argv.slice(2), process.env));

async function main(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  let values;
  try {
    values = parseArgs({
      args: [...args],
      options: { settings: { type: "string" }, help: { type: "boolean", short: "h" }, version: { type: "boolean" } },
    }).values;
  } catch (error) {
    process.stderr.write(`${sentence(error)}\n\n${usage}\n`);
    return 2;
  }
  if (values.help === true || values.version === true) {
    process.stdout.write(`${values.help === true ? usage : version}\n`);
    return 0;
  }
  const loaded = await loadSettings(values.settings ?? env["REARGUARD_SETTINGS"] ?? "config/settings.yaml", env);
  if ("problems" in loaded) {
    for (const problem of loaded.problems) process.stderr.write(`${renderProblem(problem)}\n`);
    return 1;
  }
  const { settings } = loaded;
  const log = createLog(settings.log.level);
  try {
    const identity = `${hostname()}-${process.pid}`;
    const clients = connect(settings, systemClock, identity);
    const daemon = createDaemon({ settings, clients, clock: systemClock, random: Math.random, log, identity, version });
    await daemon.start();
    const signal = await stopSignal();
    log.info({ signal }, "stopping");
    await daemon.stop(stopWithinMs);
    return 0;
  } catch (error) {
    const remedy = error instanceof RearguardError ? `\n${error.code}: ${error.remedy}` : "";
    process.stderr.write(`rearguard: ${sentence(error)}${remedy}\n`);
    return 1;
  }
}

function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.once(signal, () => {
        resolve(signal);
        process.once(signal, () => process.exit(1));
      });
    }
  });
}

import { stat } from "node:fs/promises";
import { limitWarnings } from "../policies/limits.ts";
import type { LoadedPolicy } from "../policies/parse.ts";
import { policySetOf } from "../policies/policy-set.ts";
import type { Policy } from "../policies/policy.ts";
import { inReadingOrder, renderProblem } from "../policies/problem.ts";
import type { Remediation } from "../policies/remediation.ts";
import { stepOf } from "../policies/remediation-steps.ts";
import { policyFilesIn, readPolicyFiles } from "../watchers/policy-files.ts";

/** Checks policy files and folders as one set. Prints every problem, or what each policy matches, and returns the exit code: 0 valid, 1 not. */
export async function check(paths: readonly string[], write: (line: string) => void): Promise<0 | 1> {
  const wanted = await filesOf(paths);
  const others = wanted.filter((path) => !/\.ya?ml$/.test(path));
  for (const path of others) write(`${path}: no policy file; allowed: folders, and files named *.yaml or *.yml`);
  if (others.length > 0) return 1;
  const { files, problems: unreadable } = await readPolicyFiles(wanted);
  const { set, problems: invalid } = policySetOf(files);
  const problems = inReadingOrder([...unreadable, ...invalid]);
  for (const problem of problems) write(renderProblem(problem));
  if (problems.length > 0) {
    write(`${counted(problems.length, "problem")} in ${paths.join(", ")}`);
    return 1;
  }
  if (files.length === 0) {
    write(`no policy file (*.yaml) in ${paths.join(", ")}`);
    return 1;
  }
  for (const loaded of set.loaded) {
    write(summary(loaded));
    for (const warning of limitWarnings(loaded.policy)) write(`${loaded.file}:${loaded.line}:${loaded.column} warning: ${warning}`);
  }
  for (const { remediation } of set.loadedRemediations) write(remediationLine(remediation));
  const kinds = [
    ...(set.loaded.length > 0 || set.loadedRemediations.length === 0 ? [counted(set.loaded.length, "policy", "policies")] : []),
    ...(set.loadedRemediations.length > 0 ? [counted(set.loadedRemediations.length, "remediation")] : []),
  ];
  write(`${kinds.join(" and ")} in ${counted(files.length, "file")}, no problem`);
  return 0;
}

/** "backend (enforce): Deployment in shop with app=backend". */
function summary({ policy }: LoadedPolicy): string {
  return `${policy.metadata.name} (${policy.spec.mode}): ${whom(policy.spec.match)}`;
}

/** "slow-backend (enforce): alert BackendSlow of every workload in shop: scale, restart, notify". */
function remediationLine({ metadata, spec }: Remediation): string {
  const { alert, schedule } = spec.on;
  const opens =
    alert !== undefined
      ? `alert ${alert.names.join(" or ")} of`
      : schedule !== undefined
        ? `at "${schedule.cron}" ${schedule.timeZone} for`
        : "when ordered, for";
  const conditions = Object.keys(spec.when ?? {});
  const when = conditions.length === 0 ? "" : `, when ${conditions.join(" and ")}`;
  return `${metadata.name} (${spec.mode}): ${opens} ${whom(spec.match)}${when}: ${spec.do.map((step) => stepOf(step).kind).join(", ")}`;
}

function whom({ kinds, names, namespaces, labels }: Policy["spec"]["match"]): string {
  const parts = [
    kinds?.join(", ") ?? "every workload",
    names && `named ${names.join(", ")}`,
    namespaces && `in ${namespaces.join(", ")}`,
    labels &&
      `with ${Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(", ")}`,
  ];
  return parts.filter(Boolean).join(" ");
}

async function filesOf(paths: readonly string[]): Promise<readonly string[]> {
  const files = await Promise.all(
    paths.map(async (path) => {
      const isFolder = await stat(path).then(
        (found) => found.isDirectory(),
        () => false,
      );
      return isFolder ? policyFilesIn(path) : [path];
    }),
  );
  return [...new Set(files.flat())];
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

import { parsePolicies } from "../../../src/policies/parse.ts";
import type { Policy } from "../../../src/policies/policy.ts";
import { renderProblem } from "../../../src/policies/problem.ts";

/** YAML of a policy that is valid as it is; `match` and `spec` lines can be given. */
export function policyYaml(name: string, match = "{}", lines: readonly string[] = []): string {
  const own = lines.some((line) => line.startsWith("signals:")) ? [] : ["signals: { pods: { pods: {} } }"];
  const spec = [`match: ${match}`, ...lines, ...own].map((line) => `  ${line}\n`).join("");
  return `apiVersion: rearguard.dev/v1alpha1\nkind: Policy\nmetadata: { name: ${name} }\nspec:\n${spec}`;
}

export function aPolicy(name: string, match?: string, lines?: readonly string[]): Policy {
  const { policies, problems } = parsePolicies(policyYaml(name, match, lines), "test.yaml");
  const [loaded] = policies;
  if (loaded === undefined || problems.length > 0) throw new Error(problems.map(renderProblem).join("\n"));
  return loaded.policy;
}

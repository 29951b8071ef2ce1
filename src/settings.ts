import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { z } from "zod";
import { jsonSchemaOf } from "./policies/json-schema.ts";
import { nearest } from "./policies/nearest.ts";
import { problemsOf } from "./policies/place.ts";
import { inReadingOrder, type Problem } from "./policies/problem.ts";
import { told } from "./policies/told.ts";
import { readYaml, type YamlDocument } from "./policies/yaml-documents.ts";
import { type Settings, settingsSchema } from "./settings-schema.ts";
import { intakeProblems } from "./settings-intake.ts";
import { nameProblems } from "./settings-targets.ts";

export type { Settings, WrittenSettings } from "./settings-schema.ts";
export type SettingsResult = { readonly settings: Settings } | { readonly problems: readonly Problem[] };

type Environment = Readonly<Record<string, string | undefined>>;

/** Environment variables that stand above the file, each for one key. */
export const environmentKeys: Readonly<Record<string, readonly string[]>> = {
  REARGUARD_CLUSTER: ["cluster"],
  REARGUARD_POLICIES: ["policies"],
  REARGUARD_KUBECONFIG: ["kubernetes", "kubeconfig"],
  REARGUARD_CONTEXT: ["kubernetes", "context"],
  REARGUARD_PROMETHEUS_URL: ["prometheus", "url"],
  REARGUARD_NAMESPACE: ["leader", "namespace"],
  REARGUARD_LEADER_ENABLED: ["leader", "enabled"],
  REARGUARD_LISTEN_HOST: ["listen", "host"],
  REARGUARD_LISTEN_PORT: ["listen", "port"],
  REARGUARD_KILL_SWITCH: ["governor", "killSwitch"],
  REARGUARD_LOG_LEVEL: ["log", "level"],
};

/** Reads the file at `path`, then the environment over it; every problem at once. Throws never. */
export async function loadSettings(path: string, env: Environment): Promise<SettingsResult> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "unknown error";
    const cause = code === "ENOENT" ? "there is no such file" : code;
    return { problems: [{ file: path, line: 0, column: 0, path: "", what: "the settings cannot be read", cause }] };
  }
  return parseSettings(text, path, env);
}

/** Like `loadSettings`, of a text that `file` would hold. */
export async function parseSettings(text: string, file: string, env: Environment): Promise<SettingsResult> {
  const { documents, problems: unreadable } = readYaml(text, file);
  if (unreadable.length > 0) return { problems: unreadable };
  const [document = emptyDocument, second] = documents;
  if (second !== undefined)
    return { problems: [{ file, ...second.at([]), path: "", what: "settings are one document; a second one begins here" }] };
  const value: unknown = structuredClone(document.value);
  const overrides = overridesIn(env);
  for (const { at, value: overriding } of overrides.found) put(value, at, overriding);
  const schema = settingsSchema(dirname(resolve(file)));
  const parsed = await schema.safeParseAsync(value);
  const issues = parsed.success ? [...blockProblem(parsed.data), ...betweenParts(parsed.data)] : parsed.error.issues;
  if (parsed.success && issues.length === 0 && overrides.problems.length === 0) return { settings: parsed.data };
  const placed = problemsOf(issues, { ...document, value }, file, jsonSchemaOf(schema)).map((problem) =>
    fromEnvironment(problem, overrides.found),
  );
  return { problems: inReadingOrder([...placed, ...overrides.problems]) };
}

// Checked over two parts of the file, so it waits until both are whole.
function blockProblem({ judging, prometheus }: Settings): readonly z.core.$ZodIssue[] {
  if (judging.block >= prometheus.scrapeInterval && judging.settle < judging.block) return [];
  const message = told(
    "the times contradict each other",
    "settle < block, and block >= prometheus.scrapeInterval",
    "a shorter block would count one scrape twice",
  );
  return [{ code: "custom", path: ["judging", "block"], message, input: judging.block }];
}

function betweenParts(settings: Settings): readonly z.core.$ZodIssue[] {
  return [...nameProblems(settings), ...intakeProblems(settings)].map(({ path, message, input }) => ({
    code: "custom",
    path: [...path],
    message,
    input,
  }));
}

interface Override {
  readonly variable: string;
  readonly at: readonly string[];
  readonly value: unknown;
}

function overridesIn(env: Environment): { readonly found: readonly Override[]; readonly problems: readonly Problem[] } {
  const found: Override[] = [];
  const problems: Problem[] = [];
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith("REARGUARD_") || variable === "REARGUARD_SETTINGS" || text === undefined || text === "") continue;
    const at = environmentKeys[variable];
    if (at !== undefined) found.push({ variable, at, value: scalar(text, at) });
    else if (!isServiceLink(variable)) {
      const names = Object.keys(environmentKeys);
      const meant = nearest(variable, names);
      const what = `unknown variable ${variable}`;
      problems.push({
        file: "environment",
        line: 0,
        column: 0,
        path: "",
        what,
        allowed: names.join(", "),
        ...(meant && { cause: `did you mean ${meant}?` }),
      });
    }
  }
  return { found, problems };
}

// Kubernetes puts the address of every Service into its pods: a Service "rearguard" gives REARGUARD_PORT, REARGUARD_SERVICE_HOST and more.
function isServiceLink(variable: string): boolean {
  return /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$/.test(variable);
}

function scalar(text: string, at: readonly string[]): unknown {
  if (at[0] === "policies" || at[1] === "kubeconfig") return resolve(text);
  if (text === "true" || text === "false") return text === "true";
  return at[1] === "port" && /^\d+$/.test(text) ? Number(text) : text;
}

function put(target: unknown, path: readonly string[], value: unknown): void {
  const [key = "", ...rest] = path;
  if (typeof target !== "object" || target === null) return;
  const record = target as Record<string, unknown>;
  if (rest.length === 0) record[key] = value;
  else put((record[key] ??= {}), rest, value);
}

function fromEnvironment(problem: Problem, overrides: readonly Override[]): Problem {
  const override = overrides.find(({ at }) => at.join(".") === problem.path);
  return override === undefined ? problem : { ...problem, file: "environment", line: 0, column: 0, path: override.variable };
}

const emptyDocument: YamlDocument = { value: {}, at: () => ({ line: 1, column: 1 }) };

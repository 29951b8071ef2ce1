import { readFile } from "node:fs/promises";
import { blockTable } from "../explain/blocks.ts";
import { evidenceOf, timeOfDay } from "../explain/numbers.ts";
import { shareOf } from "../explain/share.ts";
import { POD_MINUTES } from "../judging/unit.ts";
import type { BlockAudit } from "../model.ts";
import type { GuardLine, WholeGuard } from "../web/guard-view.ts";
import type { WholeRemediation } from "../web/remediation-view.ts";

const TIMEOUT_MS = 10_000;

export interface ExplainOptions {
  /** Name of a guard; without it all guards are listed. */
  readonly name: string | undefined;
  /** Where the daemon's API listens. */
  readonly url: string;
  readonly tokenFile: string | undefined;
}

/** Prints why a guard decided as it did: its history in words, and the blocks of each signal with their arithmetic. Returns the exit code. */
export async function explain({ name, url, tokenFile }: ExplainOptions, write: (line: string) => void): Promise<0 | 1> {
  const path = name === undefined ? "/api/v1/guards" : `/api/v1/guards/${encodeURIComponent(name)}`;
  if (!URL.canParse(path, url)) return refused(`--url ${url} is not a URL; it looks like http://127.0.0.1:8080`, write);
  const token = tokenFile === undefined ? undefined : await readFile(tokenFile, "utf8").catch(() => null);
  if (token === null) return refused(`--token-file ${tokenFile}: the file cannot be read`, write);
  const answer = await ask(new URL(path, url), token?.trim());
  if (typeof answer === "string") return refused(answer, write);
  const lines =
    name === undefined ? listOf(answer as { readonly guards: readonly GuardLine[] }) : storyOf(answer as WholeGuard | WholeRemediation);
  for (const line of lines) write(line);
  return 0;
}

function refused(because: string, write: (line: string) => void): 1 {
  write(because);
  return 1;
}

/** The answer's JSON, or a sentence that says why there is none. */
async function ask(url: URL, token: string | undefined): Promise<object | string> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  try {
    const response = await fetch(url, { headers, redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS) });
    const body = (await response.json()) as { readonly error?: string; readonly hint?: string };
    if (response.ok) return body;
    return [body.error ?? `${url.href} answers ${response.status}`, body.hint].filter(Boolean).join("; ");
  } catch {
    return `no answer from ${url.origin}: is the daemon running there? --url says where it listens`;
  }
}

function listOf({ guards }: { readonly guards: readonly GuardLine[] }): readonly string[] {
  if (guards.length === 0) return ["no guard is open, and none has ended"];
  return guards.map(({ name, namespace, workload, phase, message }) => `${name}  ${namespace}/${workload}  ${phase}  ${message}`);
}

function storyOf(guard: WholeGuard | WholeRemediation): readonly string[] {
  const { history } = guard;
  const story = history.flatMap(({ at, message, words }) => [
    `${timeOfDay(Date.parse(at))}  ${message}`,
    ...words.map((word) => `    ${word}`),
  ]);
  if ("trigger" in guard) return [remediationHead(guard), ...story, ...guard.conditions.flatMap(conditionLines)];
  const { record, signals } = guard;
  return [
    `${guard.name}: ${guard.namespace}/${guard.workload}, revision ${guard.revision}, policy ${guard.policy} (${guard.mode}): ${guard.phase}`,
    ...story,
    ...Object.entries(record.jobs ?? {}).flatMap(([signal, { finding }]) =>
      finding?.outcome === "failed" ? logOf(signal, finding.log) : [],
    ),
    ...Object.keys({ ...record.audit, ...signals }).flatMap((signal) => signalOf(guard, signal)),
    "",
    `D is the largest of limit, before (worseThanOld x U) and old now (worseThanOld x S); burn is new / D; a rollback needs evidence ${evidenceOf(guard.evidenceNeeded)}.`,
  ];
}

function remediationHead({ name, namespace, workload, trigger, policy, mode, phase, step, steps }: WholeRemediation): string {
  return `${name}: ${namespace}/${workload}, opened by ${trigger}, remediation ${policy} (${mode}), step ${step} of ${steps.length} (${steps.join(", ")}): ${phase}`;
}

function conditionLines({ condition, state, words }: WholeRemediation["conditions"][number]): readonly string[] {
  return ["", `condition ${condition}: ${state}`, ...words.map((word) => `    ${word}`)];
}

function logOf(signal: string, log: string): readonly string[] {
  const lines = log.trimEnd().split("\n");
  return ["", `${signal}: the end of what the smoke test wrote`, ...lines.map((line) => `    ${line}`)];
}

/** Of an open guard the blocks in memory; of an ended one those that its record kept. */
function signalOf({ record, signals }: WholeGuard, signal: string): readonly string[] {
  const live = signals[signal] as { readonly blocks: readonly BlockAudit[] } | undefined;
  const blocks = live?.blocks ?? record.audit[signal] ?? [];
  const baseline = record.baselines[signal];
  const unit = record.policy.spec.signals[signal]?.logs === undefined ? undefined : POD_MINUTES;
  const before =
    baseline === undefined || baseline.total === 0
      ? "nothing is known from before the rollout"
      : `before the rollout ${baseline.bad} of ${baseline.total} ${unit ?? "bad"}, so U = ${shareOf(baseline.upper, unit)}`;
  return ["", `${signal}: ${before}`, ...blockTable(blocks, unit)];
}

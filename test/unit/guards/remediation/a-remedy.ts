// Builders for tests of remediations: a Deployment shop/web of four pods, and a policy that answers the alert Slow of it.
import type { GuardAlert } from "../../../../src/alert.ts";
import type { RemedyAsk } from "../../../../src/guards/remediation/ask.ts";
import { openRemediation, type RemediationRecord } from "../../../../src/guards/remediation/record.ts";
import { remedyStandingOf } from "../../../../src/guards/remediation/standing.ts";
import type { Ms, PodState, Workload } from "../../../../src/model.ts";
import { parsePolicies } from "../../../../src/policies/parse.ts";
import type { Remediation } from "../../../../src/policies/remediation.ts";
import type { RemediationEntry, RemediationEntryBody, Trigger } from "../../../../src/remediation.ts";
import { fresh, limits, old, START, web, workloadOf } from "../a-guard.ts";

export const SECOND: Ms = 1_000;
export const slow: GuardAlert = { fingerprint: "f1", startsAt: START, labels: { alertname: "Slow" }, summary: "p95 above 500 ms" };

export function remediationOf(...lines: readonly string[]): Remediation {
  const has = (key: string) => lines.some((line) => line.startsWith(`${key}:`));
  const usual = [...(has("mode") ? [] : ["mode: enforce"]), ...(has("on") ? [] : ["on: { alert: { names: [Slow] } }"])];
  const spec = ["match: {}", ...usual, ...lines].map((line) => `  ${line}\n`).join("");
  const text = `apiVersion: rearguard.dev/v1alpha1\nkind: Remediation\nmetadata: { name: slow }\nspec:\n${spec}`;
  const { remediations, problems } = parsePolicies(text, "test.yaml");
  const [loaded] = remediations;
  if (loaded === undefined) throw new Error(JSON.stringify(problems));
  return loaded.remediation;
}

export function recordOf(
  policy: Remediation,
  bodies: readonly (RemediationEntryBody & { readonly at?: Ms })[] = [],
  over: Partial<RemediationRecord> = {},
  trigger: Trigger = { kind: "alert", alert: slow },
): RemediationRecord {
  const opened = openRemediation({ name: "web-remedy-1", workload: web, trigger, policy }, START);
  const more = bodies.map((body, at): RemediationEntry => ({ ...body, seq: at + 1, at: body.at ?? START + (at + 1) * SECOND }));
  return { ...opened, entries: [...opened.entries, ...more], ...over };
}

/** At rest: four pods of revision 7, which is old. */
export function atRest(over: Partial<Workload> = {}): Workload {
  return workloadOf({
    desired: 4,
    replicas: 4,
    updated: 4,
    available: 4,
    current: { ...fresh, created: START - 86_400_000 },
    revisions: [fresh, old],
    ...over,
  });
}

export function podOf(name: string, over: Partial<PodState> = {}): PodState {
  const containers = [{ name: "app", ready: true, restarts: 0 }];
  return { uid: `uid-${name}`, name, podTemplateHash: "hash-7", created: START - 3_600_000, ready: true, containers, ...over };
}

export const fourPods = ["web-a", "web-b", "web-c", "web-d"].map((name) => podOf(name));

export function askOf(record: RemediationRecord, over: Partial<RemedyAsk> = {}): RemedyAsk {
  return {
    record,
    standing: remedyStandingOf(record.entries),
    workload: atRest(),
    pods: fourPods,
    conditions: [],
    now: START + 60 * SECOND,
    limits,
    state: {},
    past: [],
    breaches: [],
    passed: [],
    ...over,
  };
}

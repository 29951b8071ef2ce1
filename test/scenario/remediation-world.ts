import type { World, WorldOptions } from "../support/world.ts";
import type { ShopService } from "../support/world-shop.ts";
import { openQuick } from "./quick.ts";

/** Answers an alert named Slow of web; times in seconds where production has minutes. */
export function remedyPolicy(
  spec: string,
  { name = "slow", mode = "enforce", within = "20s", on = "alert: { names: [Slow] }" } = {},
): string {
  return `apiVersion: rearguard.dev/v1alpha1
kind: Remediation
metadata: { name: ${name} }
spec:
  match: { namespaces: [shop] }
  mode: ${mode}
  on: { ${on} }
  verify: { within: ${within} }
${spec
  .trim()
  .split("\n")
  .map((line) => `  ${line}\n`)
  .join("")}`;
}

export function openRemedyWorld(
  policy: string,
  options: Partial<WorldOptions> = {},
  services: readonly Partial<ShopService>[] = [{}],
): Promise<World> {
  return openQuick(services, { policy, ...options, settings: { alerts: { tokenFile: "grafana-token" }, ...options.settings } });
}

export interface Told {
  readonly startsAt: number;
  readonly endsAt?: number;
  readonly name?: string;
  readonly fingerprint?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** What an Alertmanager posts, and the answer to it. */
export async function post(world: World, ...alerts: readonly Told[]) {
  const at = (instant: number) => new Date(instant).toISOString();
  const answer = await fetch(`${world.url()}/api/v1/webhooks/alertmanager`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer glsa_world_token" },
    body: JSON.stringify({
      version: "4",
      groupKey: '{}:{alertname="Slow"}',
      truncatedAlerts: 0,
      alerts: alerts.map(({ startsAt, endsAt, name = "Slow", fingerprint = "c1f2a9d0b7e64533", labels }) => ({
        status: endsAt === undefined ? "firing" : "resolved",
        labels: { alertname: name, namespace: "shop", deployment: "web", severity: "page", ...labels },
        annotations: { summary: "p95 of web above 500 ms" },
        startsAt: at(startsAt),
        endsAt: endsAt === undefined ? "0001-01-01T00:00:00Z" : at(endsAt),
        fingerprint,
      })),
    }),
  });
  const body = (await answer.json()) as { readonly alerts?: readonly { readonly outcome: string; readonly detail: string }[] };
  return { status: answer.status, outcomes: body.alerts?.map(({ outcome }) => outcome), details: body.alerts?.map(({ detail }) => detail) };
}

/** What the newest remediation of a service wrote down, in short. */
export function story(world: World, service = "web"): readonly string[] {
  const record = world.remediations(service).at(-1);
  return (record?.entries ?? []).map((entry) => {
    if (entry.kind === "intended") return `intended ${entry.action.kind}`;
    if (entry.kind === "receipt") return `${entry.receipt.kind} ${entry.receipt.outcome}`;
    if (entry.kind === "withheld") return `withheld ${entry.action}`;
    if (entry.kind === "finished") return entry.phase;
    return entry.kind;
  });
}

export function isOver(world: World, service = "web"): boolean {
  return (
    world
      .remediations(service)
      .at(-1)
      ?.entries.some(({ kind }) => kind === "finished") === true
  );
}

import { access, constants } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import { duration } from "./policies/duration.ts";
import { named, told } from "./policies/told.ts";
import { tokensSettings } from "./settings-api.ts";
import { governorSettings } from "./settings-governor.ts";
import { alertsSettings, tlsSettings } from "./settings-intake.ts";
import { targetSettings } from "./settings-targets.ts";
import { httpUrl } from "./settings-url.ts";

const hour = 3_600_000;
const day = 24 * hour;

/** The settings file. Relative paths in it start at `folder`, where the file is; secrets are named by file, never written out. */
export function settingsSchema(folder: string) {
  const path = z
    .string()
    .min(1)
    .transform((written) => resolve(folder, written));
  const file = path.superRefine(async (absolute, context) => {
    if (!(await isReadable(absolute))) context.addIssue({ code: "custom", message: told(`the file ${absolute} cannot be read`) });
  });
  const basic = z.strictObject({ username: z.string().min(1), passwordFile: file });
  return z.strictObject({
    cluster: z
      .string()
      .regex(/^[\w.-]{1,63}$/, {
        error: ({ input }) => told(`${named(input)} cannot name a cluster`, "letters, digits, ., _ and -, at most 63"),
      })
      .default("cluster")
      .describe("Name of this cluster in every message."),
    policies: path.prefault("policies").describe("Folder of the policies (*.yaml), read again when it changes."),
    externalUrl: httpUrl("no query").optional().describe("Where people reach this API; links in messages begin with it."),
    kubernetes: z
      .strictObject({
        kubeconfig: file.optional().describe("Without it: $KUBECONFIG, else ~/.kube/config, else the service account of the pod."),
        context: z.string().min(1).optional().describe("Context of the kubeconfig; its current one by default."),
        namespaces: z
          .array(z.string().min(1))
          .min(1)
          .optional()
          .describe("Watch only these; all by default. Lets Roles take the place of a ClusterRole."),
      })
      .prefault({}),
    prometheus: z
      .strictObject({
        url: httpUrl("no query").describe("Base URL of a Prometheus, Thanos or Mimir."),
        bearerTokenFile: file.optional().describe("File with a bearer token, read again when it changes."),
        basic: basic.optional().describe("HTTP basic authentication."),
        headersFile: file.optional().describe("YAML map of further headers, such as X-Scope-OrgID."),
        caFile: file.optional().describe("PEM file of the certificate authority."),
        timeout: duration(100, hour).prefault("10s").describe("A query that takes longer has failed."),
        scrapeInterval: duration(100, hour).prefault("15s").describe("How often the guarded pods are scraped."),
      })
      .superRefine(atMostOne("bearerTokenFile", "basic")),
    elasticsearch: z
      .strictObject({
        url: httpUrl("no query").describe("Base URL of an Elasticsearch."),
        compatibility: z
          .literal([8, 9])
          .default(9)
          .describe("Major version of the server: one of version 8 refuses a client of version 9."),
        apiKeyFile: file.optional().describe("File with an API key in its encoded form, read again when it changes."),
        bearerTokenFile: file.optional().describe("File with a bearer token."),
        basic: basic.optional().describe("HTTP basic authentication."),
        caFile: file.optional().describe("PEM file of the certificate authority."),
        timeout: duration(100, hour).prefault("10s").describe("A search that takes longer has failed."),
        lag: duration(0, hour).prefault("30s").describe("How long after the end of a block its log lines can be searched."),
        kibana: z
          .strictObject({
            url: httpUrl("no query").describe("Base URL of Kibana, as people open it."),
            space: z
              .string()
              .regex(/^[a-z0-9_-]{1,63}$/, { error: ({ input }) => told(`${named(input)} is no space of Kibana`, "a-z, 0-9, _ and -") })
              .optional()
              .describe("Space of Kibana; its default one unless told."),
          })
          .optional()
          .describe("Where messages link to the lines; left out: no links."),
      })
      .superRefine(atMostOne("apiKeyFile", "bearerTokenFile"))
      .superRefine(atMostOne("apiKeyFile", "basic"))
      .superRefine(atMostOne("bearerTokenFile", "basic"))
      .optional()
      .describe("Source of `logs` signals; left out: they have no data."),
    judging: z
      .strictObject({
        block: duration(100, hour).prefault("15s").describe("Length of a block, the unit of judging; at least prometheus.scrapeInterval."),
        settle: duration(0, hour)
          .prefault("500ms")
          .describe("How long after the end of a block it is asked for, so that the last scrape is in: also the delay of a remote write."),
        baseline: duration(1000, day)
          .prefault("6h")
          .describe("How far back the old revision's rate is measured at most; 30 minutes where that holds enough requests."),
        warmUpLatency: duration(0, hour).prefault("30s").describe("Latency of a pod is not judged until this long after it is ready."),
      })
      .prefault({}),
    leader: z
      .strictObject({
        enabled: z.boolean().default(true).describe("Act only while holding the Lease. Off only where a second Rearguard cannot exist."),
        name: z.string().min(1).default("rearguard").describe("Name of the Lease."),
        namespace: z
          .string()
          .min(1)
          .default("rearguard")
          .describe("Namespace of the Lease: the one Rearguard runs in, which is never guarded unless named."),
        ledger: z
          .string()
          .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, {
            error: ({ input }) => told(`${named(input)} cannot name a ConfigMap`, "a-z, 0-9, - and ., at most 253"),
          })
          .default("rearguard-ledger")
          .describe("Name of the ConfigMap that holds what outlives every guard: whether all action is paused."),
        leaseDuration: duration(1000, hour).prefault("15s").describe("Another one may take over this long after the last renewal."),
        renewDeadline: duration(100, hour).prefault("10s").describe("Without a renewal for this long, this one stops acting."),
        retryPeriod: duration(100, hour).prefault("2s").describe("How often the Lease is tried or renewed."),
      })
      .superRefine((leader, context) => {
        if (!(leader.retryPeriod < leader.renewDeadline && leader.renewDeadline < leader.leaseDuration)) {
          const cause = "two leaders could act at once";
          context.addIssue({
            code: "custom",
            message: told("the times contradict each other", "retryPeriod < renewDeadline < leaseDuration", cause),
          });
        }
      })
      .prefault({}),
    listen: z
      .strictObject({
        host: z.string().min(1).default("0.0.0.0").describe("Address of the API, the probes and /metrics."),
        port: z.int().min(0).max(65_535).default(8080).describe("0 takes any free port."),
        tokenFile: file.optional().describe("File with a bearer token that may read, as one of `tokens` with the role read."),
        tokens: tokensSettings(file),
        tls: tlsSettings(file),
      })
      .prefault({}),
    alerts: alertsSettings(file),
    grafana: z
      .strictObject({
        url: httpUrl("no query").describe("Base URL of Grafana."),
        tokenFile: file.describe("File with a service account token that may write annotations."),
        api: z
          .enum(["legacy", "k8s", "auto"])
          .default("legacy")
          .describe("Annotation API: /api/annotations, /apis/annotation.grafana.app, or whichever is served."),
        namespace: z
          .string()
          .regex(/^[a-z0-9-]{1,63}$/, {
            error: ({ input }) => told(`${named(input)} cannot name a namespace of Grafana`, "default, org-N or stack-N"),
          })
          .default("default")
          .describe("Namespace of the k8s API: default for the first organisation, org-N, or stack-N in Grafana Cloud."),
      })
      .optional()
      .describe("Annotates guards and what was done; left out: no annotations."),
    webhooks: z
      .array(
        z
          .strictObject({
            name: z.string().min(1).max(63).describe("Name in logs and metrics."),
            url: httpUrl("any query").optional().describe("Where messages are posted."),
            urlFile: file.optional().describe("File with the URL, where the URL is itself a secret."),
            secretFile: file.optional().describe("File with a whsec_… secret; messages are then signed (Standard Webhooks)."),
          })
          .superRefine((webhook, context) => {
            if ((webhook.url === undefined) === (webhook.urlFile === undefined)) {
              context.addIssue({ code: "custom", message: told("a webhook has one address", "exactly one of url, urlFile") });
            }
          }),
      )
      .superRefine((webhooks, context) => {
        for (const [at, { name }] of webhooks.entries()) {
          if (webhooks.findIndex((other) => other.name === name) < at) {
            context.addIssue({
              code: "custom",
              path: [at, "name"],
              message: told(`the name ${named(name)} is taken by an earlier webhook`),
            });
          }
        }
      })
      .default([])
      .describe("Receivers of messages."),
    ...targetSettings(file),
    governor: governorSettings,
    verify: z
      .strictObject({
        within: duration(1000, day).prefault("5m").describe("A rollback that has not helped by then is unresolved."),
        blocks: z.int().min(1).max(40).default(4).describe("Recovered blocks with requests that show it has helped."),
      })
      .prefault({}),
    log: z.strictObject({ level: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info") }).prefault({}),
  });
}

type Schema = ReturnType<typeof settingsSchema>;
export type Settings = z.output<Schema>;
export type WrittenSettings = z.input<Schema>;

function atMostOne(one: string, other: string) {
  return (value: object, context: z.RefinementCtx): void => {
    if (Object.hasOwn(value, one) && Object.hasOwn(value, other)) {
      context.addIssue({ code: "custom", message: told(`${one} excludes ${other}`, "at most one of them") });
    }
  };
}

async function isReadable(path: string): Promise<boolean> {
  try {
    await access(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

import { z } from "zod";
import { duration } from "./policies/duration.ts";
import { named, told } from "./policies/told.ts";
import { httpUrl } from "./settings-url.ts";

const name = z.string().regex(/^[\w.-]{1,63}$/, {
  error: ({ input }) => told(`${named(input)} cannot name a receiver`, "letters, digits, ., _ and -, at most 63"),
});

const day = 86_400_000;
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]{0,62}$/;

const label = z.string().regex(labelName, {
  error: ({ input }) => told(`${named(input)} cannot name a label`, "letters, digits and _, not first a digit"),
});

/** Receivers of messages beside webhooks and Grafana. `file`: a readable file. */
export function targetSettings<File extends z.ZodType<string, string>>(file: File) {
  return {
    slack: z
      .array(
        z
          .strictObject({
            name: name.default("slack").describe("Name in logs and metrics."),
            tokenFile: file
              .optional()
              .describe("File with a bot token (scope chat:write): one message for each guard, updated, with every entry in its thread."),
            channel: z
              .string()
              .regex(/^(#?[^\s#,]{1,80})$/, {
                error: ({ input }) => told(`${named(input)} cannot name a channel`, "an id such as C0123456789, or #name"),
              })
              .optional()
              .describe("Channel of the bot: its id, or #name."),
            webhookUrlFile: file
              .optional()
              .describe("File with the URL of an incoming webhook, which posts a message for each piece of news and changes none."),
            posts: z
              .enum(["every-guard", "trouble"])
              .optional()
              .describe("Every guard, or only one in trouble; a bot tells of every guard unless told, a webhook of trouble."),
            apiUrl: httpUrl("no query").default("https://slack.com/api").describe("Slack's API, for the bot."),
          })
          .superRefine(({ tokenFile, channel, webhookUrlFile }, context) => {
            const isBot = tokenFile !== undefined && channel !== undefined && webhookUrlFile === undefined;
            const isHook = tokenFile === undefined && channel === undefined && webhookUrlFile !== undefined;
            if (isBot || isHook) return;
            context.addIssue({ code: "custom", message: told("Slack is reached in one way", "tokenFile and channel, or webhookUrlFile") });
          }),
      )
      .default([])
      .describe("Slack channels."),
    pagerduty: z
      .array(
        z.strictObject({
          name: name.default("pagerduty").describe("Name in logs and metrics."),
          routingKeyFile: file.describe("File with the integration key of a service (Events API v2)."),
          changes: z.boolean().default(true).describe("A change event when a rollout begins and when it is taken back."),
          url: httpUrl("no query")
            .default("https://events.pagerduty.com")
            .describe("Events API; https://events.eu.pagerduty.com in the EU."),
        }),
      )
      .default([])
      .describe("PagerDuty services."),
    alertmanager: z
      .strictObject({
        urls: z
          .array(httpUrl("no query"))
          .min(1)
          .superRefine((urls, context) => {
            for (const [at, url] of urls.entries()) {
              if (urls.findIndex((other) => sameUrl(other, url)) < at) {
                context.addIssue({ code: "custom", path: [at], message: told("this peer is named twice", "each peer once") });
              }
            }
          })
          .describe("Base URL of every peer: alerts are not shared between them."),
        bearerTokenFile: file.optional().describe("File with a bearer token, read again for each alert."),
        basic: z
          .strictObject({ username: z.string().min(1), passwordFile: file })
          .optional()
          .describe("HTTP basic authentication."),
        labels: z.record(label, z.string().min(1).max(256)).optional().describe("Further labels of every alert, for routing."),
        lasts: duration(60_000, 30 * day)
          .prefault("1d")
          .describe("After this an alert that nothing ended resolves by itself; longer than any guard. From 1m to 30d."),
        silence: z
          .strictObject({
            namespace: label.default("namespace").describe("What your alerts call the namespace that they are about."),
            workload: label.describe("What they call the workload, such as deployment: only alerts that name it are silenced."),
            labels: z.record(label, z.string().min(1).max(256)).optional().describe("Further labels that must have just these values."),
            lasts: duration(120_000, 3_600_000)
              .prefault("15m")
              .describe("It ends by itself after this, and is renewed while the guard acts. From 2m to 1h."),
          })
          .superRefine(({ namespace, workload, labels = {} }, context) => {
            const names = [namespace, workload, ...Object.keys(labels), "alertname"];
            if (new Set(names).size === names.length) return;
            context.addIssue({
              code: "custom",
              message: told("a label is matched twice", "namespace, workload and labels of different names, none of them alertname"),
            });
          })
          .optional()
          .describe("While a guard acts, alerts that name its workload are silenced, never its own; left out: none are."),
      })
      .superRefine(({ bearerTokenFile, basic }, context) => {
        if (bearerTokenFile === undefined || basic === undefined) return;
        context.addIssue({ code: "custom", message: told("bearerTokenFile excludes basic", "at most one of them") });
      })
      .optional()
      .describe("Alertmanager that is posted an alert for each guard in trouble; left out: no alerts."),
    statuspage: z
      .strictObject({
        pageId: z
          .string()
          .regex(/^[A-Za-z0-9]{1,64}$/, { error: ({ input }) => told(`${named(input)} cannot be the id of a page`, "letters and digits") })
          .describe("Id of the page."),
        keyFile: file.describe("File with an API key."),
        publish: z
          .enum(["quiet", "full"])
          .default("quiet")
          .describe("Quiet: the incident is on the page, but notifies nobody and changes no component. Full: both."),
        workloads: z
          .array(
            z.strictObject({
              namespace: z.string().min(1).describe("Namespace of a workload that users know."),
              name: z.string().min(1).describe("Its name."),
              called: z
                .string()
                .min(1)
                .max(100)
                .describe("What users call it, as within a sentence (the shop); nothing else of it is told."),
              component: z.string().min(1).optional().describe("Id of its component."),
            }),
          )
          .min(1)
          .describe("Workloads that become incidents; others never do."),
        every: duration(60_000, day)
          .prefault("15m")
          .describe("While trouble goes on without news, the incident is updated this often. From 1m to 1d."),
        numbers: z
          .boolean()
          .default(false)
          .describe("These updates say which share of all requests failed lately; otherwise only since when there are problems."),
        url: httpUrl("no query").default("https://api.statuspage.io").describe("Statuspage's API."),
      })
      .optional()
      .describe("Status page of the users; left out: no incidents."),
  };
}

type Named = { readonly name: string };
type Lists = { readonly webhooks: readonly Named[]; readonly slack: readonly Named[]; readonly pagerduty: readonly Named[] };

/** Names that a receiver has from us. */
const ours = ["kubernetes-events", "grafana", "statuspage", "alertmanager-silence"];

/** Two receivers of one name would share one queue, so that one of them would be told nothing. */
export function nameProblems(
  lists: Lists,
): readonly { readonly path: readonly (string | number)[]; readonly message: string; readonly input: string }[] {
  const taken = new Set(ours);
  return (["webhooks", "slack", "pagerduty"] as const).flatMap((list) =>
    lists[list].flatMap(({ name: each }, at) => {
      const isTaken = taken.has(each);
      taken.add(each);
      if (!isTaken) return [];
      return [
        {
          path: [list, at, "name"],
          message: told(`the name ${named(each)} is taken by another receiver`, "each name once", "give it a name of its own"),
          input: each,
        },
      ];
    }),
  );
}

function sameUrl(one: string, other: string): boolean {
  return one.replace(/\/+$/, "") === other.replace(/\/+$/, "");
}

import { createHash } from "node:crypto";
import { z } from "zod";
import { type Answer, startReceiver } from "../../unit/actions/receiver.ts";
import { json } from "./strict.ts";

const posted = z.array(
  z.object({ labels: z.record(z.string(), z.string()), annotations: z.record(z.string(), z.string()), startsAt: z.iso.datetime() }),
);

/** Alerts as one Alertmanager lists them (measured with 0.25): matchers as it reads them, receivers by a regular expression of the whole name. */
export async function startAlertList(options: { readonly answer?: Answer } = {}) {
  const alerts: z.output<typeof posted> = [];
  return startReceiver(({ method, url, body }) => {
    if (options.answer !== undefined) return options.answer;
    if (url.pathname !== "/api/v2/alerts") return { status: 404 };
    if (method === "POST") {
      alerts.push(...posted.parse(JSON.parse(body)));
      return { status: 200 };
    }
    const matchers = url.searchParams.getAll("filter").map(matcherOf);
    if (matchers.includes(undefined)) return json(400, "bad matcher format");
    const receiver = new RegExp(`^(?:${url.searchParams.get("receiver") ?? ".*"})$`);
    const receiverOf = ({ alertname = "" }: Readonly<Record<string, string>>) => (alertname === "Elsewhere" ? "other" : "rearguard");
    const found = alerts.filter(
      ({ labels }) => receiver.test(receiverOf(labels)) && matchers.every((matcher) => (labels[matcher?.[0] ?? ""] ?? "") === matcher?.[1]),
    );
    return json(
      200,
      found.map((alert) => ({
        ...alert,
        endsAt: new Date(Date.parse(alert.startsAt) + 300_000).toISOString(),
        updatedAt: alert.startsAt,
        fingerprint: createHash("sha256").update(JSON.stringify(alert.labels)).digest("hex").slice(0, 16),
        receivers: [{ name: receiverOf(alert.labels) }],
        status: { state: "active", silencedBy: [], inhibitedBy: [] },
      })),
    );
  });
}

function matcherOf(text: string): readonly [string, string] | undefined {
  const [, name = "", value = ""] = /^([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"$/.exec(text) ?? [];
  return name === "" ? undefined : [name, value.replaceAll(/\\(.)/g, (_, one: string) => (one === "n" ? "\n" : one))];
}

// A server of alerts whose guards take what a test says.
import { pino } from "pino";
import type { Alert } from "../../../src/alert.ts";
import type { AlertsTaken } from "../../../src/pipeline/alerts.ts";
import { createWeb, type WebEdges } from "../../../src/web/server.ts";
import { quiet } from "./a-web.ts";

export const token = "s3cret-token";

type Headers = Readonly<Record<string, string>>;

export async function served(over: Partial<WebEdges> = {}) {
  const taken: Alert[] = [];
  const lines: string[] = [];
  const app = await createWeb({
    ...quiet,
    log: pino({ level: "info" }, { write: (line: string) => void lines.push(line) }),
    alertsAccess: { token: async () => `${token}\n` },
    async takeAlerts(alerts): Promise<AlertsTaken> {
      taken.push(...alerts);
      return { taken: true, guards: [], receipts: alerts.map(() => ({ outcome: "recorded", detail: "recorded in guard web" })) };
    },
    ...over,
  });
  const postTo = (url: string, payload: string | object, headers: Headers = {}) =>
    app.inject({
      method: "POST",
      url,
      payload: typeof payload === "string" ? payload : JSON.stringify(payload),
      headers: { "content-type": "application/json", authorization: `Bearer ${token}`, ...headers },
    });
  return {
    app,
    taken,
    /** Of the log. */
    lines: () => lines.map((line) => JSON.parse(line) as { readonly msg: string; readonly error?: string; readonly path?: string }),
    postTo,
    post: (payload: string | object, headers: Headers = {}) => postTo("/api/v1/webhooks/alertmanager", payload, headers),
    [Symbol.asyncDispose]: () => app.close(),
  };
}

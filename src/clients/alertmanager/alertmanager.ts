import { z } from "zod";
import type { Alert } from "../../alert.ts";
import { sentence } from "../../errors.ts";
import type { Ms } from "../../model.ts";
import { redact } from "../../redact.ts";

export interface AlertmanagerApi {
  /** host:port, for messages. */
  readonly name: string;
  /**
   * The alerts that fire now, are told to `receiver` and have all of these labels; neither silenced nor inhibited ones.
   * @throws Error with one sentence, which holds no credential.
   */
  firing(group: { readonly labels: Readonly<Record<string, string>>; readonly receiver: string }): Promise<readonly Alert[]>;
}

export interface AlertmanagerApiOptions {
  readonly url: string;
  /** Value of the Authorization header, read for each question. */
  readonly authorization?: () => Promise<string>;
  /** 2 s unless told. */
  readonly timeoutMs?: Ms;
}

const longestAnswer = 16_000_000;

const answered = z.array(
  z.looseObject({
    labels: z.record(z.string(), z.string()),
    annotations: z.record(z.string(), z.string()).default({}),
    startsAt: z.iso.datetime({ offset: true }),
    fingerprint: z.string().min(1).max(64),
  }),
);

/** Reads the alerts of one Alertmanager (API v2). */
export function createAlertmanagerApi({ url, authorization, timeoutMs = 2_000 }: AlertmanagerApiOptions): AlertmanagerApi {
  const root = new URL(url.endsWith("/") ? url : `${url}/`);
  const name = root.host;
  return {
    name,
    async firing(group) {
      const proof = authorization === undefined ? {} : { authorization: await authorization() };
      // fetch would say what it refuses, in full.
      if (!Object.values(proof).every((value) => /^[\x20-\x7e]*$/.test(value))) {
        throw new Error(`${name} cannot be asked: the file of its credentials does not hold one token or password alone`);
      }
      const asked = new URL(`api/v2/alerts?${questionOf(group)}`, root);
      let response: Response;
      let text: string;
      try {
        response = await fetch(asked, { headers: proof, redirect: "error", signal: AbortSignal.timeout(timeoutMs) });
        text = await readCapped(response);
      } catch (error) {
        const isLate = error instanceof Error && error.name === "TimeoutError";
        throw new Error(`${name} ${isLate ? `gave no answer within ${timeoutMs} ms` : `cannot be asked: ${sentence(error)}`}`, {
          cause: error,
        });
      }
      if (!response.ok) throw new Error(`${name} answered ${response.status}`);
      const alerts = readAlerts(text);
      if (alerts === undefined) throw new Error(`${name} gave an answer that is not Alertmanager's`);
      return alerts.filter(({ labels }) => Object.entries(group.labels).every(([label, value]) => (labels[label] ?? "") === value));
    },
  };
}

/** Names beyond the usual letters are written differently from version to version; what is not asked for is sorted out of the answer. */
function questionOf({ labels, receiver }: { readonly labels: Readonly<Record<string, string>>; readonly receiver: string }): string {
  const question = new URLSearchParams({ active: "true", silenced: "false", inhibited: "false", unprocessed: "false" });
  if (receiver !== "") question.set("receiver", receiver.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  for (const [label, value] of Object.entries(labels)) {
    if (/^[a-zA-Z_]\w*$/.test(label)) question.append("filter", `${label}="${escaped(value)}"`);
  }
  return question.toString();
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

/** The end of an alert that fires lies ahead: it is when it would be forgotten, not when it ended. */
function readAlerts(text: string): readonly Alert[] | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  return answered.safeParse(body).data?.map(({ fingerprint, labels, annotations, startsAt }) => ({
    fingerprint,
    startsAt: Date.parse(startsAt),
    labels,
    summary: summaryOf(annotations),
  }));
}

function summaryOf({ summary, description, message }: Readonly<Record<string, string>>): string {
  return redact(summary ?? description ?? message ?? "");
}

async function readCapped(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > longestAnswer) throw new Error("its answer is too long");
  }
  return text;
}

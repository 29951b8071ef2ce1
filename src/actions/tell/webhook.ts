import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Clock } from "../../clock.ts";
import type { Ms } from "../../model.ts";
import { callTarget } from "./http.ts";
import { readSecretUrl } from "./secret.ts";
import { TargetError } from "./target.ts";
import type { Target } from "./target.ts";
import { webhookBody } from "./webhook-body.ts";

/**
 * A receiver of signed messages after the Standard Webhooks specification (github.com/standard-webhooks): the message id is
 * the idempotency key, the signature covers id, time and body.
 * @param options.urlFile in place of `url`: file with the URL, where the URL is itself a secret; read for each message.
 * @param options.secretFile file with one or more `whsec_<base64>` secrets separated by white space (more while they are rotated); read for each message.
 */
export function createWebhook(options: {
  readonly name: string;
  readonly url?: string | undefined;
  readonly urlFile?: string | undefined;
  readonly secretFile?: string | undefined;
  readonly clock: Pick<Clock, "now">;
  readonly timeoutMs?: Ms;
}): Target {
  const { name, url = "", urlFile, secretFile, clock, timeoutMs } = options;
  const who = `webhook ${name}`;
  // The settings have seen to it that there is one of them, and that a written one is a URL.
  const target = async () => (urlFile === undefined ? new URL(url) : readSecretUrl(`${who} (urlFile)`, urlFile));
  return {
    name,
    async send(message) {
      const body = webhookBody(message);
      const timestamp = String(Math.floor(clock.now() / 1000));
      const secrets = secretFile === undefined ? [] : await readSecrets(who, secretFile);
      const headers = {
        "webhook-id": message.id,
        "webhook-timestamp": timestamp,
        ...(secrets.length === 0
          ? {}
          : { "webhook-signature": secrets.map((secret) => signature(secret, message.id, timestamp, body)).join(" ") }),
      };
      await callTarget(
        { who, method: "POST", url: await target(), headers, body, ...(timeoutMs === undefined ? {} : { timeoutMs }) },
        clock,
      );
    },
  };
}

/** `v1,<base64>` of one secret over `id.timestamp.body`. */
export function signature(secret: Buffer, id: string, timestamp: string, body: string): string {
  return `v1,${createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

async function readSecrets(who: string, file: string): Promise<readonly Buffer[]> {
  const content = await readFile(file, "utf8").catch((error: unknown) => {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw new TargetError("TARGET_REFUSED", `${who}: its secret file ${file} cannot be read (${code})`);
  });
  const secrets = content.split(/\s+/).filter((word) => word !== "");
  if (secrets.length === 0) throw new TargetError("TARGET_REFUSED", `${who}: its secret file ${file} is empty`);
  if (secrets.some((secret) => !/^whsec_[\w+/-]+=*$/.test(secret))) {
    throw new TargetError("TARGET_REFUSED", `${who}: its secret file ${file} does not hold a secret of the form whsec_<base64>`);
  }
  return secrets.map((secret) => Buffer.from(secret.slice("whsec_".length), "base64"));
}

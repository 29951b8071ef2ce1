import { z } from "zod";
import type { Clock } from "../../clock.ts";
import type { Ms } from "../../model.ts";
import { callTarget } from "./http.ts";
import { readSecret } from "./secret.ts";

export interface PeerOptions {
  /** Of one peer, with or without a path. */
  readonly url: string;
  readonly bearerTokenFile?: string | undefined;
  readonly basic?: { readonly username: string; readonly passwordFile: string } | undefined;
  readonly clock: Pick<Clock, "now">;
  readonly timeoutMs?: Ms;
}

/** One peer of an Alertmanager (API v2). */
export interface Peer {
  /** `alertmanager/host:port/path`. */
  readonly name: string;
  /** Gives the text of a 2xx answer; throws TargetError. `path` is relative to /api/v2/, with its query. */
  call(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<string>;
}

export function createPeer({ url, bearerTokenFile, basic, clock, timeoutMs }: PeerOptions): Peer {
  const root = new URL(url.endsWith("/") ? url : `${url}/`);
  const name = `alertmanager/${root.host}${root.pathname.replace(/\/$/, "")}`;

  async function authorization(): Promise<Readonly<Record<string, string>>> {
    if (bearerTokenFile !== undefined) return { authorization: `Bearer ${await readSecret(name, "token", bearerTokenFile)}` };
    if (basic === undefined) return {};
    const password = await readSecret(name, "password", basic.passwordFile);
    return { authorization: `Basic ${Buffer.from(`${basic.username}:${password}`).toString("base64")}` };
  }

  return {
    name,
    async call(method, path, body) {
      const headers = await authorization();
      return callTarget(
        {
          who: name,
          method,
          url: new URL(`api/v2/${path}`, root),
          headers,
          refusal: (answer) => wordsOf(answer, headers),
          final: [404],
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          ...(timeoutMs === undefined ? {} : { timeoutMs }),
        },
        clock,
      );
    },
  };
}

/** Its refusals are one JSON string, or the `message` of an object; what we proved ourselves with is not repeated. */
function wordsOf(answer: string, headers: Readonly<Record<string, string>>): string | undefined {
  let body: unknown;
  try {
    body = JSON.parse(answer);
  } catch {
    return undefined;
  }
  const words = typeof body === "string" ? body : z.object({ message: z.string() }).safeParse(body).data?.message;
  const secrets = Object.values(headers).flatMap((value) => value.split(" ").slice(1));
  return secrets.reduce<string | undefined>((text, secret) => text?.replaceAll(secret, "[redacted]"), words);
}

import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { sentence } from "../errors.ts";
import { peerNames } from "./peer-names.ts";

/** How a sender of alerts may prove itself: any one of these is enough. Files are read for each post, since secrets are replaced under way. */
export interface Access {
  readonly token?: () => Promise<string>;
  readonly basic?: { readonly username: string; readonly password: () => Promise<string> };
  /** By a client certificate that the authority of listen.tls.clientCaFile has signed; with `names`, one of these alone. */
  readonly certificate?: { readonly names?: readonly string[] };
}

export type Admission =
  | { readonly kind: "admitted" }
  | { readonly kind: "refused" }
  /** Nobody can be told from anybody now: a file that is asked for cannot be read. */
  | { readonly kind: "unreadable"; readonly because: string };

export function hasAccess({ token, basic, certificate }: Access): boolean {
  return token !== undefined || basic !== undefined || certificate !== undefined;
}

/** What is wrong is not said: whoever guesses learns nothing from it. */
export async function admit({ headers, raw }: FastifyRequest, { token, basic, certificate }: Access): Promise<Admission> {
  if (certificate !== undefined && isNamed(peerNames(raw.socket), certificate.names)) return { kind: "admitted" };
  const [, scheme = "", given = ""] = /^(\S+) +(\S+) *$/.exec(headers.authorization ?? "") ?? [];
  const unreadable: string[] = [];
  const secrets = [
    { scheme: "bearer", key: "alerts.tokenFile", read: token, given, wanted: (secret: string) => secret },
    {
      scheme: "basic",
      key: "alerts.basic.passwordFile",
      read: basic?.password,
      given: Buffer.from(given, "base64").toString("utf8"),
      wanted: (secret: string) => `${basic?.username}:${secret}`,
    },
  ];
  for (const { scheme: wantedScheme, key, read, given: shown, wanted } of secrets) {
    if (read === undefined || scheme.toLowerCase() !== wantedScheme) continue;
    const secret = await secretOf(key, read);
    if ("because" in secret) unreadable.push(secret.because);
    else if (isSame(shown, wanted(secret.secret))) return { kind: "admitted" };
  }
  const [because] = unreadable;
  return because === undefined ? { kind: "refused" } : { kind: "unreadable", because };
}

/** In words, for the one answer that all refusals get. */
export function waysIn({ token, basic, certificate }: Access): string {
  const ways = [
    ...(token === undefined ? [] : ["the bearer token of alerts.tokenFile"]),
    ...(basic === undefined ? [] : ["user and password of alerts.basic"]),
    ...(certificate === undefined
      ? []
      : [`a client certificate of listen.tls.clientCaFile${certificate.names === undefined ? "" : " that alerts.clientNames names"}`]),
  ];
  return ways.join(", or ");
}

/** The schemes for WWW-Authenticate. */
export function challenges({ token, basic }: Access): readonly string[] {
  return [...(token === undefined ? [] : ["Bearer"]), ...(basic === undefined ? [] : ['Basic realm="rearguard", charset="UTF-8"'])];
}

function isNamed(shown: readonly string[] | undefined, allowed: readonly string[] | undefined): boolean {
  return shown !== undefined && (allowed === undefined || allowed.some((name) => shown.includes(name)));
}

async function secretOf(key: string, read: () => Promise<string>): Promise<{ readonly secret: string } | { readonly because: string }> {
  try {
    const secret = (await read()).trim();
    return secret === "" ? { because: `the file of ${key} is empty` } : { secret };
  } catch (error) {
    return { because: `the file of ${key} cannot be read: ${sentence(error)}` };
  }
}

/** Of digests, so that neither place nor length of a difference shows in the time it takes. */
function isSame(given: string, secret: string): boolean {
  const [one, other] = [given, secret].map((text) => createHash("sha256").update(text).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}

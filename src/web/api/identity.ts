import { createHash, timingSafeEqual } from "node:crypto";
import { sentence } from "../../errors.ts";

/** What a caller may do, each with what stands before it. */
export const roles = ["read", "operate"] as const;

export type Role = (typeof roles)[number];

/** Who asks. The name stands in the record of what was ordered. */
export interface Identity {
  readonly name: string;
  readonly role: Role;
}

/** A bearer token that is let in. */
export interface Key extends Identity {
  /** Where it stands in the settings. */
  readonly setting: string;
  /** The token as it is now: files are replaced under way. */
  readonly read: () => Promise<string>;
}

export interface Refused {
  readonly status: 401 | 403 | 503;
  readonly error: string;
  readonly hint: string;
}

export interface Caller {
  readonly authorization: string | undefined;
  readonly address: string;
  /** The Host header: under which name the caller knows us. */
  readonly host?: string | undefined;
  /** Somebody between says for whom it asks. */
  readonly forwarded?: boolean;
}

/** By whatever proves it: a bearer token, or this machine. */
export type Identify = (caller: Caller) => Promise<Identity | Refused>;

export function isRefused(answer: Identity | Refused): answer is Refused {
  return "status" in answer;
}

export function mayDo(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}

/** Without any key this machine may read, and nobody may do anything: whoever reaches a loopback address has proved nothing. */
export function createIdentify(keys: readonly Key[]): Identify {
  if (keys.length === 0) {
    return async (caller) => (isThisMachine(caller) ? { name: "this machine", role: "read" } : closed);
  }
  return async ({ authorization }) => {
    const given = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
    if (given === undefined) return missing;
    const broken: string[] = [];
    for (const { name, role, setting, read } of keys) {
      const token = await read().then(
        (text) => text.trim(),
        (error: unknown) => void broken.push(`the file of ${setting} cannot be read: ${sentence(error)}`),
      );
      if (token === "") broken.push(`the file of ${setting} is empty`);
      else if (token !== undefined && isSame(given, token)) return { name, role };
    }
    const [first] = broken;
    return first === undefined ? wrong : { status: 503, error: first, hint: "tokens of other files are let in" };
  };
}

const closed: Refused = {
  status: 403,
  error: "the API is open to this machine alone, because no token is set",
  hint: "set listen.tokens in the settings and send one as Authorization: Bearer",
};
const hint = "send one of listen.tokens as Authorization: Bearer";
const missing: Refused = { status: 401, error: "the bearer token is missing", hint };
const wrong: Refused = { status: 401, error: "the bearer token is wrong", hint };

/** Neither a proxy that runs here, nor a page of another site whose name was made to lead here: its browser runs here, too. */
function isThisMachine({ address, host = "localhost", forwarded = false }: Caller): boolean {
  return isLoopback(address) && !forwarded && /^(localhost|\d{1,3}(\.\d{1,3}){3}|\[[\da-f:.]+\])(:\d+)?$/i.test(host);
}

function isLoopback(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\./.test(address);
}

/** Of digests, so that neither place nor length of a difference shows in the time it takes. */
function isSame(given: string, token: string): boolean {
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

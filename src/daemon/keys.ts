import { readFile } from "node:fs/promises";
import type { Settings } from "../settings.ts";
import type { Key } from "../web/api/identity.ts";

/** The tokens that the API lets in. The files are read at each call, so that a token can be replaced without a restart. */
export function keysOf({ tokenFile, tokens }: Settings["listen"]): readonly Key[] {
  const keys: Key[] = tokens.map(({ name, role, tokenFile: file }) => ({
    name,
    role,
    setting: `listen.tokens (${name})`,
    read: () => readFile(file, "utf8"),
  }));
  if (tokenFile === undefined) return keys;
  return [...keys, { name: "listen.tokenFile", role: "read", setting: "listen.tokenFile", read: () => readFile(tokenFile, "utf8") }];
}

import { readFile } from "node:fs/promises";
import type { Settings } from "../settings.ts";
import type { Access } from "../web/access.ts";

/** How senders of alerts prove themselves, by the settings; no way where they take no alerts. */
export function alertsAccessOf({ alerts, listen }: Settings): Access {
  if (alerts === undefined) return {};
  const { tokenFile, basic, clientNames: names } = alerts;
  return {
    ...(tokenFile === undefined ? {} : { token: () => readFile(tokenFile, "utf8") }),
    ...(basic === undefined ? {} : { basic: { username: basic.username, password: () => readFile(basic.passwordFile, "utf8") } }),
    ...(listen.tls?.clientCaFile === undefined ? {} : { certificate: names === undefined ? {} : { names } }),
  };
}

import { readFile } from "node:fs/promises";
import { TargetError } from "./target.ts";

/**
 * The one secret in a file, read for each message so that it can be replaced under way.
 * @param what completes "Grafana: its … file": token, key, URL.
 * @throws TargetError that names the receiver and what is wrong, never the content.
 */
export async function readSecret(who: string, what: string, file: string): Promise<string> {
  const content = await readFile(file, "utf8").catch((error: unknown) => {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw new TargetError("TARGET_REFUSED", `${who}: its ${what} file ${file} cannot be read (${code})`);
  });
  const secret = content.trim();
  if (secret === "") throw new TargetError("TARGET_REFUSED", `${who}: its ${what} file ${file} is empty`);
  // Anything else cannot stand in a header.
  if (/^[\x21-\x7e]+$/.test(secret)) return secret;
  throw new TargetError("TARGET_REFUSED", `${who}: its ${what} file ${file} does not hold a ${what} alone`);
}

/** The URL in a file, where the URL is itself a secret. */
export async function readSecretUrl(who: string, file: string): Promise<URL> {
  const text = await readSecret(who, "URL", file);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "https:" || url?.protocol === "http:") return url;
  throw new TargetError("TARGET_REFUSED", `${who}: its URL file ${file} does not hold an http:// or https:// URL`);
}

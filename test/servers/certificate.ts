import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** Files the API server is started with. */
export type Credentials = {
  /** Serving certificate and, since it is signed by itself, the CA to trust. */
  readonly certPath: string;
  readonly keyPath: string;
  readonly serviceAccountKeyPath: string;
  readonly serviceAccountPublicKeyPath: string;
};

/**
 * Made before the API server runs rather than by it (`--cert-dir`), so that a kubeconfig with its
 * CA exists while the server is still down.
 */
export async function makeCredentials(folder: string): Promise<Credentials> {
  const credentials = {
    certPath: join(folder, "apiserver.crt"),
    keyPath: join(folder, "apiserver.key"),
    serviceAccountKeyPath: join(folder, "sa.key"),
    serviceAccountPublicKeyPath: join(folder, "sa.pub"),
  };
  const serviceAccount = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  await writeFile(credentials.serviceAccountKeyPath, serviceAccount.privateKey, { mode: 0o600 });
  await writeFile(credentials.serviceAccountPublicKeyPath, serviceAccount.publicKey);
  const subject = ["-subj", "/CN=kube-apiserver", "-addext", "subjectAltName=IP:127.0.0.1"];
  const files = ["-keyout", credentials.keyPath, "-out", credentials.certPath];
  try {
    await promisify(execFile)("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "7", ...subject, ...files]);
  } catch (cause) {
    throw new Error("The API server's certificate is made with `openssl`, which failed.", {
      cause,
    });
  }
  return credentials;
}

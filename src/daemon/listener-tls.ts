import { readFile, stat } from "node:fs/promises";
import type { Server } from "node:http";
import { createSecureContext, Server as TlsServer } from "node:tls";
import { RearguardError, sentence } from "../errors.ts";
import type { Log } from "../pipeline/edges.ts";
import type { Settings } from "../settings.ts";
import type { ListenerCertificate } from "../web/server.ts";

type TlsSettings = NonNullable<Settings["listen"]["tls"]>;

export interface ListenerTls {
  /** @throws RearguardError where the files hold no certificate with its key. */
  read(): Promise<ListenerCertificate>;
  /** Takes over a certificate that was replaced since the last look; cheap where none was. Never rejects. */
  look(server: Server): Promise<void>;
}

/** Certificates are renewed under way, by cert-manager for example: the files are looked at again, and connections that stand go on. */
export function createListenerTls({ certFile, keyFile, clientCaFile }: TlsSettings, log: Log): ListenerTls {
  const files = [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])];
  let seen = "";
  let problem = "";

  async function certificate(): Promise<ListenerCertificate> {
    const [cert = "", key = "", ca] = await Promise.all(files.map((file) => readFile(file, "utf8")));
    const read = { cert, key, ...(ca === undefined ? {} : { ca }) };
    // Throws what a server that is handed half of a new pair would only say to every caller.
    createSecureContext(read);
    return read;
  }

  async function look(server: Server): Promise<void> {
    const fingerprint = await fingerprintOf(files);
    if (fingerprint === seen || !(server instanceof TlsServer)) return;
    const read = await certificate();
    server.setSecureContext(read);
    // Who stays connected was let in by the authority of then.
    server.closeIdleConnections();
    if (seen !== "") log.info({ certFile }, "certificate of the listener was taken over");
    seen = fingerprint;
    problem = "";
  }

  return {
    async read() {
      try {
        seen = await fingerprintOf(files);
        return await certificate();
      } catch (error) {
        throw new RearguardError("LISTEN_FAILED", `the certificate of listen.tls cannot be used: ${sentence(error)}`, { cause: error });
      }
    },
    look: (server) =>
      look(server).catch((error: unknown) => {
        const said = sentence(error);
        if (said !== problem) log.warn({ certFile, error: said }, "certificate of the listener cannot be used; the one before stays");
        problem = said;
      }),
  };
}

/** Inode and change time see what size and modification time miss: the swapped link of a Secret. */
async function fingerprintOf(files: readonly string[]): Promise<string> {
  const stats = await Promise.all(files.map((file) => stat(file, { bigint: true })));
  return stats.map(({ ino, size, mtimeNs, ctimeNs }) => [ino, size, mtimeNs, ctimeNs].join(" ")).join("\n");
}

import { TLSSocket } from "node:tls";

/**
 * Names in the certificate that the other side has shown: its common name, and each name in its subjectAltName without the kind before it.
 * Undefined where it showed none that our certificate authority has signed.
 */
export function peerNames(socket: unknown): readonly string[] | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const { subject, subjectaltname = "" } = socket.getPeerCertificate();
  if (subject === undefined) return undefined;
  const common: unknown = subject.CN;
  return [common]
    .flat()
    .filter((name) => typeof name === "string")
    .concat(alternativeNames(subjectaltname));
}

/** Node writes a name that holds anything special as a JSON string, so that no name can pass for two. */
export function alternativeNames(text: string): readonly string[] {
  return [...text.matchAll(/(?:^|, )[^:,"]+:("(?:[^"\\]|\\.)*"|[^,"]*)/g)].map(([, name = ""]) =>
    name.startsWith('"') ? String(JSON.parse(name)) : name,
  );
}

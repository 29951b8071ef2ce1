import { readFile } from "node:fs/promises";
import { TLSSocket } from "node:tls";
import { buildConnector, Client } from "undici";
import { parse } from "yaml";
import type { Ms } from "../../model.ts";
import type { Certificate, HttpAnswer, HttpApi, HttpRequest } from "./api.ts";
import { failureOf } from "./failure.ts";

export interface HttpOptions {
  /** To connect, TLS included; 5 s unless told. */
  readonly connectMs?: Ms;
  /** What is read of a body; 64 KiB unless told. */
  readonly maxBytes?: number;
}

/** What is known of a call when it fails. */
interface Progress {
  connected: boolean;
  late: boolean;
  certificate?: Certificate;
}

/** Each call over a connection of its own, as a new client would come, so that no call is answered by the pod of the one before. */
export function createHttp({ connectMs = 5_000, maxBytes = 65_536 }: HttpOptions = {}): HttpApi {
  return {
    async get(request) {
      const files = await filesOf(request).catch((error: unknown) => `a file of the probe cannot be read (${wordsOf(error)})`);
      return typeof files === "string" ? { kind: "unreached", because: files } : call(request, files);
    },
  };

  async function call({ url, withinMs }: HttpRequest, { headers, ca }: Files): Promise<HttpAnswer> {
    const { origin, pathname, search, hostname } = new URL(url);
    const progress: Progress = { connected: false, late: false };
    const tooLate = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const connect = buildConnector({ timeout: connectMs, maxCachedSessions: 0, ...(ca === undefined ? {} : { ca }) });
    const client = new Client(origin, {
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (options, callback) =>
        connect(options, (...outcome) => {
          const [error, socket] = outcome;
          if (error === null) {
            progress.connected = true;
            if (socket instanceof TLSSocket) progress.certificate = certificateOf(socket, hostname);
            timer ??= setTimeout(() => {
              progress.late = true;
              tooLate.abort();
            }, withinMs);
          }
          callback(...outcome);
        }),
    });
    try {
      const { statusCode: status, body } = await client.request({
        method: "GET",
        path: pathname + search,
        headers: { accept: "*/*", "user-agent": "rearguard", ...headers },
        signal: tooLate.signal,
      });
      const read = await readCapped(body, maxBytes);
      return { kind: "answer", status, ...read, ...(progress.certificate === undefined ? {} : { certificate: progress.certificate }) };
    } catch (error) {
      return failureOf(error, { ...progress, withinMs, host: hostname });
    } finally {
      clearTimeout(timer);
      await client.destroy().catch(() => {});
    }
  }
}

interface Files {
  readonly headers: Readonly<Record<string, string>>;
  readonly ca?: string;
}

/** Read for each call: secrets are replaced under way. */
async function filesOf({ headersFile, caFile }: HttpRequest): Promise<Files> {
  const [headers, ca] = await Promise.all([headersFile, caFile].map(textOf));
  return { headers: headers === undefined ? {} : headersIn(headers), ...(ca === undefined ? {} : { ca }) };
}

async function textOf(file: string | undefined): Promise<string | undefined> {
  return file === undefined ? undefined : readFile(file, "utf8");
}

function headersIn(text: string): Readonly<Record<string, string>> {
  let map: unknown;
  try {
    map = parse(text);
  } catch {
    // The parser's own words would show the line, which holds a secret.
    throw new Error("headersFile is no YAML");
  }
  if (typeof map !== "object" || map === null || Array.isArray(map)) throw new Error("headersFile holds no map of headers");
  return Object.fromEntries(
    Object.entries(map).map(([name, value]) => {
      if (typeof value !== "string") throw new Error(`headersFile: the value of ${name} is no text`);
      return [name, value.trim()];
    }),
  );
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  return "code" in error && typeof error.code === "string" ? error.code : error.message;
}

async function readCapped(body: AsyncIterable<Buffer>, maxBytes: number): Promise<{ readonly body: string; readonly cut: boolean }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) return { body: "", cut: true };
    chunks.push(chunk);
  }
  return { body: Buffer.concat(chunks).toString("utf8"), cut: false };
}

function certificateOf(socket: TLSSocket, host: string): Certificate {
  return { host, until: Date.parse(socket.getPeerCertificate().valid_to) };
}

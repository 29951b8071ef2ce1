// Probes against servers that answer as badly as servers can. They need neither the sandbox nor the real servers.
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { createHttp } from "../../src/clients/http/http.ts";
import type { ProbeExpectation } from "../../src/policies/probe-signal.ts";
import { createProber, type ProbeAsk } from "../../src/signals/probe.ts";
import { makeTempDir } from "../servers/temp-dir.ts";

const expectation: ProbeExpectation = { statuses: ["2xx"], withinMs: 5_000 };
const days = 86_400_000;

/** A server on loopback; closing it ends what hangs. */
async function listen(server: Server, scheme = "http"): Promise<AsyncDisposable & { readonly url: string }> {
  const sockets = new Set<{ destroy: () => void }>();
  server.on("connection", (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/health`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function asked(url: string, expect: Partial<ProbeExpectation> = {}, over: Partial<ProbeAsk> = {}, now = Date.now()) {
  const prober = createProber({ http: createHttp({ connectMs: 500 }), now: () => now });
  return prober({ url, expect: { ...expectation, ...expect }, ...over });
}

const json = (value: unknown): RequestListener => {
  return (_request, response) => response.end(JSON.stringify(value));
};

interface Case {
  readonly what: string;
  readonly answer: RequestListener;
  readonly expect?: Partial<ProbeExpectation>;
  readonly outcome: "good" | "failed" | "error";
  readonly detail: RegExp;
}

const field = { path: "checks.0.status", equals: "up" };
const cases: readonly Case[] = [
  { what: "200", answer: (_, to) => to.end("fine"), outcome: "good", detail: /^GET http:\/\/127\.0\.0\.1:\d+\/health answered 200$/ },
  { what: "204 without a body", answer: (_, to) => to.writeHead(204).end(), outcome: "good", detail: /204/ },
  { what: "503", answer: (_, to) => to.writeHead(503).end("no"), outcome: "failed", detail: /answered 503 instead of 2xx$/ },
  {
    what: "418 where it is listed",
    answer: (_, to) => to.writeHead(418).end(),
    expect: { statuses: [200, 418] },
    outcome: "good",
    detail: /418/,
  },
  {
    what: "a redirect, which is not followed",
    answer: (_, to) => to.writeHead(302, { location: "http://127.0.0.1:1/elsewhere" }).end(),
    outcome: "failed",
    detail: /answered 302 instead of 2xx/,
  },
  {
    what: "the field as it must be",
    answer: json({ checks: [{ status: "up" }] }),
    expect: { json: field },
    outcome: "good",
    detail: /200/,
  },
  {
    what: "another value of the field",
    answer: json({ checks: [{ status: "down" }] }),
    expect: { json: field },
    outcome: "failed",
    detail: /answered 200, but checks\.0\.status is "down" instead of "up"$/,
  },
  {
    what: "no such field",
    answer: json({ checks: [] }),
    expect: { json: field },
    outcome: "failed",
    detail: /but without checks\.0\.status$/,
  },
  {
    what: "a field that every object has",
    answer: json({}),
    expect: { json: { path: "constructor.name", equals: "Object" } },
    outcome: "failed",
    detail: /without constructor/,
  },
  { what: "HTML", answer: (_, to) => to.end("<html>"), expect: { json: field }, outcome: "failed", detail: /but no JSON$/ },
  { what: "a body without an end", answer: endless, outcome: "good", detail: /200/ },
  {
    what: "a body that is too long for a field",
    answer: endless,
    expect: { json: field },
    outcome: "error",
    detail: /more than can be read/,
  },
  { what: "no answer at all", answer: () => {}, expect: { withinMs: 50 }, outcome: "failed", detail: /gave no whole answer within 50 ms$/ },
  {
    what: "a body drop by drop",
    answer: drip,
    expect: { withinMs: 120 },
    outcome: "failed",
    detail: /gave no whole answer within 120 ms$/,
  },
  {
    what: "a connection that is closed instead of an answer",
    answer: (request) => request.socket.destroy(),
    outcome: "failed",
    detail: /closed the connection before a whole answer/,
  },
  {
    what: "a connection that is closed within the answer",
    answer: (_, to) => {
      to.writeHead(200, { "content-length": "100" }).write("half");
      setImmediate(() => to.destroy());
    },
    outcome: "failed",
    detail: /closed the connection before a whole answer/,
  },
];

function endless(_request: unknown, response: Parameters<RequestListener>[1]): void {
  const chunk = "x".repeat(16_384);
  const go = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on("drain", go);
  go();
}

function drip(_request: unknown, response: Parameters<RequestListener>[1]): void {
  const timer = setInterval(() => response.write("."), 10);
  response.on("close", () => clearInterval(timer));
}

describe("a probe of a server that answers", () => {
  test.each(cases)("$what: $outcome", async ({ answer, expect: over, outcome, detail }) => {
    await using server = await listen(createServer(answer));
    const found = await asked(server.url, over);
    expect(found).toMatchObject({ outcome, detail: expect.stringMatching(detail) });
  });

  test("a value that looks like a credential is not told", async () => {
    await using server = await listen(createServer(json({ status: "token: abcDEF123456" })));
    const found = await asked(server.url, { json: { path: "status", equals: "up" } });
    expect(found.detail).toMatch(/status is "token: \[redacted\]/);
  });

  test("something that is not HTTP: failed", async () => {
    await using server = await listen(createTcpServer((socket) => socket.end("SSH-2.0-OpenSSH\r\n")));
    expect(await asked(server.url)).toMatchObject({ outcome: "failed", detail: expect.stringMatching(/not HTTP/) });
  });

  test("is sent the headers of the file, and neither they nor the query are told", async () => {
    await using folder = await makeTempDir("probe");
    const headersFile = join(folder.path, "headers.yaml");
    await writeFile(headersFile, "Authorization: Bearer s3cr3tS3cr3t\n");
    const seen: unknown[] = [];
    await using server = await listen(
      createServer((request, response) => {
        seen.push([request.headers.authorization, request.url]);
        response.writeHead(500).end();
      }),
    );
    const found = await asked(`${server.url}?key=hidden`, {}, { headersFile });
    expect(seen).toEqual([["Bearer s3cr3tS3cr3t", "/health?key=hidden"]]);
    expect(found.detail).toMatch(/\/health\?… answered 500/);
    expect(JSON.stringify(found)).not.toMatch(/s3cr3t|hidden/);
  });
});

describe("a probe that cannot call", () => {
  test("a port where nobody listens: failed, because that host answered", async () => {
    const server = await listen(createServer());
    await server[Symbol.asyncDispose]();
    expect(await asked(server.url)).toMatchObject({ outcome: "failed", detail: expect.stringMatching(/refused the connection$/) });
  });

  test("a name that is not known: error", async () => {
    expect(await asked("http://web.shop.invalid/health")).toMatchObject({
      outcome: "error",
      detail: expect.stringMatching(/could not be called: its name (is not known|could not be looked up)/),
    });
  });

  test("a file of headers that is not there, or holds something else: error, and nothing is sent", async () => {
    await using folder = await makeTempDir("probe");
    let calls = 0;
    await using server = await listen(createServer(() => (calls += 1)));
    const headersFile = join(folder.path, "headers.yaml");
    expect(await asked(server.url, {}, { headersFile })).toMatchObject({ outcome: "error", detail: expect.stringMatching(/ENOENT/) });
    await writeFile(headersFile, "Bearer s3cr3t: [\n");
    const found = await asked(server.url, {}, { headersFile });
    expect(found).toMatchObject({ outcome: "error", detail: expect.stringMatching(/headersFile is no YAML/) });
    expect(found.detail).not.toMatch(/s3cr3t/);
    expect(calls).toBe(0);
  });
});

describe("a probe over TLS", () => {
  async function tls(folder: string, name: string, validDays: number) {
    const path = (suffix: string) => join(folder, `${name}.${suffix}`);
    const run = (...parts: readonly string[]) => promisify(execFile)("openssl", parts);
    const subject = ["-subj", "/CN=web", "-addext", "subjectAltName=IP:127.0.0.1"];
    await run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", path("key"), "-out", path("csr"), ...subject);
    const extension = ["-copy_extensions", "copy", "-days", String(validDays)];
    await run("x509", "-req", "-in", path("csr"), "-signkey", path("key"), "-out", path("crt"), ...extension);
    const [key, cert] = await Promise.all([readFile(path("key")), readFile(path("crt"))]);
    const server = createTlsServer({ key, cert }, (_request, response) => response.end("fine"));
    return { ...(await listen(server, "https")), caFile: path("crt") };
  }

  test("a certificate that nobody here trusts: error; trusted by its file: good, with the days that it has left", async () => {
    await using folder = await makeTempDir("probe");
    await using server = await tls(folder.path, "web", 20);
    expect(await asked(server.url)).toMatchObject({ outcome: "error", detail: expect.stringMatching(/its certificate is not trusted/) });
    const trusting = { caFile: server.caFile };
    expect(await asked(server.url, { certificateDays: 30 }, trusting)).toMatchObject({
      outcome: "good",
      certificate: { host: "127.0.0.1", days: 19 },
    });
    expect(await asked(server.url, { certificateDays: 30 }, trusting, Date.now() + 18 * days)).toMatchObject({ certificate: { days: 1 } });
    expect((await asked(server.url, {}, trusting)).certificate, "not asked for").toBeUndefined();
  });

  test("a certificate that has run out: error, and it is told as one, because no revision made it old", async () => {
    await using folder = await makeTempDir("probe");
    await using server = await tls(folder.path, "web", -1);
    expect(await asked(server.url, { certificateDays: 30 }, { caFile: server.caFile })).toMatchObject({
      outcome: "error",
      detail: expect.stringMatching(/its certificate has run out/),
      certificate: { host: "127.0.0.1", days: 0 },
    });
  });

  test("a certificate of another name: error", async () => {
    await using folder = await makeTempDir("probe");
    await using server = await tls(folder.path, "web", 20);
    const other = server.url.replace("127.0.0.1", "localhost");
    expect(await asked(other, {}, { caFile: server.caFile })).toMatchObject({
      outcome: "error",
      detail: expect.stringMatching(/for another name/),
    });
  });

  test("plain HTTP where TLS was asked for: error", async () => {
    await using server = await listen(createServer((_request, response) => response.end()));
    expect(await asked(server.url.replace("http:", "https:"))).toMatchObject({ outcome: "error" });
  });

  test("a server that accepts and never shakes hands: error", async () => {
    await using server = await listen(
      createTcpServer(() => {}),
      "https",
    );
    expect(await asked(server.url)).toMatchObject({ outcome: "error", detail: expect.stringMatching(/did not come about in time/) });
  });
});

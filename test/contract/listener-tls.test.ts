// The listener over TLS, with certificates made here. It needs neither the sandbox nor the real servers.
import { copyFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { createListenerTls } from "../../src/daemon/listener-tls.ts";
import type { Access } from "../../src/web/access.ts";
import { createWeb } from "../../src/web/server.ts";
import { makeTempDir } from "../servers/temp-dir.ts";
import { createAuthority, type IssuedCertificate } from "../support/certificates.ts";
import { quiet } from "../unit/web/a-web.ts";

const body = JSON.stringify({
  version: "4",
  groupKey: "{}",
  alerts: [{ status: "firing", labels: { alertname: "A" }, startsAt: "2026-11-23T12:00:00Z", fingerprint: "f" }],
});

/** A listener whose certificate lies in files, and what can be asked of it. */
async function listening(access: Access) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await makeTempDir("listener")).path;
  const [ours, theirs] = await Promise.all([createAuthority(folder, "ours"), createAuthority(folder, "theirs")]);
  const [first, second] = [await ours.issue("rearguard", ["IP:127.0.0.1"]), await ours.issue("renewed", ["IP:127.0.0.1"])];
  const files = { certFile: join(folder, "tls.crt"), keyFile: join(folder, "tls.key"), clientCaFile: join(folder, "client-ca.crt") };
  const put = async ({ certFile, keyFile }: IssuedCertificate) => {
    await Promise.all([copyFile(certFile, files.certFile), copyFile(keyFile, files.keyFile)]);
  };
  await put(first);
  await copyFile(ours.certFile, files.clientCaFile);
  const lines: string[] = [];
  const log = pino({ level: "info" }, { write: (line: string) => void lines.push((JSON.parse(line) as { readonly msg: string }).msg) });
  const tls = createListenerTls(files, log);
  const app = await createWeb({
    ...quiet,
    certificate: await tls.read(),
    alertsAccess: access,
    takeAlerts: async (alerts) => ({ taken: true, guards: [], receipts: alerts.map(() => ({ outcome: "recorded", detail: "" })) }),
  });
  stack.defer(() => app.close());
  const { port } = new URL(await app.listen({ host: "127.0.0.1", port: 0 }));
  const owned = stack.move();

  const ask = (path: string, client?: IssuedCertificate, headers: Readonly<Record<string, string>> = {}) =>
    new Promise<{ readonly code: number | undefined; readonly text: string; readonly serverName: string }>((resolve, reject) => {
      const isPost = path.startsWith("/api/v1/webhooks");
      const sent = request(
        {
          host: "127.0.0.1",
          port,
          path,
          method: isPost ? "POST" : "GET",
          ca: ours.cert,
          agent: false,
          headers: { ...(isPost ? { "content-type": "application/json" } : {}), ...headers },
          ...(client === undefined ? {} : { cert: client.cert, key: client.key }),
        },
        (answer) => {
          const { subject } = (answer.socket as TLSSocket).getPeerCertificate();
          let text = "";
          answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
          answer.on("end", () => resolve({ code: answer.statusCode, text, serverName: String(subject.CN) }));
        },
      );
      sent.on("error", reject).end(isPost ? body : undefined);
    });
  const post = (client?: IssuedCertificate, headers?: Readonly<Record<string, string>>) =>
    ask("/api/v1/webhooks/alertmanager", client, headers).then(({ code }) => code);
  return { app, tls, put, files, ours, theirs, second, ask, post, lines, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

describe("a listener with a certificate", () => {
  test("answers probes and metrics of those who show none", async () => {
    await using web = await listening({ certificate: {} });
    const answers = await Promise.all(["/healthz", "/readyz", "/metrics"].map((path) => web.ask(path)));
    expect(answers.map(({ code }) => code)).toEqual([200, 200, 200]);
  });

  test("takes alerts from whoever shows a certificate of the authority, and from nobody else", async () => {
    await using web = await listening({ certificate: {} });
    const codes = [
      await web.post(await web.ours.issue("alertmanager")),
      await web.post(await web.theirs.issue("alertmanager")),
      await web.post(),
      await web.post(undefined, { authorization: "Bearer guess" }),
    ];
    expect(codes).toEqual([202, 401, 401, 401]);
  });

  test("with names, takes alerts from these alone, by common name or alternative name, in full", async () => {
    await using web = await listening({ certificate: { names: ["alertmanager", "alerts.monitoring.svc", "spiffe://shop/alerts"] } });
    const named = async (commonName: string, ...names: readonly string[]) => web.post(await web.ours.issue(commonName, names));
    const codes = [
      await named("alertmanager"),
      await named("other", "DNS:alerts.monitoring.svc"),
      await named("other", "DNS:x", "URI:spiffe://shop/alerts"),
      await named("other"),
      await named("alertmanager.evil"),
      await named("other", "DNS:monitoring.svc"),
    ];
    expect(codes).toEqual([202, 202, 202, 401, 401, 401]);
  });

  test("beside certificates, a token is enough", async () => {
    await using web = await listening({ certificate: {}, token: async () => "s3cret" });
    expect(await web.post(undefined, { authorization: "Bearer s3cret" })).toBe(202);
  });

  test("takes over a renewed certificate, and another authority of clients, without a restart", async () => {
    await using web = await listening({ certificate: {} });
    const [ofOurs, ofTheirs] = [await web.ours.issue("alertmanager"), await web.theirs.issue("alertmanager")];
    expect((await web.ask("/healthz")).serverName).toBe("rearguard");
    await web.tls.look(web.app.server);
    expect(web.lines).toEqual([]);

    await web.put(web.second);
    await copyFile(web.theirs.certFile, web.files.clientCaFile);
    await web.tls.look(web.app.server);

    expect((await web.ask("/healthz")).serverName).toBe("renewed");
    expect([await web.post(ofOurs), await web.post(ofTheirs)]).toEqual([401, 202]);
    expect(web.lines).toEqual(["certificate of the listener was taken over"]);
  });

  test("keeps the one before while the files hold a certificate without its key, and says so once", async () => {
    await using web = await listening({ certificate: {} });
    await copyFile(web.second.certFile, web.files.certFile);
    for (let looked = 0; looked < 3; looked += 1) await web.tls.look(web.app.server);
    expect((await web.ask("/healthz")).serverName).toBe("rearguard");
    expect(web.lines).toEqual(["certificate of the listener cannot be used; the one before stays"]);

    await copyFile(web.second.keyFile, web.files.keyFile);
    await web.tls.look(web.app.server);
    expect((await web.ask("/healthz")).serverName).toBe("renewed");
  });
});

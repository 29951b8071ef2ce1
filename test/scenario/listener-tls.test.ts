import { copyFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { expect, test } from "vitest";
import { makeTempDir } from "../servers/temp-dir.ts";
import { createAuthority, type IssuedCertificate } from "../support/certificates.ts";
import { remedyPolicy } from "./remediation-world.ts";
import { openQuick } from "./quick.ts";

test("a daemon with a certificate takes alerts from a client certificate that is named, and takes a renewed certificate over", async () => {
  await using folder = await makeTempDir("tls");
  const authority = await createAuthority(folder.path, "ours");
  const [first, renewed, client, other] = [
    await authority.issue("rearguard", ["IP:127.0.0.1"]),
    await authority.issue("renewed", ["IP:127.0.0.1"]),
    await authority.issue("alertmanager"),
    await authority.issue("other"),
  ];
  const tls = { certFile: join(folder.path, "tls.crt"), keyFile: join(folder.path, "tls.key"), clientCaFile: authority.certFile };
  const put = ({ certFile, keyFile }: IssuedCertificate) => Promise.all([copyFile(certFile, tls.certFile), copyFile(keyFile, tls.keyFile)]);
  await put(first);
  await using world = await openQuick([{}], {
    policy: remedyPolicy("do: [notify]"),
    settings: { listen: { host: "127.0.0.1", port: 0, tls }, alerts: { clientNames: ["alertmanager"] } },
  });
  expect(world.url()).toMatch(/^https:/);

  const ask = (path: string, shown?: IssuedCertificate, body?: object) =>
    new Promise<{ readonly code: number | undefined; readonly server: string; readonly text: string }>((resolve, reject) => {
      const sent = request(
        new URL(path, world.url()),
        {
          method: body === undefined ? "GET" : "POST",
          ca: authority.cert,
          agent: false,
          headers: { "content-type": "application/json" },
          ...(shown === undefined ? {} : { cert: shown.cert, key: shown.key }),
        },
        (answer) => {
          const server = String((answer.socket as TLSSocket).getPeerCertificate().subject.CN);
          let text = "";
          answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
          answer.on("end", () => resolve({ code: answer.statusCode, server, text }));
        },
      );
      sent.on("error", reject).end(body === undefined ? undefined : JSON.stringify(body));
    });
  const labels = { alertname: "Slow", namespace: "shop", deployment: "web" };
  const startsAt = new Date(world.now()).toISOString();
  const alert = { version: "4", groupKey: "{}", alerts: [{ status: "firing", labels, startsAt, fingerprint: "f" }] };
  const post = (shown?: IssuedCertificate) => ask("/api/v1/webhooks/alertmanager", shown, alert);

  expect([(await ask("/healthz")).code, (await post()).code, (await post(other)).code]).toEqual([200, 401, 401]);
  expect(world.remediations("web")).toEqual([]);
  expect((await post(client)).code).toBe(202);
  expect(world.remediations("web")).toHaveLength(1);

  await put(renewed);
  await world.run(2);
  expect((await ask("/healthz")).server).toBe("renewed");
});

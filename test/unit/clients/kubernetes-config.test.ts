import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { RequestListener, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createKubernetesApi } from "../../../src/clients/kubernetes/api.ts";
import { loadKubeConfig } from "../../../src/clients/kubernetes/config.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { json, openWatch } from "./fake-collection.ts";
import { startStub } from "./stub-server.ts";

type Raw = Readonly<Record<string, unknown>>;

const path = "/api/v1/namespaces/default/pods/one";
const pod = { metadata: { uid: "u", name: "one" } };

/** A client by kubeconfig, and the client's port of each request the server got. */
async function serve(options: { readonly user?: Raw; readonly caFile?: string; readonly answer?: RequestListener } = {}) {
  await using stack = new AsyncDisposableStack();
  const ports: (number | undefined)[] = [];
  const answer = options.answer ?? ((_: unknown, response: ServerResponse) => json(response, 200, pod));
  const stub = stack.use(
    await startStub((request, response) => {
      ports.push(request.socket.remotePort);
      return answer(request, response);
    }),
  );
  const folder = stack.adopt(await mkdtemp(join(tmpdir(), "rearguard-test-")), (each) => rm(each, { recursive: true }));
  const cluster = { server: `${stub.url}/`, ...(options.caFile === undefined ? {} : { "certificate-authority": options.caFile }) };
  await writeFile(join(folder, "ca.crt"), "first");
  await writeFile(
    join(folder, "kubeconfig"),
    JSON.stringify({
      clusters: [{ name: "c", cluster }],
      users: [{ name: "u", user: options.user ?? {} }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    }),
  );
  const connector = stack.adopt(loadKubeConfig({ path: join(folder, "kubeconfig") }), (config) => config.close());
  const api = createKubernetesApi({ connector, clock: createManualClock() });
  const owned = stack.move();
  return { api, ports, folder, requests: stub.requests, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

it("fifty calls one after another share a connection or two", async () => {
  await using server = await serve();

  for (let call = 0; call < 50; call += 1) await server.api.get(path);

  expect(server.ports).toHaveLength(50);
  // The pool may open a second while the first is finishing its last answer.
  expect(new Set(server.ports).size).toBeLessThanOrEqual(2);
});

it("fifty open watches leave room for calls, over plain HTTP too", async () => {
  const answer: RequestListener = (request, response) =>
    request.url?.includes("watch=1") ? openWatch(response) : json(response, 200, pod);
  await using server = await serve({ answer });
  const stop = new AbortController();
  const open = () => server.api.watch("/api/v1/pods", { resourceVersion: "1", timeoutSeconds: 300, signal: stop.signal });

  const watches = await Promise.all(Array.from({ length: 50 }, open));

  expect(watches).toHaveLength(50);
  await expect(server.api.get(path)).resolves.toEqual(pod);
  stop.abort();
});

it("after a call that hung the next one takes a new connection", async () => {
  let hang = true;
  await using server = await serve({ answer: (_, response) => void (hang || json(response, 200, pod)) });

  await expect(server.api.get(path, { deadlineMs: 50 })).rejects.toThrow("no answer");
  hang = false;
  await server.api.get(path);

  expect(new Set(server.ports).size).toBe(2);
});

it("a certificate authority that rotates makes new connections, once", async () => {
  await using server = await serve({ caFile: "ca.crt" });

  await server.api.get(path);
  await writeFile(join(server.folder, "ca.crt"), "second");
  for (let call = 0; call < 20; call += 1) await server.api.get(path);

  const [first, ...later] = server.ports;
  expect(later).toHaveLength(20);
  expect(later).not.toContain(first);
  expect(new Set(later).size).toBeLessThanOrEqual(2);
});

it("a credential plugin is asked for the token", async () => {
  const credential = { apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: { token: "from-plugin" } };
  const exec = {
    apiVersion: credential.apiVersion,
    command: process.execPath,
    args: ["-e", `console.log('${JSON.stringify(credential)}')`],
  };
  await using server = await serve({ user: { exec } });

  await server.api.get(path);

  expect(server.requests[0]?.headers.authorization).toBe("Bearer from-plugin");
});

it("a credential plugin that fails is told as its own words, and nothing is asked without it", async () => {
  const exec = {
    apiVersion: "client.authentication.k8s.io/v1",
    command: process.execPath,
    args: ["-e", "console.error('please log in'); process.exit(1)"],
  };
  await using server = await serve({ user: { exec } });

  await expect(server.api.get(path)).rejects.toThrow(/no credentials: please log in/);

  expect(server.requests).toHaveLength(0);
});

it("user and password are sent as basic authentication", async () => {
  await using server = await serve({ user: { username: "ann", password: "secret" } });

  await server.api.get(path);

  expect(server.requests[0]?.headers.authorization).toBe(`Basic ${btoa("ann:secret")}`);
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createKubernetesApi } from "../../../src/clients/kubernetes/api.ts";
import { loadKubeConfig } from "../../../src/clients/kubernetes/config.ts";
import { KubernetesError } from "../../../src/clients/kubernetes/kubernetes-error.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { json, loginPage, status } from "./fake-collection.ts";
import { startStub } from "./stub-server.ts";

type Answer = Parameters<typeof startStub>[0];

const shop = "/apis/apps/v1/namespaces/prod/deployments/shop";
const token = "ya29.very-secret-token";

async function serve(answer: Answer) {
  await using stack = new AsyncDisposableStack();
  const stub = stack.use(await startStub(answer));
  const folder = stack.adopt(await mkdtemp(join(tmpdir(), "rearguard-test-")), (path) => rm(path, { recursive: true }));
  const path = join(folder, "kubeconfig");
  await writeFile(path, kubeconfig(stub.url));
  const connector = stack.adopt(loadKubeConfig({ path }), (config) => config.close());
  const clock = createManualClock();
  const owned = stack.move();
  const api = createKubernetesApi({ connector, clock });
  return { api, clock, path, requests: stub.requests, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function kubeconfig(server: string): string {
  return JSON.stringify({
    clusters: [{ name: "c", cluster: { server } }],
    users: [{ name: "u", user: { token } }],
    contexts: [{ name: "here", context: { cluster: "c", user: "u" } }],
    "current-context": "here",
  });
}

async function errorOf(promise: Promise<unknown>): Promise<KubernetesError> {
  const thrown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof KubernetesError) return thrown;
  throw new Error(`no KubernetesError but ${String(thrown)}`);
}

describe("an answer that is no success names its kind", () => {
  const rows: readonly [string, Answer, string, number | undefined][] = [
    ["401", (_, response) => status(401, "Unauthorized")(response, new URL("http://x")), "KUBERNETES_REFUSED", 401],
    ["403", (_, response) => status(403, 'User "x" cannot get', "Forbidden")(response, new URL("http://x")), "KUBERNETES_REFUSED", 403],
    ["404", (_, response) => status(404, "not found", "NotFound")(response, new URL("http://x")), "KUBERNETES_NOT_FOUND", 404],
    ["409", (_, response) => status(409, "modified", "Conflict")(response, new URL("http://x")), "KUBERNETES_CONFLICT", 409],
    ["422", (_, response) => status(422, "invalid", "Invalid")(response, new URL("http://x")), "KUBERNETES_INVALID", 422],
    ["400", (_, response) => status(400, "bad", "BadRequest")(response, new URL("http://x")), "KUBERNETES_INVALID", 400],
    ["500", (_, response) => status(500, "etcd")(response, new URL("http://x")), "KUBERNETES_UNREACHABLE", 500],
    ["a page of HTML", (_, response) => loginPage(response), "KUBERNETES_NOT_JSON", 200],
    [
      "a redirect to a login",
      (_, response) => response.writeHead(302, { location: "https://login.example/?t=1" }).end(),
      "KUBERNETES_NOT_JSON",
      302,
    ],
    ["JSON that is no object of the API", (_, response) => json(response, 200, { status: "ok" }), "KUBERNETES_NOT_JSON", 200],
    ["a cut connection", (request) => request.socket.destroy(), "KUBERNETES_UNREACHABLE", undefined],
  ];

  it.each(rows)("%s", async (_, answer, code, expectedStatus) => {
    await using server = await serve(answer);

    const error = await errorOf(server.api.patch(shop, [], { type: "json" }));

    expect([error.code, error.status]).toEqual([code, expectedStatus]);
    expect(error.message).toContain(`PATCH ${shop}`);
  });
});

it("an error carries the server's own message without secrets", async () => {
  await using server = await serve((_, response) =>
    json(response, 403, { message: "denied for Bearer abcdef123456", reason: "Forbidden" }),
  );

  const error = await errorOf(server.api.get(shop));

  expect(error).toMatchObject({ reason: "Forbidden", serverMessage: "denied for Bearer [redacted]" });
  expect(error.message).not.toContain("abcdef123456");
});

it("a server that does not answer is given up at the deadline, in words", async () => {
  await using server = await serve(() => {});

  const error = await errorOf(server.api.get(shop, { deadlineMs: 50 }));

  expect(error.code).toBe("KUBERNETES_UNREACHABLE");
  expect(error.message).toBe(`GET ${shop}: no answer within 0.05 s`);
});

it("a caller who gives up gets its own reason back", async () => {
  await using server = await serve(() => {});
  const stop = new AbortController();

  const asked = server.api.get(shop, { signal: stop.signal });
  stop.abort(new Error("stopping"));

  await expect(asked).rejects.toThrow("stopping");
});

describe("a busy server", () => {
  const busyTwice = (): Answer => {
    let asked = 0;
    return (_, response) => {
      asked += 1;
      if (asked <= 2) json(response, 429, { message: "slow down" }, { "retry-after": "2" });
      else json(response, 200, { metadata: { uid: "u", name: "shop" } });
    };
  };

  it("is asked again when it said, if it is a read", async () => {
    await using server = await serve(busyTwice());
    const before = server.clock.now();

    const asked = server.api.get(shop);
    await server.clock.advanceUntil("third request", () => server.requests.length === 3, 100);

    await expect(asked).resolves.toMatchObject({ metadata: { uid: "u" } });
    expect(server.clock.now() - before).toBeGreaterThanOrEqual(4_000);
  });

  it("is not asked again to write, since the first may have been heard", async () => {
    await using server = await serve(busyTwice());

    const error = await errorOf(server.api.patch(shop, [], { type: "json" }));

    expect([error.status, error.retryAfterMs, server.requests.length]).toEqual([429, 2_000, 1]);
  });

  it("that asks for an hour is not waited for", async () => {
    await using server = await serve((_, response) => json(response, 503, {}, { "retry-after": "3600" }));

    const error = await errorOf(server.api.get(shop));

    expect([error.retryAfterMs, server.requests.length]).toEqual([3_600_000, 1]);
  });
});

it.each([
  ["json", "application/json-patch+json"],
  ["merge", "application/merge-patch+json"],
  ["strategic", "application/strategic-merge-patch+json"],
  ["apply", "application/apply-patch+yaml"],
] as const)("a %s patch is sent as %s, with its dry run and field manager", async (type, contentType) => {
  await using server = await serve((_, response) => json(response, 200, { metadata: { uid: "u" } }));

  await server.api.patch(shop, { spec: {} }, { type, dryRun: true, fieldManager: "rearguard" });

  expect(server.requests[0]).toMatchObject({
    method: "PATCH",
    path: `${shop}?dryRun=All&fieldManager=rearguard`,
    headers: { "content-type": contentType, authorization: `Bearer ${token}` },
    body: '{"spec":{}}',
  });
});

it("fields nobody knows yet come through a read untouched", async () => {
  const object = { metadata: { uid: "u" }, spec: { newField2027: { deep: [1, null] } } };
  await using server = await serve((_, response) => json(response, 200, object));

  expect(await server.api.get(shop)).toEqual(object);
});

describe("a kubeconfig", () => {
  const load = (source: Parameters<typeof loadKubeConfig>[0]) => () => loadKubeConfig(source);

  it("that does not exist is named", () => {
    expect(load({ path: "/no/such/kubeconfig" })).toThrow(/kubeconfig \/no\/such\/kubeconfig: ENOENT/);
  });

  it("that lacks the wanted context says which it has", async () => {
    await using server = await serve(() => {});

    expect(load({ path: server.path, context: "there" })).toThrow(/context there has no cluster; allowed: here/);
  });
});

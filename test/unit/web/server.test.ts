import { describe, expect, it } from "vitest";
import { createWeb } from "../../../src/web/server.ts";
import { quiet, tokens } from "./a-web.ts";
import { recordWith } from "../explain/sample-record.ts";

const fromElsewhere = { remoteAddress: "192.0.2.7" };

describe("the API", () => {
  it("lists guards and shows one whole with its reasons in words", async () => {
    const record = recordWith({ kind: "opened", because: [] });
    const app = await createWeb({ ...quiet, ended: () => [record] });

    const list = await app.inject("/api/v1/guards");
    const one = await app.inject(`/api/v1/guards/${record.name}`);

    expect(list.json().guards).toHaveLength(1);
    expect(list.json().guards[0]).toMatchObject({ name: record.name, namespace: record.namespace, evidenceMode: "burn" });
    expect(one.json().record.entries).toEqual(JSON.parse(JSON.stringify(record.entries)));
    expect(one.json().history[0]).toHaveProperty("words");
    await app.close();
  });

  it("says where to look when a guard does not exist", async () => {
    const app = await createWeb(quiet);

    const answer = await app.inject("/api/v1/guards/nobody");

    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toEqual({ error: "there is no guard nobody", hint: "GET /api/v1/guards lists them" });
    await app.close();
  });

  it("answers this machine alone while no token is set", async () => {
    const app = await createWeb(quiet);

    const [near, far] = [await app.inject("/api/v1/guards"), await app.inject({ url: "/api/v1/guards", ...fromElsewhere })];

    expect([near.statusCode, far.statusCode]).toEqual([200, 403]);
    expect(far.json().hint).toContain("listen.tokens");
    await app.close();
  });

  it.each([
    [{ host: "127.0.0.1:8080" }, 200],
    [{ host: "[::1]:8080" }, 200],
    [{ host: "rearguard.example.com" }, 403],
    [{ host: "127.0.0.1.example.com:8080" }, 403],
    [{ host: "localhost", "x-forwarded-for": "192.0.2.7" }, 403],
    [{ host: "localhost", forwarded: "for=192.0.2.7" }, 403],
  ])("takes for this machine neither a proxy that runs on it nor a page whose name leads to it: %j", async (headers, code) => {
    const app = await createWeb(quiet);
    expect((await app.inject({ url: "/api/v1/guards", headers })).statusCode).toBe(code);
    await app.close();
  });

  it("asks everybody for the token once there is one", async () => {
    const app = await createWeb({ ...quiet, identify: tokens(["s3cret", "dashboard", "read"]) });
    const url = "/api/v1/guards";

    const codes = await Promise.all([
      app.inject({ url }),
      app.inject({ url, headers: { authorization: "Bearer wrong" } }),
      app.inject({ url, headers: { authorization: "Bearer s3cret" }, ...fromElsewhere }),
    ]);

    expect(codes.map(({ statusCode }) => statusCode)).toEqual([401, 401, 200]);
    await app.close();
  });

  it("lets kubelet and Prometheus in without a token", async () => {
    const app = await createWeb({ ...quiet, identify: tokens(["s3cret", "dashboard", "read"]) });

    const answers = await Promise.all(["/healthz", "/readyz", "/metrics"].map((url) => app.inject({ url, ...fromElsewhere })));

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
    expect(answers[2]?.body).toContain("rearguard_leader 1");
    await app.close();
  });

  it("is not ready while something is missing, and says what", async () => {
    const app = await createWeb({ ...quiet, notReady: () => ["the cluster has not been listed yet"] });

    const answer = await app.inject("/readyz");

    expect(answer.statusCode).toBe(503);
    expect(answer.json().because).toEqual(["the cluster has not been listed yet"]);
    await app.close();
  });
});

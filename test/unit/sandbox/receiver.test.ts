import { createHmac } from "node:crypto";
import fastify from "fastify";
import { describe, expect, test } from "vitest";
import { createReceiver } from "../../../src/sandbox/receiver/receiver.ts";
import type { ReceiverOptions } from "../../../src/sandbox/receiver/receiver.ts";

const now = 1_790_000_000_000;

async function serve(options: Partial<ReceiverOptions> = {}) {
  const app = fastify();
  const receiver = createReceiver({ now: () => now, ...options });
  receiver.register(app);
  await app.ready();
  const send = (method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE", url: string, body?: unknown, headers: Record<string, string> = {}) =>
    app.inject({
      method,
      url,
      headers: body === undefined ? headers : { "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { payload: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  return { receiver, send, [Symbol.asyncDispose]: () => app.close() };
}

describe("annotations", () => {
  test("a region is created as a point and closed by a patch", async () => {
    await using server = await serve();
    const created = await server.send("POST", "/api/annotations", { text: "guard", time: 1000, tags: ["rearguard"] });
    expect(created.json()).toEqual({ message: "Annotation added", id: 1 });
    expect((await server.send("PATCH", "/api/annotations/1", { timeEnd: 5000 })).json()).toEqual({ message: "Annotation patched" });
    expect(server.receiver.annotations()).toEqual([
      { id: 1, time: 1000, timeEnd: 5000, text: "guard", tags: ["rearguard"], dashboardUID: "", panelId: 0 },
    ]);
  });

  test("put replaces, delete removes, and neither finds what is not there", async () => {
    await using server = await serve();
    await server.send("POST", "/api/annotations", { text: "one", time: 1000, tags: ["a"] });
    await server.send("PUT", "/api/annotations/1", { text: "two" });
    expect(server.receiver.annotations()[0]).toMatchObject({ text: "two", time: now, tags: [] });
    expect((await server.send("DELETE", "/api/annotations/1")).statusCode).toBe(200);
    for (const method of ["DELETE", "PATCH", "PUT"] as const) {
      expect((await server.send(method, "/api/annotations/1", method === "DELETE" ? undefined : { text: "x" })).statusCode).toBe(404);
    }
  });

  test("a list holds what overlaps the time and has all the tags", async () => {
    await using server = await serve();
    await server.send("POST", "/api/annotations", { text: "region", time: 1000, timeEnd: 5000, tags: ["a", "b"] });
    await server.send("POST", "/api/annotations", { text: "point", time: 9000, tags: ["a"] });
    const texts = async (query: string) =>
      (await server.send("GET", `/api/annotations?${query}`)).json().map(({ text }: { text: string }) => text);
    expect(await texts("from=4000&to=6000")).toEqual(["region"]);
    expect(await texts("tags=a")).toEqual(["point", "region"]);
    expect(await texts("tags=a&tags=b")).toEqual(["region"]);
    expect(await texts("tags=a&limit=1")).toEqual(["point"]);
  });

  test.each([
    ["an unknown field", { text: "x", colour: "red" }, 400],
    ["a mistyped field", { text: "x", time: "noon" }, 400],
    ["an empty text", { text: "" }, 400],
    ["no text", { time: 1 }, 400],
    ["an end before its start", { text: "x", time: 2, timeEnd: 1 }, 400],
    ["no JSON", "{", 400],
    ["too much of tags", { text: "x", tags: Array.from({ length: 60 }, (_, index) => `tag-number-${index}`) }, 500],
  ])("%s is refused", async (_what, body, status) => {
    await using server = await serve();
    expect((await server.send("POST", "/api/annotations", body)).statusCode).toBe(status);
    expect(server.receiver.annotations()).toEqual([]);
  });

  test("the token is demanded when there is one", async () => {
    await using server = await serve({ grafanaToken: "glsa_x" });
    expect((await server.send("POST", "/api/annotations", { text: "x" })).statusCode).toBe(401);
    expect((await server.send("POST", "/api/annotations", { text: "x" }, { authorization: "Bearer glsa_x" })).statusCode).toBe(200);
  });
});

describe("webhooks", () => {
  const secret = `whsec_${Buffer.from("a secret of the test").toString("base64")}`;

  function signed(body: string, id = "msg_1", at = now, key = "a secret of the test") {
    const timestamp = String(Math.floor(at / 1000));
    const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
    return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
  }

  const body = '{"title": "rolled back" }';

  test("a signed message is accepted, and its duplicate too", async () => {
    await using server = await serve({ webhookSecret: secret });
    for (let time = 0; time < 2; time += 1) {
      expect((await server.send("POST", "/webhook", body, signed(body))).statusCode).toBe(202);
    }
    const message = { id: "msg_1", at: now, path: "/webhook", body: { title: "rolled back" } };
    expect(server.receiver.messages).toEqual([message, message]);
  });

  test("one good signature of several is enough, as in a rotation of keys", async () => {
    await using server = await serve({ webhookSecret: secret });
    const headers = signed(body);
    const several = { ...headers, "webhook-signature": `v1,AAAA ${headers["webhook-signature"]}` };
    expect((await server.send("POST", "/webhook/team-a", body, several)).statusCode).toBe(202);
    expect(server.receiver.messages[0]?.path).toBe("/webhook/team-a");
  });

  test.each([
    ["without headers", {}],
    ["with another key", signed(body, "msg_1", now, "another secret")],
    ["for another body", signed("{}")],
    ["signed too long ago", signed(body, "msg_1", now - 301_000)],
    ["from the future", signed(body, "msg_1", now + 301_000)],
  ])("a message %s is refused", async (_what, headers) => {
    await using server = await serve({ webhookSecret: secret });
    expect((await server.send("POST", "/webhook", body, headers)).statusCode).toBe(401);
    expect(server.receiver.messages).toEqual([]);
  });

  test("refusals on purpose are counted among the requests, not the messages", async () => {
    await using server = await serve();
    server.receiver.refuseWith = 503;
    await server.send("POST", "/webhook", body);
    server.receiver.refuseWith = undefined;
    await server.send("POST", "/webhook", body);
    expect(server.receiver.requests.map(({ status }) => status)).toEqual([503, 202]);
    expect(server.receiver.messages).toHaveLength(1);
  });

  test("more than 20 KB is refused", async () => {
    await using server = await serve();
    expect((await server.send("POST", "/webhook", { pad: "x".repeat(21_000) })).statusCode).toBe(413);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { alternativeNames } from "../../../src/web/peer-names.ts";
import { served } from "./served.ts";

const body = {
  version: "4",
  groupKey: "{}",
  alerts: [{ status: "firing", labels: {}, startsAt: "2026-11-23T12:00:00Z", fingerprint: "f" }],
};

const basicOf = (pair: string) => `Basic ${Buffer.from(pair).toString("base64")}`;
const basic = { username: "kibana", password: async () => "pass:word\n" };
const both = { token: async () => "s3cret", basic };

describe("a sender of alerts", () => {
  it.each<[string, string, number]>([
    ["with the token", "Bearer s3cret", 202],
    ["with the token and the scheme in small letters", "bearer s3cret", 202],
    ["with user and password, in which a colon may stand", basicOf("kibana:pass:word"), 202],
    ["with another token", "Bearer s3cre", 401],
    ["with another password", basicOf("kibana:wrong"), 401],
    ["with another user", basicOf("grafana:pass:word"), 401],
    ["with the password as a token", "Bearer pass:word", 401],
    ["with the token as a password", basicOf("kibana:s3cret"), 401],
    ["with what is no base64", "Basic ???", 401],
    ["with a scheme alone", "Bearer", 401],
    ["with nothing", "", 401],
  ])("%s is answered %#", async (_what, authorization, code) => {
    await using web = await served({ alertsAccess: both });
    expect((await web.post(body, { authorization })).statusCode).toBe(code);
    expect(web.taken).toHaveLength(code === 202 ? 1 : 0);
  });

  it("that is refused reads what is allowed, never which part was wrong, and the log names where it came from", async () => {
    await using web = await served({ alertsAccess: both });
    const answers = await Promise.all(
      ["", "Bearer x", basicOf("kibana:x"), basicOf("x:pass:word")].map((given) => web.post(body, { authorization: given })),
    );
    const error = "the post proves nobody; allowed: the bearer token of alerts.tokenFile, or user and password of alerts.basic";
    expect(answers.map((answer) => answer.json())).toEqual(Array(4).fill({ error }));
    expect(answers[0]?.headers["www-authenticate"]).toBe('Bearer, Basic realm="rearguard", charset="UTF-8"');
    expect(web.lines()).toMatchObject([{ msg: "a post without valid credentials was refused", from: "127.0.0.1" }]);
    expect(JSON.stringify(web.lines())).not.toMatch(/pass:word|Bearer x/);
  });

  it("is let in by one file while the other cannot be read, and comes again when its own cannot", async () => {
    const gone = () => Promise.reject(new Error("ENOENT"));
    await using web = await served({ alertsAccess: { token: gone, basic } });
    const answers = [
      await web.post(body, { authorization: basicOf("kibana:pass:word") }),
      await web.post(body, { authorization: "Bearer s3cret" }),
      await web.post(body, { authorization: "" }),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([202, 503, 401]);
  });

  it("has its secret read again at every post", async () => {
    let secret = "one";
    await using web = await served({ alertsAccess: { token: async () => secret } });
    expect((await web.post(body, { authorization: "Bearer two" })).statusCode).toBe(401);
    secret = "two";
    expect((await web.post(body, { authorization: "Bearer two" })).statusCode).toBe(202);
  });

  it("with no connection over TLS has no certificate to show", async () => {
    await using web = await served({ alertsAccess: { certificate: {} } });
    const answer = await web.post(body);
    expect([answer.statusCode, answer.json().error]).toEqual([
      401,
      "the post proves nobody; allowed: a client certificate of listen.tls.clientCaFile",
    ]);
  });
});

describe("the alternative names of a certificate", () => {
  it("are read one by one, without their kind", () => {
    expect(alternativeNames("DNS:a.example, IP Address:10.0.0.1, URI:spiffe://shop/web")).toEqual([
      "a.example",
      "10.0.0.1",
      "spiffe://shop/web",
    ]);
    expect(alternativeNames("")).toEqual([]);
  });

  it("hide no second name in a first one, whatever stands in it", () => {
    // As Node writes them: what holds anything special becomes a JSON string.
    const written = (name: string) => `DNS:${/["\\,']/.test(name) ? JSON.stringify(name) : name}`;
    const tricky = fc.string({ unit: fc.constantFrom("a", ",", " ", '"', "\\", "D", "N", "S", ":") }).filter((name) => name !== "");
    fc.assert(
      fc.property(fc.array(tricky, { minLength: 1, maxLength: 4 }), (names) => {
        expect(alternativeNames(names.map(written).join(", "))).toEqual(names);
      }),
    );
  });
});

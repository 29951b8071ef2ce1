import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type { WebEdges } from "../../../src/web/server.ts";
import { served, token } from "./served.ts";

async function bodyOf(name: "firing" | "resolved" | "mixed_truncated"): Promise<Record<string, unknown>> {
  const file = new URL(`../../support/bodies/alertmanager_${name}.json`, import.meta.url);
  return JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
}

describe("a post of Alertmanager", () => {
  it("is taken with 202, and says of each alert what was done", async () => {
    await using web = await served();
    const answer = await web.post(await bodyOf("firing"));
    expect(answer.statusCode).toBe(202);
    expect(answer.json()).toEqual({
      alerts: [
        {
          alertname: "HighErrorRate",
          fingerprint: "c1f2a9d0b7e64533",
          status: "firing",
          outcome: "recorded",
          detail: "recorded in guard web",
        },
      ],
    });
    expect(web.taken).toMatchObject([{ startsAt: Date.parse("2026-03-04T10:15:07.512Z"), summary: "checkout 5xx above 5 %" }]);
    expect(web.taken[0]).not.toHaveProperty("endsAt");
  });

  it("takes each alert of a mixed group by its own status, and tells how many were left out", async () => {
    await using web = await served();
    const answer = await web.post(await bodyOf("mixed_truncated"));
    expect(answer.json().alerts.map(({ status }: { readonly status: string }) => status)).toEqual(["resolved", "firing"]);
    expect(answer.json().truncated).toBe(
      "3 more alerts of this group were left out by Alertmanager; set max_alerts: 0 in webhook_configs, or alerts.fetchFrom",
    );
    expect(web.taken.map(({ endsAt }) => endsAt)).toEqual([Date.parse("2026-03-04T10:29:07.512Z"), undefined]);
  });

  it("may hold keys that are not known here, and nanoseconds and other zones in its times", async () => {
    await using web = await served();
    const body = await bodyOf("resolved");
    const [alert] = body["alerts"] as readonly object[];
    const answer = await web.post({
      ...body,
      fresh: { key: 1 },
      alerts: [{ ...alert, fresh: true, startsAt: "2026-03-04T11:15:07.512345678+01:00", endsAt: "0001-01-01T00:00:00Z" }],
    });
    expect(answer.statusCode).toBe(202);
    expect(web.taken).toMatchObject([{ startsAt: Date.parse("2026-03-04T10:15:07.512Z"), endsAt: Date.parse("2026-03-04T10:15:07.512Z") }]);
  });

  it("keeps no credential that stands in a summary", async () => {
    await using web = await served();
    const body = await bodyOf("firing");
    const [alert] = body["alerts"] as readonly object[];
    await web.post({ ...body, alerts: [{ ...alert, annotations: { summary: "GET https://u:hunter2@x/?token=abc failed" } }] });
    expect(web.taken[0]?.summary).not.toMatch(/hunter2|abc/);
  });

  it.each<[string, string | object, RegExp]>([
    ["that is empty", "", /^the body is empty; allowed: /],
    ["that is no JSON", "{ alerts", /^the body is no JSON; allowed: /],
    [
      "that is a list",
      "[]",
      /^the body is no JSON object; allowed: what webhook_configs of Alertmanager posts, version 4; is a payload of its own/,
    ],
    ["of another version", { version: "5", groupKey: "", alerts: [] }, /^version is "5"; allowed: .*version 4/],
    ["of a payload of its own", { text: "HighErrorRate" }, /^version is missing; allowed: .*is a payload of its own set/],
    ["without alerts", { version: "4", groupKey: "", alerts: [] }, /^alerts: .*; allowed: /],
    [
      "with an alert without a start",
      { version: "4", groupKey: "", alerts: [{ status: "firing", labels: {}, fingerprint: "a" }] },
      /^alerts\[0\]\.startsAt: /,
    ],
    [
      "with a label that is a number",
      { version: "4", groupKey: "", alerts: [{ status: "firing", labels: { a: 1 } }] },
      /^alerts\[0\]\.labels\.a: .* \(and \d more\); allowed: /,
    ],
  ])("%s is refused with 400 and one sentence", async (_what, body, error) => {
    await using web = await served();
    const answer = await web.post(body);
    expect([answer.statusCode, Object.keys(answer.json())]).toEqual([400, ["error"]]);
    expect(answer.json().error).toMatch(error);
    expect(web.taken).toEqual([]);
  });

  it("that is huge is refused before it is read", async () => {
    await using web = await served();
    const answer = await web.post(`"${"x".repeat(8_000_001)}"`);
    expect([answer.statusCode, answer.json().error]).toEqual([
      413,
      expect.stringMatching(/^the body is larger than 8000000 bytes; set max_alerts/),
    ]);
  });

  it("of another media type is refused", async () => {
    await using web = await served();
    const answer = await web.post("a=b", { "content-type": "application/x-www-form-urlencoded" });
    expect(answer.statusCode).toBe(415);
    expect(answer.json().error).toMatch(/^the body is not of type application\/json/);
  });

  it("without the token, or with another one, is refused with 401 before it is read", async () => {
    await using web = await served();
    const body = await bodyOf("firing");
    const answers = [
      await web.post(body, { authorization: "" }),
      await web.post(body, { authorization: "Bearer wrong" }),
      await web.post(body, { authorization: `Basic ${token}` }),
      await web.post("{ alerts", { authorization: "Bearer wrong" }),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 401, 401, 401]);
    const error = "the post proves nobody; allowed: the bearer token of alerts.tokenFile";
    expect(answers.map((answer) => answer.json())).toEqual(Array(4).fill({ error }));
    expect(web.taken).toEqual([]);
  });

  it("is refused where the settings take no alerts", async () => {
    await using web = await served({ alertsAccess: {} });
    const answer = await web.post(await bodyOf("firing"));
    expect([answer.statusCode, answer.json().hint]).toEqual([403, "set alerts in the settings"]);
  });

  it.each<[string, Partial<WebEdges>, RegExp]>([
    [
      "while another one leads",
      { takeAlerts: async () => ({ taken: false, because: "another Rearguard leads" }) },
      /^another Rearguard leads$/,
    ],
    ["when something fails in us", { takeAlerts: () => Promise.reject(new Error("out of luck")) }, /^out of luck$/],
    [
      "while the token cannot be read",
      { alertsAccess: { token: () => Promise.reject(new Error("ENOENT")) } },
      /^the file of alerts\.tokenFile cannot be read/,
    ],
    ["while the file of the token is empty", { alertsAccess: { token: async () => "\n" } }, /is empty$/],
  ])("comes again after a 503 %s, on another connection", async (_what, over, error) => {
    await using web = await served(over);
    const answer = await web.post(await bodyOf("firing"));
    expect([answer.statusCode, answer.headers["connection"], answer.headers["retry-after"]]).toEqual([503, "close", "1"]);
    expect(answer.json().error).toMatch(error);
  });

  it("is logged once in ten seconds when it is refused, however many there are", async () => {
    let now = 0;
    await using web = await served({ now: () => now });
    for (now of [0, 1, 9_999, 10_000]) await web.post("{}");
    expect(web.lines().map(({ msg }) => msg)).toEqual(Array(2).fill("a post of alerts was refused"));
  });

  it("is answered 503, never 429, while too many are being written down", async () => {
    let letGo = () => {};
    const gate = new Promise<void>((resolve) => (letGo = resolve));
    await using web = await served({ takeAlerts: () => gate.then(() => ({ taken: true, receipts: [], guards: [] })) });
    const body = await bodyOf("firing");
    let refused = 0;
    const codes = await Promise.all(
      Array.from({ length: 530 }, async () => {
        const { statusCode } = await web.post(body);
        refused += Number(statusCode === 503);
        if (refused === 30) letGo();
        return statusCode;
      }),
    );
    expect(codes.filter((code) => code === 503)).toHaveLength(30);
    expect(codes.filter((code) => code === 202)).toHaveLength(500);
  });
});

describe("a group from which Alertmanager left alerts out", () => {
  const other = { fingerprint: "0ther", startsAt: 1, labels: { alertname: "HighErrorRate" }, summary: "" };

  it("is taken whole: the alerts of the post first, then those that its peers know", async () => {
    const asked: unknown[] = [];
    await using web = await served({
      async restOfGroup(group, posted) {
        asked.push(group, posted.length);
        return { alerts: [other] };
      },
    });
    const answer = await web.post(await bodyOf("mixed_truncated"));
    expect(answer.statusCode).toBe(202);
    expect(web.taken.map(({ fingerprint }) => fingerprint)).toEqual(["c1f2a9d0b7e64533", "77aa01ee23bc9d10", "0ther"]);
    expect(answer.json().fetched).toMatchObject([{ fingerprint: "0ther", outcome: "recorded" }]);
    expect(asked).toEqual([{ labels: { alertname: "HighErrorRate" }, receiver: "rollout-guard" }, 2]);
  });

  it("comes again while its peers are down, and the alerts of the post are safe before they are asked", async () => {
    const order: string[] = [];
    await using web = await served({
      takeAlerts: async (alerts) => {
        order.push("taken");
        return { taken: true, guards: [], receipts: alerts.map(() => ({ outcome: "recorded", detail: "" })) };
      },
      restOfGroup: async () => {
        order.push("asked");
        return { problem: "am:9093 gave no answer within 2000 ms" };
      },
    });
    const answer = await web.post(await bodyOf("mixed_truncated"));
    expect([answer.statusCode, answer.json().error]).toEqual([
      503,
      "3 more alerts of this group were left out by Alertmanager, and they could not be fetched: am:9093 gave no answer within 2000 ms",
    ]);
    expect(order).toEqual(["taken", "asked"]);
  });

  it("has no address in it that is ever called", async () => {
    const asked: unknown[] = [];
    await using web = await served({
      async restOfGroup(group) {
        asked.push(group);
        return { alerts: [] };
      },
    });
    await web.post({ ...(await bodyOf("mixed_truncated")), externalURL: "http://169.254.169.254/latest" });
    expect(JSON.stringify(asked)).not.toContain("169.254");
  });
});

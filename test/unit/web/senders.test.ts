import { describe, expect, it } from "vitest";
import { served } from "./served.ts";

const grafanaUrl = "/api/v1/webhooks/grafana";
const kibanaUrl = "/api/v1/webhooks/kibana";

/** As Grafana 12 posts it. */
const grafanaAlert = {
  status: "firing",
  labels: { alertname: "High error rate", grafana_folder: "Shop", namespace: "shop", deployment: "web" },
  annotations: { description: "5xx above 5 %" },
  startsAt: "2026-11-23T12:00:00+01:00",
  endsAt: "0001-01-01T00:00:00Z",
  generatorURL: "https://grafana.example/alerting/grafana/abc/view?orgId=1",
  fingerprint: "c6eadffa33fcdf37",
  silenceURL: "https://grafana.example/alerting/silence/new",
  dashboardURL: "",
  panelURL: "",
  values: { B: 44.2, C: 1 },
  valueString: "[ var='B' labels={} value=44.2 ]",
};
const grafanaPost = {
  receiver: "rearguard",
  status: "firing",
  alerts: [grafanaAlert],
  groupLabels: { alertname: "High error rate" },
  commonLabels: {},
  commonAnnotations: {},
  externalURL: "https://grafana.example/",
  appVersion: "12.3.0",
  version: "1",
  groupKey: '{}:{alertname="High error rate"}',
  truncatedAlerts: 0,
  orgId: 1,
  title: "[FIRING:1] High error rate",
  state: "alerting",
  message: "**Firing**",
};

/** As the template in docs/alerts.md is filled. */
const kibanaPost = {
  alert: "2d6c7b1e-5d0a-4b0e-9a55-0d2f6b7c8e90",
  actionGroup: "threshold met",
  rule: "High error rate",
  at: "2026-11-23T12:00:00.000Z",
  labels: { namespace: "shop", deployment: "web" },
  summary: "5xx above 5 %",
};

describe("a post of Grafana", () => {
  it("is taken alert by alert, each by its own status", async () => {
    await using web = await served();
    const ended = { ...grafanaAlert, status: "resolved", endsAt: "2026-11-23T11:10:00Z", fingerprint: "b" };
    const answer = await web.postTo(grafanaUrl, { ...grafanaPost, alerts: [grafanaAlert, ended] });
    expect(answer.statusCode).toBe(202);
    expect(web.taken).toEqual([
      {
        fingerprint: "c6eadffa33fcdf37",
        startsAt: Date.parse("2026-11-23T11:00:00Z"),
        labels: grafanaAlert.labels,
        summary: "5xx above 5 %",
      },
      expect.objectContaining({ fingerprint: "b", endsAt: Date.parse("2026-11-23T11:10:00Z") }),
    ]);
  });

  it("from which alerts were left out says what to set", async () => {
    await using web = await served({ restOfGroup: () => Promise.reject(new Error("Grafana has nothing to ask")) });
    const answer = await web.postTo(grafanaUrl, { ...grafanaPost, truncatedAlerts: 2 });
    expect([answer.statusCode, answer.json().truncated]).toEqual([
      202,
      "2 more alerts of this group were left out by Grafana; set Max Alerts in the contact point, or group by more labels",
    ]);
  });

  it.each<[string, string | object, RegExp]>([
    ["that is empty", "", /^the body is empty; allowed: what a webhook contact point/],
    ["of Alertmanager", { ...grafanaPost, version: "4" }, /^version is "4"; .*Alertmanager posts to \/api\/v1\/webhooks\/alertmanager$/],
    ["of legacy alerting", { title: "[Alerting] x", evalMatches: [], state: "alerting" }, /^version is missing; .*legacy alerting/],
    ["of a payload of its own", { text: "x" }, /^version is missing; .*custom payload/],
    ["without alerts", { ...grafanaPost, alerts: [] }, /^alerts: .*; allowed: /],
    [
      "with an alert without a fingerprint",
      { ...grafanaPost, alerts: [{ ...grafanaAlert, fingerprint: "" }] },
      /^alerts\[0\]\.fingerprint: /,
    ],
  ])("%s is refused with 400 and one sentence", async (_what, body, error) => {
    await using web = await served();
    const answer = await web.postTo(grafanaUrl, body);
    expect([answer.statusCode, Object.keys(answer.json())]).toEqual([400, ["error"]]);
    expect(answer.json().error).toMatch(error);
    expect(web.taken).toEqual([]);
  });
});

describe("a post of Kibana", () => {
  it("is one alert that is named by its rule and began when it was told", async () => {
    await using web = await served();
    expect((await web.postTo(kibanaUrl, { ...kibanaPost, more: 1 })).statusCode).toBe(202);
    expect(web.taken).toEqual([
      {
        fingerprint: kibanaPost.alert,
        startsAt: Date.parse(kibanaPost.at),
        startIsFirstHeard: true,
        labels: { alertname: "High error rate", namespace: "shop", deployment: "web" },
        summary: "5xx above 5 %",
      },
    ]);
  });

  it("of the action group recovered is the end of it", async () => {
    await using web = await served();
    await web.postTo(kibanaUrl, { ...kibanaPost, actionGroup: "recovered" });
    expect(web.taken).toMatchObject([{ endsAt: Date.parse(kibanaPost.at) }]);
  });

  it.each<[string, string | object, RegExp]>([
    ["that is empty", "", /^the body is empty; allowed: alert, actionGroup, rule, at, labels and summary/],
    ["that is a text", '"High error rate"', /^the body is no JSON object; allowed: /],
    [
      "whose variable Kibana does not know",
      { ...kibanaPost, alert: "" },
      /^alert: is empty; the template has \{\{alert\.uuid\}\} there; allowed: /,
    ],
    ["without a time", { ...kibanaPost, at: "" }, /^at: is no instant; the template has \{\{date\}\} there; allowed: /],
    ["without labels", { ...kibanaPost, labels: undefined }, /^labels: .*; allowed: /],
    ["of the shape of Alertmanager", { version: "4", alerts: [] }, /^alert: .* \(and 4 more\); allowed: /],
  ])("%s is refused with 400 and one sentence", async (_what, body, error) => {
    await using web = await served();
    const answer = await web.postTo(kibanaUrl, body);
    expect([answer.statusCode, Object.keys(answer.json())]).toEqual([400, ["error"]]);
    expect(answer.json().error).toMatch(error);
    expect(web.taken).toEqual([]);
  });
});

it.each([grafanaUrl, kibanaUrl])("%s asks for the same credentials", async (url) => {
  await using web = await served();
  expect((await web.postTo(url, {}, { authorization: "Bearer wrong" })).statusCode).toBe(401);
});

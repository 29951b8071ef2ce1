// Whatever is posted wrongly: one clear sentence in the answer and in the log, and nothing else.
import { describe, expect, it } from "vitest";
import type { GuardRecord } from "../../../src/guards/guard.ts";
import { openRun } from "../../../src/guards/run.ts";
import { takeAlerts } from "../../../src/pipeline/alerts.ts";
import { policyOf, recordOf } from "../guards/a-guard.ts";
import { flowOver, pace } from "../pipeline/a-flow.ts";
import { served, token } from "./served.ts";

/** The real intake over one open guard of shop/web that asks for HighErrorRate. */
async function guarded() {
  const saved: GuardRecord[] = [];
  const save = async (record: GuardRecord) => (saved.push(record), "saved" as const);
  const flow = flowOver({ cluster: { get: () => undefined, keyOf: ({ name }) => name }, journal: { save } });
  const policy = policyOf("signals: { alerts: { alert: { names: [HighErrorRate] } }, pods: { pods: {} } }");
  flow.book.open.set("web-guard", openRun(recordOf([], { policy }), pace));
  return { saved, ...(await served({ takeAlerts: (alerts) => takeAlerts(alerts, flow) })) };
}

const post = (labels: Readonly<Record<string, string>>, over: object = {}) => ({
  version: "4",
  groupKey: "{}",
  alerts: [{ status: "firing", labels: { alertname: "HighErrorRate", ...labels }, startsAt: "2026-11-23T12:00:00Z", fingerprint: "f" }],
  ...over,
});
const good = post({ namespace: "shop", deployment: "web" });
const proof = { authorization: `Bearer ${token}` };

describe("a post that is wrong is told so in one sentence, in the answer and in the log:", () => {
  it.each<[string, string | object, Readonly<Record<string, string>>, number, RegExp]>([
    ["empty", "", proof, 400, /^the body is empty; allowed: what webhook_configs of Alertmanager posts, version 4$/],
    [
      "huge",
      `"${"x".repeat(8_000_001)}"`,
      proof,
      413,
      /^the body is larger than 8000000 bytes; set max_alerts in webhook_configs, or group by more labels$/,
    ],
    ["malformed", "{ alerts", proof, 400, /^the body is no JSON; allowed: /],
    ["no object", "[1]", proof, 400, /^the body is no JSON object; allowed: /],
    ["of another version", post({}, { version: "3" }), proof, 400, /^version is "3"; allowed: .*version 4; is a payload of its own set/],
    ["with a prototype in it", '{"__proto__":{"version":"4"}}', proof, 400, /^the body is no JSON; allowed: /],
    [
      "with a start that is none",
      post({}, { alerts: [{ ...good.alerts[0], startsAt: "yesterday" }] }),
      proof,
      400,
      /^alerts\[0\]\.startsAt: /,
    ],
    [
      "with a version as deep as a body can be",
      `{"version":${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}}`,
      proof,
      400,
      /^version is no text; allowed: /,
    ],
    [
      "with a name as long as a body can be",
      post({ ["x".repeat(5_000_000)]: 1 as unknown as string }),
      proof,
      400,
      /^alerts\[0\]\.labels\.x{50,200}: Invalid input: expected string, received number; allowed: .{1,200}$/,
    ],
    [
      "with more alerts than anybody reads",
      post({}, { alerts: Array(3_000_000).fill(0) }),
      proof,
      400,
      /^alerts: Too big: expected array to have <=20000 items; allowed: /,
    ],
    [
      "with nothing in it that is right",
      post({}, { alerts: [{ ...good.alerts[0], labels: Object.fromEntries(Array.from({ length: 500_000 }, (_, at) => [`l${at}`, 0])) }] }),
      proof,
      400,
      /^alerts\[0\]\.labels\.l0: Invalid input: expected string, received number; allowed: /,
    ],
    ["of another type", good, { ...proof, "content-type": "text/plain" }, 415, /^the body is not of type application\/json; allowed: /],
    ["without a token", good, { authorization: "" }, 401, /^the post proves nobody; allowed: the bearer token of alerts\.tokenFile$/],
    [
      "with a wrong token",
      good,
      { authorization: "Bearer guess" },
      401,
      /^the post proves nobody; allowed: the bearer token of alerts\.tokenFile$/,
    ],
  ])("%s", async (_what, body, headers, code, sentence) => {
    await using web = await guarded();
    const answer = await web.post(body, headers);
    const { error } = answer.json() as { readonly error: string };
    expect([answer.statusCode, error]).toEqual([code, expect.stringMatching(sentence)]);
    const message = code === 401 ? "a post without valid credentials was refused" : "a post of alerts was refused";
    expect(web.lines()).toEqual([expect.objectContaining({ msg: message, ...(code === 401 ? { from: "127.0.0.1" } : { error }) })]);
    expect(web.saved, "nothing is written for it").toEqual([]);

    expect((await web.post(good)).statusCode, "the next one is taken as ever").toBe(202);
    expect(web.saved).toHaveLength(1);
  });
});

describe("an alert that reaches nobody is taken, and why is told in the answer and once in the log:", () => {
  it.each<[string, Readonly<Record<string, string>>, string, string]>([
    ["of a workload that does not exist", { namespace: "shop", deployment: "gone" }, "no-guard", "no deployment shop/gone is watched"],
    [
      "without a workload",
      { job: "node" },
      "no-workload",
      "its labels name no workload: namespace beside deployment, statefulset, daemonset, workload or pod",
    ],
    [
      "that no policy asks for",
      { namespace: "shop", deployment: "web", alertname: "Slow" },
      "not-asked",
      "guard web-guard is of deployment shop/web, but policy POLICY has no alert signal for Slow with these labels, and no remediation answers it",
    ],
  ])("%s", async (_what, labels, outcome, detail) => {
    await using web = await guarded();
    const answers = [await web.post(post(labels)), await web.post(post(labels))];
    const told = answers.map((answer) => answer.json().alerts[0]);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([202, 202]);
    expect(told.map((each) => [each.outcome, each.detail.replace(/policy \S+/, "policy POLICY")])).toEqual(
      Array(2).fill([outcome, detail]),
    );
    expect(web.lines()).toEqual([expect.objectContaining({ msg: "an alert reached no guard", outcome, detail: told[0].detail })]);
    expect(web.saved).toEqual([]);
  });
});

it("a storm of wrong posts costs one line in ten seconds for each kind of fault", async () => {
  await using web = await guarded();
  for (let posted = 0; posted < 50; posted += 1) {
    await web.post("{}");
    await web.post(good, { authorization: "Bearer guess" });
  }
  expect(web.lines().map(({ msg }) => msg)).toEqual(["a post of alerts was refused", "a post without valid credentials was refused"]);
});

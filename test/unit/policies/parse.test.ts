// oxlint-disable unicorn/no-thenable -- noData.then is a word of the policy, never a function
import { describe, expect, test } from "vitest";
import { parsePolicies } from "../../../src/policies/parse.ts";
import { renderProblem } from "../../../src/policies/problem.ts";
import { aPolicy, policyYaml } from "./a-policy.ts";

function problemsOf(text: string): readonly string[] {
  return parsePolicies(text, "p.yaml").problems.map(renderProblem);
}

test("the shortest policy gets every default", () => {
  expect(aPolicy("short")).toEqual({
    apiVersion: "rearguard.dev/v1alpha1",
    kind: "Policy",
    metadata: { name: "short" },
    spec: {
      match: {},
      mode: "observe",
      window: 1_800_000,
      confidence: 0.999,
      sustain: 30_000,
      peerCheck: true,
      evidence: "burn",
      countdown: 0,
      keepReady: 0.75,
      noData: { after: 300_000, then: "alert" },
      sourceError: { after: 300_000, then: "alert" },
      tooFew: { after: 300_000, then: "hold" },
      signals: { pods: { pods: { restarts: 2, stuckFor: 120_000, oomKills: 2, notReadyFor: 120_000 } } },
      onBreach: { default: ["brake", "rollback", "notify"] },
    },
  });
});

test("durations become ms and percentages ratios, exactly", () => {
  const policy = aPolicy("full", "{ namespaces: [shop-*], labels: { app.kubernetes.io/name: api } }", [
    "mode: enforce",
    "window: 1h30m",
    "confidence: 99.99%",
    "sustain: 0s",
    "evidence: fast",
    "passEarly: { after: 10m }",
    "countdown: 90s",
    "keepReady: 62.5%",
    "noData: { after: 2m, then: hold }",
    "sourceError: { after: 10m, then: extend }",
    "tooFew: { then: fail }",
    "signals:",
    "  errors: { http: { preset: aspnet, errors: { limit: 0.1%, worseThanOld: 2x } } }",
    "  latency: { http: { preset: istio, metric: { podLabel: exported_pod }, slower: { p99: 1s500ms } } }",
    `  cpu: { promql: { query: 'sum(rate(cpu{pod=~"{{pods.new}}"}[1m]))', above: 0.9, for: 5m } }`,
    "onBreach: { latency: [notify], cpu: [] }",
  ]);
  expect(policy.spec).toEqual({
    match: { namespaces: ["shop-*"], labels: { "app.kubernetes.io/name": "api" } },
    mode: "enforce",
    window: 5_400_000,
    confidence: 0.9999,
    sustain: 0,
    peerCheck: true,
    evidence: "fast",
    passEarly: { after: 600_000 },
    countdown: 90_000,
    keepReady: 0.625,
    noData: { after: 120_000, then: "hold" },
    sourceError: { after: 600_000, then: "extend" },
    tooFew: { after: 300_000, then: "fail" },
    signals: {
      errors: { http: { preset: "aspnet", seenBy: "pods", errors: { limit: 0.001, worseThanOld: 2 } } },
      latency: {
        http: { preset: "istio", metric: { podLabel: "exported_pod" }, seenBy: "pods", slower: { p99: 1500, worseThanOld: 1.5 } },
      },
      cpu: { promql: { query: 'sum(rate(cpu{pod=~"{{pods.new}}"}[1m]))', above: 0.9, for: 300_000 } },
    },
    onBreach: { default: ["brake", "rollback", "notify"], latency: ["notify"], cpu: [] },
  });
});

const presets =
  "prom-client, express-prom-bundle, fastify-metrics, prometheus-api-metrics, express-prometheus-middleware, otel, aspnet, prometheus-net, micrometer, fastapi, istio, linkerd, ingress-nginx, traefik, envoy";
const durations = "a duration such as 500ms, 30s, 5m or 1h30m";

describe("a wrong line is refused at its place, with what is allowed and the likely cause", () => {
  test.each([
    [
      "an unknown key",
      "modus: observe",
      '5:3 spec.modus: unknown key "modus"; allowed: match, mode, window, confidence, sustain, peerCheck, evidence, passEarly, countdown, keepReady, noData, sourceError, tooFew, signals, onBreach; did you mean mode?',
    ],
    [
      "a mode that is not built",
      "mode: approve",
      "5:9 spec.mode: approve is not built yet; allowed: observe or enforce; approval comes with a later version; observe tells without acting",
    ],
    ["a mode that does not exist", "mode: strict", '5:9 spec.mode: "strict" is no mode; allowed: observe or enforce'],
    [
      "a duration without unit",
      "window: 30",
      `5:11 spec.window: 30 is not a duration; allowed: ${durations}; the unit is missing; did you mean 30s or 30m?`,
    ],
    [
      "a fraction of an hour",
      "window: 1.5h",
      `5:11 spec.window: "1.5h" is not a duration; allowed: ${durations}; only whole numbers are read: 1.5h is 1h30m`,
    ],
    [
      "a duration in words",
      "sustain: 20 seconds",
      `5:12 spec.sustain: "20 seconds" is not a duration; allowed: ${durations}; did you mean 20s?`,
    ],
    [
      "a percentage with a comma",
      "keepReady: '99,9%'",
      `5:14 spec.keepReady: "99,9%" cannot be read; allowed: a percentage above 0%, at most 100%; did you mean 99.9%?`,
    ],
    ["a window that is too long", "window: 8d", "5:11 spec.window: 8d is out of range; allowed: between 1s and 7d"],
    [
      "a percentage without sign",
      "keepReady: 0.5",
      "5:14 spec.keepReady: 0.5 cannot be read; allowed: a percentage above 0%, at most 100%; the % sign is missing; did you mean 0.5%, or 50%?",
    ],
    [
      "a confidence that is too low",
      "confidence: 95%",
      "5:15 spec.confidence: the confidence is too low; allowed: from 99% to 99.9999%; below 99% the brake (evidence 100) would come after the rollback (evidence 1 / (1 - confidence))",
    ],
    [
      "a confidence nobody reaches",
      "confidence: 100%",
      "5:15 spec.confidence: the confidence is too high; allowed: from 99% to 99.9999%; no amount of traffic would reach it",
    ],
    [
      "a rollback without data",
      "noData: { then: rollback }",
      '5:19 spec.noData.then: "rollback" is not allowed; allowed: hold, extend, alert, fail',
    ],
    [
      "a way of weighing that is not there",
      "evidence: slow",
      '5:13 spec.evidence: "slow" is not allowed; allowed: burn, fast, independent',
    ],
    ["an early pass at once", "passEarly: { after: 30s }", "5:23 spec.passEarly.after: 30s is out of range; allowed: between 2m and 7d"],
    [
      "an early pass after the window",
      "passEarly: { after: 45m }",
      "5:23 spec.passEarly.after: 45m is longer than the window; allowed: at most the window, 30m; a shorter window cannot be passed early: leave passEarly out",
    ],
    [
      "a window shorter than the usual early pass",
      "window: 3m\n  passEarly: {}",
      "6:14 spec.passEarly.after: 5m is longer than the window; allowed: at most the window, 3m; a shorter window cannot be passed early: leave passEarly out",
    ],
    [
      "an action for a signal that is not there",
      "onBreach: { pod: [notify] }",
      '5:15 spec.onBreach.pod: "pod" names no signal; allowed: default, pods; did you mean pods?',
    ],
    [
      "an action that does not exist",
      "onBreach: { pods: [rolback] }",
      '5:22 spec.onBreach.pods[0]: "rolback" is not allowed; allowed: brake, rollback, notify; did you mean rollback?',
    ],
    ["no signal", "signals: {}", "5:12 spec.signals: there is no signal; allowed: at least one, for example pods: { pods: {} }"],
    [
      "a signal called default",
      "signals: { default: { pods: {} } }",
      '5:14 spec.signals.default: a signal cannot be named "default"; allowed: any other name; onBreach.default is for all signals',
    ],
    [
      "a signal in capitals",
      "signals: { Pods: { pods: {} } }",
      '5:14 spec.signals.Pods: "Pods" cannot name a signal; allowed: lower-case letters, digits and -, at most 63',
    ],
    [
      "an empty signal",
      "signals: { a: }",
      "5:17 spec.signals.a: expected a map, found an empty value; allowed: http, ratio, logs, pods, resources, promql, probe, job, alert",
    ],
    [
      "two kinds in one signal",
      "signals: { a: { pods: {}, promql: { query: up, above: 1 } } }",
      "5:17 spec.signals.a: pods and promql exclude each other; allowed: exactly one of http, ratio, logs, pods, resources, promql, probe, job, alert",
    ],
    [
      "a rule and a comparison with the old revision",
      "signals: { a: { http: { preset: otel, errors: { rule: { burnRate: {} }, worseThanOld: 1.5x } } } }",
      "5:49 spec.signals.a.http.errors: rule and worseThanOld exclude each other; allowed: at most one of rule, worseThanOld; a rule looks at the new pods alone",
    ],
    [
      "two rules",
      "signals: { a: { http: { preset: otel, errors: { rule: { burnRate: {}, rate: {} } } } } }",
      "5:57 spec.signals.a.http.errors.rule: rate and burnRate exclude each other; allowed: exactly one of rate, burnRate",
    ],
    [
      "a short window that is not shorter",
      "signals: { a: { http: { preset: otel, errors: { rule: { burnRate: { short: 5m } } } } } }",
      "5:78 spec.signals.a.http.errors.rule.burnRate.short: short is not shorter than long; allowed: less than long",
    ],
    [
      "more failures than samples",
      "signals: { a: { promql: { query: up, above: 1, failures: 5 of 3 } } }",
      "5:60 spec.signals.a.promql.failures: 5 of 3 is out of range; allowed: N of M with 1 <= N <= M <= 100, such as 3 of 5",
    ],
    [
      "failures without a window",
      "signals: { a: { promql: { query: up, above: 1, failures: 3 } } }",
      "5:60 spec.signals.a.promql.failures: 3 cannot be read; allowed: N of M with 1 <= N <= M <= 100, such as 3 of 5; 3 in a row is 3 of 3",
    ],
    [
      "a time and a number of samples",
      "signals: { a: { promql: { query: up, above: 1, for: 0s, failures: 3 of 5 } } }",
      "5:27 spec.signals.a.promql: for and failures exclude each other; allowed: at most one of for, failures; for counts time, failures counts samples",
    ],
    [
      "a preset that does not exist",
      "signals: { a: { http: { preset: asp, errors: {} } } }",
      `5:35 spec.signals.a.http.preset: "asp" is not allowed; allowed: auto, ${presets}; did you mean aspnet?`,
    ],
    [
      "another metric for a preset that is not named",
      "signals: { a: { http: { metric: { requests: api_total }, errors: {} } } }",
      `5:37 spec.signals.a.http.metric.requests: requests cannot be given to preset auto; allowed: one of the presets ${presets}; the preset is not named`,
    ],
    [
      "a Service where pods are counted",
      "signals: { a: { http: { preset: otel, service: web, errors: {} } } }",
      "5:41 spec.signals.a.http.service: service is not possible with this preset; allowed: one of the presets ingress-nginx, traefik, envoy; otel counts by pod",
    ],
    [
      "a label of Services where pods are counted",
      "signals: { a: { http: { metric: { serviceLabel: exported_service }, errors: {} } } }",
      "5:37 spec.signals.a.http.metric.serviceLabel: serviceLabel is not possible with this preset; allowed: one of the presets ingress-nginx, traefik, envoy; auto counts by pod",
    ],
    [
      "a plain rule on a whole Service",
      "signals: { a: { http: { preset: traefik, errors: { rule: { burnRate: {} } } } } }",
      "5:54 spec.signals.a.http.errors.rule: a rule cannot judge a whole Service; allowed: no rule, or a preset of pods; a rule looks at the new pods alone",
    ],
    [
      "callers of a proxy",
      "signals: { a: { http: { preset: envoy, seenBy: callers, errors: {} } } }",
      "5:50 spec.signals.a.http.seenBy: callers is not possible with this preset; allowed: pods, or one of the presets istio, linkerd; envoy is itself the caller",
    ],
    [
      "a Service that cannot be one",
      'signals: { a: { http: { preset: traefik, service: "web|api", errors: {} } } }',
      '5:53 spec.signals.a.http.service: "web|api" is no Service; allowed: the name of a Service; {{name}} is that of the workload',
    ],
    [
      "callers of a preset that is not named",
      "signals: { a: { http: { seenBy: callers, errors: {} } } }",
      "5:35 spec.signals.a.http.seenBy: callers is not possible with this preset; allowed: pods, or one of the presets istio, linkerd; auto looks at what the pods themselves count",
    ],
    [
      "callers of a preset whose callers count nothing",
      "signals: { a: { http: { preset: otel, seenBy: callers, errors: {} } } }",
      "5:49 spec.signals.a.http.seenBy: callers is not possible with this preset; allowed: pods, or one of the presets istio, linkerd; otel counts only what a pod itself answers",
    ],
    [
      "callers of a latency",
      "signals: { a: { http: { preset: istio, seenBy: callers, slower: { p95: 1s } } } }",
      "5:50 spec.signals.a.http.seenBy: callers is not possible for slower; allowed: pods, or errors in the place of slower; callers time calls to old and new pods together, and the way to them",
    ],
    [
      "neither errors nor slower",
      "signals: { a: { http: { preset: otel } } }",
      "5:25 spec.signals.a.http: one key is missing; allowed: exactly one of errors, slower",
    ],
    [
      "a slip in errors",
      "signals: { a: { http: { preset: otel, eror: {} } } }",
      '5:41 spec.signals.a.http.eror: unknown key "eror"; allowed: preset, metric, seenBy, service, errors, slower; did you mean errors?',
    ],
    [
      "two quantiles",
      "signals: { a: { http: { preset: otel, slower: { p95: 1s, p99: 2s } } } }",
      "5:49 spec.signals.a.http.slower: p95 and p99 exclude each other; allowed: exactly one of p50, p75, p90, p95, p99",
    ],
    [
      "a factor without x",
      "signals: { a: { http: { preset: otel, errors: { worseThanOld: 1.5 } } } }",
      "5:65 spec.signals.a.http.errors.worseThanOld: 1.5 cannot be read; allowed: a factor such as 1.5x, from 1x to 100x; the x is missing; did you mean 1.5x?",
    ],
    [
      "a new revision that must be better",
      "signals: { a: { http: { preset: otel, errors: { worseThanOld: 0.5x } } } }",
      "5:65 spec.signals.a.http.errors.worseThanOld: 0.5x is out of range; allowed: a factor such as 1.5x, from 1x to 100x",
    ],
    [
      "PromQL in a metric name",
      `signals: { a: { http: { preset: otel, metric: { requests: 'up} or up{' }, errors: {} } } }`,
      '5:61 spec.signals.a.http.metric.requests: "up} or up{" is no metric name; allowed: letters, digits, _ and :',
    ],
    [
      "a quantile against nobody",
      "signals: { a: { http: { preset: otel, slower: { p95: new } } } }",
      '5:56 spec.signals.a.http.slower.p95: "new" is not a duration; allowed: a duration such as 500ms, 30s, 5m or 1h30m, or old',
    ],
    [
      "a quantile beyond its range",
      "signals: { a: { http: { preset: otel, slower: { p95: 2h } } } }",
      "5:56 spec.signals.a.http.slower.p95: 2h is out of range; allowed: between 1ms and 1h, or old",
    ],
    [
      "a function around a counter",
      "signals: { a: { ratio: { bad: 'rate(x_total[5m])', total: y_total, limit: 1% } } }",
      '5:33 spec.signals.a.ratio.bad: "rate(x_total[5m])" is more than a metric; allowed: a metric name, with label matchers in braces where needed: orders_total{kind="paid"}; no functions: counters are differenced as they are, block by block',
    ],
    [
      "a counter of one namespace",
      `signals: { a: { ratio: { bad: 'x_total{namespace="a"}', total: y_total, limit: 1% } } }`,
      String.raw`5:33 spec.signals.a.ratio.bad: "x_total{namespace=\"a\"}" has a matcher of its own for namespace; allowed: a metric name, with label matchers in braces where needed: orders_total{kind="paid"}; each guard's namespace and pods are added to the query`,
    ],
    [
      "a counter of one pod, by the label that the policy says",
      `signals: { a: { ratio: { podLabel: k8s_pod, bad: x_total, total: 'y_total{k8s_pod="a"}', limit: 1% } } }`,
      String.raw`5:68 spec.signals.a.ratio.total: "y_total{k8s_pod=\"a\"}" has a matcher of its own for k8s_pod; allowed: a metric name, with label matchers in braces where needed: orders_total{kind="paid"}; each guard's namespace and pods are added to the query`,
    ],
    ["no restarts at all", "signals: { a: { pods: { restarts: 0 } } }", "5:37 spec.signals.a.pods.restarts: 0 is out of range: at least 1"],
    [
      "an unknown placeholder",
      `signals: { a: { promql: { query: 'up{pod="{{pod}}"}', above: 1 } } }`,
      "5:36 spec.signals.a.promql.query: unknown placeholder {{pod}}; allowed: {{namespace}}, {{name}}, {{pods.new}}, {{pods.old}}",
    ],
    [
      "a range of samples where a number is needed",
      `signals: { a: { promql: { query: 'up{a="[b]"}[5m] offset 1h', above: 1 } } }`,
      "5:36 spec.signals.a.promql.query: the query ends as a range of samples; allowed: one number per series, as rate(x[5m]) gives; a function around it is missing",
    ],
    [
      "a threshold on no side",
      "signals: { a: { promql: { query: up } } }",
      "5:27 spec.signals.a.promql: one key is missing; allowed: exactly one of above, below",
    ],
  ])("%s", (_name, line, expected) => {
    expect(problemsOf(policyYaml("p", undefined, [line]).replace("  match: {}\n", "").concat("  match: {}\n"))).toEqual([
      `p.yaml:${expected}`,
    ]);
  });
});

describe("a wrong signal is told with what is allowed and the likely slip", () => {
  test.each([
    ["job: {}", "spec.signals.a.job.pod: pod is missing; allowed: what stands under spec of a pod: containers with name and image"],
    [
      "probe: { url: http://web.shop.svc, expect: { json: { path: a } } }",
      "spec.signals.a.probe.expect.json.equals: equals is missing; allowed: a text, a number, true, false or null",
    ],
    [
      "probe: { url: http://web.shop.svc, expect: { status: [] } }",
      "spec.signals.a.probe.expect.status: the list is empty; allowed: a number such as 200, a class such as 2xx, or a list of these",
    ],
    [
      "http: { preset: traefik, metric: { namespaceLabel: ns }, errors: {} }",
      "spec.signals.a.http.metric.namespaceLabel: namespaceLabel is not possible with this preset; allowed: serviceLabel; traefik names the namespace in the label of the Service",
    ],
    [
      "http: { preset: envoy, metric: { podLabel: pod }, errors: {} }",
      "spec.signals.a.http.metric.podLabel: podLabel is not possible with this preset; allowed: serviceLabel; envoy counts whole Services",
    ],
    [
      "http: { preset: ingress-nginx, metric: { podLabel: pod, namespaceLabel: ns }, errors: {} }",
      "spec.signals.a.http.metric.podLabel: podLabel is not possible with this preset; allowed: serviceLabel, namespaceLabel; ingress-nginx counts whole Services",
    ],
  ])("%s", (signal, expected) => {
    expect(problemsOf(policyYaml("p", "{}", [`signals: { a: { ${signal} } }`])).map((problem) => problem.replace(/^\S+ /, ""))).toEqual([
      expected,
    ]);
  });
});

describe("a wrong match is refused at its place", () => {
  test.each([
    [
      "{ namespces: [a] }",
      'p.yaml:5:12 spec.match.namespces: unknown key "namespces"; allowed: namespaces, labels, kinds, names; did you mean namespaces?',
    ],
    ["{ namespaces: [] }", "p.yaml:5:24 spec.match.namespaces: must have at least 1 entry"],
    ["{ namespaces: shop }", 'p.yaml:5:24 spec.match.namespaces: expected a list, found "shop"; allowed: a list, as in [one, two]'],
    [
      "{ labels: { version: 1 } }",
      "p.yaml:5:31 spec.match.labels.version: expected text, found 1; YAML reads it as a number; put it in quotes",
    ],
    [
      "{ labels: { app: api-* } }",
      'p.yaml:5:27 spec.match.labels.app: "api-*" is no value of a label; allowed: letters, digits, ., _ and -; labels are compared whole, * is not read',
    ],
    [
      "{ kinds: [Deploy] }",
      'p.yaml:5:20 spec.match.kinds[0]: "Deploy" is not allowed; allowed: Deployment, StatefulSet, DaemonSet; did you mean Deployment?',
    ],
    [
      "{ names: [Api] }",
      'p.yaml:5:20 spec.match.names[0]: "Api" is no Kubernetes name; allowed: lower-case letters, digits, . and -; * stands for any text',
    ],
  ])("%s", (match, expected) => {
    expect(problemsOf(policyYaml("p", match))).toEqual([expected]);
  });
});

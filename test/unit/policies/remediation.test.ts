import { describe, expect, test } from "vitest";
import { parsePolicies } from "../../../src/policies/parse.ts";
import { policySetOf } from "../../../src/policies/policy-set.ts";
import { renderProblem } from "../../../src/policies/problem.ts";
import { stepsOf, storedRemediation, storeRemediation } from "../../../src/policies/remediation.ts";

const head = "apiVersion: rearguard.dev/v1alpha1\nkind: Remediation\n";

function written(spec: readonly string[], name = "slow", match = "{}"): string {
  return `${head}metadata: { name: ${name} }\nspec:\n  match: ${match}\n${spec.map((line) => `  ${line}\n`).join("")}`;
}

const alertOn = "on: { alert: { names: [Slow] } }";

function problems(...spec: readonly string[]): readonly string[] {
  return parsePolicies(written(spec), "r.yaml").problems.map(renderProblem);
}

describe("a remediation as it is written", () => {
  test("has its defaults, and is the same after it was stored", () => {
    const text = written([
      alertOn,
      'when: { cpu: { promql: { query: "up{pod=~\\"{{pods}}\\"}", above: 0.8, for: 2m } } }',
      "do: [{ scale: { by: 2 } }, restart: {}, notify]",
    ]);
    const [loaded] = parsePolicies(text, "r.yaml").remediations;
    expect(loaded?.remediation.spec).toMatchObject({
      mode: "observe",
      verify: { within: 600_000 },
      do: [{ scale: { by: 2, most: 10, restoreAfter: 1_800_000 } }, { restart: { pods: 1 } }, { notify: {} }],
    });
    if (loaded === undefined) return;
    expect(stepsOf(loaded.remediation).map(({ kind }) => kind)).toEqual(["scale", "restart", "notify"]);
    expect(storedRemediation(JSON.parse(JSON.stringify(storeRemediation(loaded.remediation))))).toEqual(loaded.remediation);
  });

  test.each([
    [["on: {}", "do: [notify]"], "r.yaml:6:7 spec.on: one key is missing; allowed: exactly one of alert, schedule, manual"],
    [[alertOn, "do: []"], "r.yaml:7:7 spec.do: must have at least 1 entry"],
    [[alertOn, "do: [restart]"], 'r.yaml:7:8 spec.do[0]: "restart" has settings, so it is a map; allowed: { restart: {} }'],
    [
      [alertOn, "do: [{ scale: { by: 1, to: 2 } }]"],
      "r.yaml:7:17 spec.do[0].scale: by and to exclude each other; allowed: exactly one of by, to",
    ],
    [[alertOn, "do: [page]"], 'r.yaml:7:8 spec.do[0]: "page" is no step; allowed: scale, restart, rollback, job, diagnose, notify'],
    [
      [alertOn, "do: [{ scale: { by: 2, mots: 3 } }]"],
      'r.yaml:7:26 spec.do[0].scale.mots: unknown key "mots"; allowed: by, to, most, restoreAfter; did you mean most?',
    ],
    [[alertOn, "do: [{ scale: {} }]"], "r.yaml:7:17 spec.do[0].scale: one key is missing; allowed: exactly one of by, to"],
    [
      [alertOn, "do: [{ scale: { to: 12 } }]"],
      "r.yaml:7:23 spec.do[0].scale.to: 12 is more than most; allowed: at most 10; most is 10 unless told",
    ],
    [
      [alertOn, "do: [{ scale: { by: 1 }, restart: {} }]"],
      "r.yaml:7:8 spec.do[0]: scale and restart exclude each other; allowed: exactly one of scale, restart, rollback, job, diagnose, notify",
    ],
    [
      [alertOn, "do: [notify]", 'when: { cpu: { promql: { query: "up{pod=~\\"{{pods.new}}\\"}", above: 1 } } }'],
      "r.yaml:8:35 spec.when.cpu.promql.query: unknown placeholder {{pods.new}}; allowed: {{namespace}}, {{name}}, {{pods}}",
    ],
    [
      ['on: { schedule: { cron: "hourly", timeZone: Mars/Base } }', "do: [notify]"],
      'r.yaml:6:27 spec.on.schedule.cron: "hourly" is no cron expression; allowed: five fields: minute, hour, day, month, weekday, as in "0 6 * * *"',
    ],
    [[alertOn, "do: [notify]", "window: 5m"], 'r.yaml:8:3 spec.window: unknown key "window"; allowed: match, mode, on, when, do, verify'],
  ])("%j is refused at its place", (spec, problem) => {
    expect(problems(...spec)[0]).toBe(problem);
  });

  test("an unknown kind names the allowed ones", () => {
    const { problems: found } = parsePolicies("apiVersion: rearguard.dev/v1alpha1\nkind: Remediaton\n", "r.yaml");
    expect(found.map(renderProblem)).toEqual([
      'r.yaml:2:7 kind: "Remediaton" is not allowed; allowed: Policy, Remediation; did you mean Remediation?',
    ]);
  });
});

describe("two remediations", () => {
  const set = (one: string, other: string) =>
    policySetOf([
      { file: "a.yaml", text: one },
      { file: "b.yaml", text: other },
    ]).problems.map(renderProblem);

  test("that can answer one alert of a workload equally well are a problem", () => {
    const other = written(['on: { alert: { names: ["S*"] } }', "do: [notify]"], "other");
    expect(set(written([alertOn, "do: [notify]"]), other)).toEqual([
      'b.yaml:3:19 spec.match: "other" and "slow" (a.yaml:3:19) can match the same alert of a workload and are equally specific; make one of them more specific: names, then labels, then namespaces, then kinds decide',
    ]);
  });

  test.each([
    ["other alerts", "on: { alert: { names: [Leak] } }", "{}"],
    ["a schedule", 'on: { schedule: { cron: "0 6 * * *" } }', "{}"],
    ["a more specific match", alertOn, "{ namespaces: [shop] }"],
  ])("may stand beside each other for %s", (_, on, match) => {
    expect(set(written([alertOn, "do: [notify]"]), written([on, "do: [notify]"], "other", match))).toEqual([]);
  });

  test("of one name are a problem, while a policy may have the name of a remediation", () => {
    const same = written(["on: { manual: {} }", "do: [notify]"]);
    expect(set(written([alertOn, "do: [notify]"]), same)).toEqual([
      'b.yaml:3:19 metadata.name: the name "slow" is taken by a.yaml:3:19; allowed: one name for each remediation',
    ]);
  });
});

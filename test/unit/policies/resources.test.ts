import { expect, test } from "vitest";
import { HOLD_SPANS } from "../../../src/judging/resources-verdict.ts";
import { LEAST_FLOORS, spanOf } from "../../../src/judging/growth.ts";
import { limitWarnings } from "../../../src/policies/limits.ts";
import { seenForMs } from "../../../src/policies/resources-signal.ts";
import { signalOf, signalSchema } from "../../../src/policies/signal.ts";
import { aPolicy } from "./a-policy.ts";

function signal(yaml: string) {
  const written = aPolicy("p", "{}", [`signals: { a: { resources: ${yaml} } }`]).spec.signals["a"];
  if (written === undefined) throw new Error("no signal");
  return signalOf(written);
}

test("what is not asked about is not judged", () => {
  expect(signal("{ cpu: 90% }")).toEqual({
    kind: "resources",
    cpu: 0.9,
    memory: null,
    forMs: 300_000,
    fullWithinMs: null,
    warmUpMs: 300_000,
    source: "prometheus",
  });
  expect(signal("{ memory: 85%, for: 2m, memoryFullWithin: 2h, warmUp: 0s }")).toEqual({
    kind: "resources",
    cpu: null,
    memory: 0.85,
    forMs: 120_000,
    fullWithinMs: 7_200_000,
    warmUpMs: 0,
    source: "prometheus",
  });
});

test.each<[string, object, RegExp]>([
  ["nothing", {}, /nothing is asked\nat least one of cpu, memory, memoryFullWithin/],
  ["a time alone", { for: "5m" }, /nothing is asked\nat least one of cpu, memory, memoryFullWithin/],
  ["a bare number", { cpu: 0.9 }, /0.9 cannot be read\na percentage above 0%, at most 100%\n.*did you mean 0.9%, or 90%\?/],
  ["more than all", { memory: "110%" }, /110% is out of range/],
  ["a horizon too short to tell", { memoryFullWithin: "1m" }, /between 10m and 7d/],
  ["a key that there is not", { mem: "90%" }, /Unrecognized key/],
])("%s is refused", (_what, resources, problem) => {
  expect((signalSchema.safeParse({ resources }).error?.issues ?? []).map(({ message }) => message).join()).toMatch(problem);
});

test.each([
  ["{ memory: 90%, memoryFullWithin: 1h }", "18m", []],
  [
    "{ memory: 90%, memoryFullWithin: 1h }",
    "15m",
    ["a: memoryFullWithin 1h needs 17m of a new pod (warmUp 5m and a fifth of it), and the window is 15m: it can hardly ever be judged"],
  ],
  [
    "{ cpu: 90%, for: 20m, memoryFullWithin: 10m, warmUp: 2m }",
    "15m",
    ["a: cpu needs 22m of a new pod (warmUp 2m and for 20m), and the window is 15m: it can hardly ever be judged"],
  ],
  [
    "{ memoryFullWithin: 7d }",
    "5m",
    [expect.stringMatching(/^a: memoryFullWithin 7d needs 1d9h41m of a new pod \(warmUp 5m and a fifth of it\)/)],
  ],
  [
    "{ cpu: 90%, warmUp: 1h }",
    "15m",
    ["a: cpu needs 1h5m of a new pod (warmUp 1h and for 5m), and the window is 15m: it can hardly ever be judged"],
  ],
  [
    "{ memory: 90%, for: 20m, warmUp: 0s }",
    "15m",
    ["a: memory needs 20m of a new pod (for 20m), and the window is 15m: it can hardly ever be judged"],
  ],
  ["{ memory: 90%, warmUp: 1h }", "15m", []],
])("%s in a window of %s warns of what comes too late", (yaml, window, warnings) => {
  expect(limitWarnings(aPolicy("p", "{}", [`window: ${window}`, `signals: { a: { resources: ${yaml} } }`]))).toEqual(warnings);
});

test("the time that a leak must be seen for is what judging waits for", () => {
  for (const horizonMs of [1_800_000, 3_600_000, 86_400_000])
    expect(seenForMs(horizonMs)).toBe((LEAST_FLOORS + HOLD_SPANS) * spanOf(horizonMs, 15_000));
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { foldResources, type Load, noResources, type ResourcesRule, type ResourcesState } from "../../../src/judging/resources.ts";
import { type ResourcesReason, resourcesVerdict } from "../../../src/judging/resources-verdict.ts";
import type { Ms } from "../../../src/model.ts";

const MINUTE = 60_000;
const BLOCK = 15_000;
const MIB = 2 ** 20;
const LIMIT = 512 * MIB;
/** The rollout is at minute 60. */
const START = 60 * MINUTE;

const rule: ResourcesRule = { cpu: 0.9, memory: 0.9, forMs: 5 * MINUTE, fullWithinMs: 60 * MINUTE, warmUpMs: 5 * MINUTE, blockMs: BLOCK };

type Course = (minute: number) => number;

interface Case {
  /** Share of the memory limit by minutes of the guard, which begins at 0; one for each new pod. */
  readonly fresh?: readonly Course[];
  readonly old?: readonly Course[];
  /** The same of CPU. */
  readonly freshCpu?: Course;
  readonly oldCpu?: Course;
  /** When the old pods are gone; after 3 minutes unless told. */
  readonly oldUntil?: number;
  /** When they were made. */
  readonly oldBorn?: number;
  readonly rule?: Partial<ResourcesRule>;
  readonly limit?: number | null;
}

const flat: Course = () => 0.3;
const leak: Course = (minute) => 0.3 + 0.02 * Math.max(0, minute);
const use = (share: number, limit: number | null = LIMIT) => ({ used: share * (limit ?? LIMIT), limit });

function loadsAt(minute: number, given: Case): readonly Load[] {
  const {
    fresh = [flat, flat, flat],
    old = [flat, flat, flat],
    freshCpu = flat,
    oldCpu = flat,
    oldUntil = 3,
    oldBorn = -600,
    limit,
  } = given;
  const load = (side: Load["side"], memory: Course, order: number, cpu: Course): Load => ({
    side,
    pod: `${side}-${order}`,
    container: "app",
    id: "",
    ...(side === "old" ? { born: START + oldBorn * MINUTE } : {}),
    cpu: limit === null ? { used: cpu(minute), limit } : { used: cpu(minute), limit: 1 },
    memory: use(memory(minute), limit === undefined ? LIMIT : limit),
  });
  return [
    ...(minute > 0 ? fresh.map((memory, order) => load("new", memory, order, freshCpu)) : []),
    ...(minute < oldUntil && minute > oldBorn ? old.map((memory, order) => load("old", memory, order, oldCpu)) : []),
  ];
}

function stateAfter(minutes: number, given: Case): ResourcesState {
  let state = noResources;
  for (let at = BLOCK; at <= START + minutes * MINUTE; at += BLOCK) {
    const minute = (at - START) / MINUTE;
    state = foldResources(state, { kind: "loads", at, loads: loadsAt(minute, given), isDue: minute > 3 }, { ...rule, ...given.rule });
  }
  return state;
}

function verdict(minutes: number, given: Case, now: Ms = START + minutes * MINUTE) {
  return resourcesVerdict(stateAfter(minutes, given), { ...rule, ...given.rule }, "memory", now, 5 * MINUTE);
}

function reasonOf(minutes: number, given: Case): ResourcesReason | undefined {
  return verdict(minutes, given).because.find((reason) => reason.code === "resources");
}

describe("memory that grows", () => {
  test("by 2 % of the limit a minute breaches within 18 minutes, with slope, time to the limit and the old pods beside it", () => {
    expect(verdict(15, { fresh: [leak, leak, leak] }).state).not.toBe("breach");
    expect(verdict(18, { fresh: [leak, leak, leak] })).toMatchObject({
      state: "breach",
      because: [{ rule: "filling", pods: 3, of: 3, container: "app", limit: LIMIT, old: { share: 0.3, perHour: 0 } }],
    });
    const { perHour, fullInMs, used } = reasonOf(18, { fresh: [leak, leak, leak] }) ?? {};
    expect(perHour).toBeCloseTo(1.2 * LIMIT, -3);
    expect((used ?? 0) / LIMIT).toBeCloseTo(0.66, 6);
    expect((fullInMs ?? 0) / MINUTE).toBeGreaterThan(16);
    expect((fullInMs ?? 0) / MINUTE).toBeLessThan(19);
  });

  test.each<{ readonly name: string; readonly given: Case; readonly state: string; readonly held?: string }>([
    { name: "so slowly that it is not full in time", given: { fresh: [(m) => 0.3 + 0.003 * m] }, state: "pass" },
    {
      name: "ever slower, up to 80 % of the limit",
      given: { fresh: [(m) => 0.8 - 0.5 * Math.exp(-m / 10)], old: [() => 0.3] },
      state: "pass",
    },
    { name: "within what old pods use", given: { fresh: [leak], old: [() => 0.8] }, state: "pass" },
    { name: "and falls each 4 minutes", given: { fresh: [(m) => 0.3 + 0.1 * (m % 4)] }, state: "pass" },
    {
      name: "as that of old pods does",
      given: { fresh: [leak, leak], old: [(m) => 0.3 + 0.02 * (m + 18)], oldUntil: 30, oldBorn: -18 },
      state: "hold",
      held: "alike",
    },
    { name: "in one of three pods", given: { fresh: [leak, flat, flat] }, state: "hold", held: "few-pods" },
    { name: "in one of two pods", given: { fresh: [leak, flat] }, state: "breach" },
    { name: "where no old pod was seen", given: { fresh: [leak], old: [] }, state: "hold", held: "no-old" },
    { name: "where old pods were only 10 minutes old", given: { fresh: [leak], oldBorn: -10 }, state: "hold", held: "too-young" },
    { name: "where growth is not asked about", given: { fresh: [leak], rule: { fullWithinMs: null } }, state: "pass" },
  ])("$name: $state $held", ({ given, state, held }) => {
    expect(verdict(20, given).state).toBe(state);
    expect(reasonOf(20, given)?.held).toBe(held);
  });

  test("by a restart begins anew: another id is another container", () => {
    let state = stateAfter(17, { fresh: [leak] });
    for (let at = START + 17 * MINUTE + BLOCK; at <= START + 18 * MINUTE; at += BLOCK) {
      const loads = [
        { side: "new", pod: "new-0", container: "app", id: "second", memory: use(0.3), cpu: { used: 0.1, limit: 1 } },
      ] as const;
      state = foldResources(state, { kind: "loads", at, loads, isDue: true }, rule);
    }
    expect(resourcesVerdict(state, rule, "memory", START + 18 * MINUTE, 5 * MINUTE).state).toBe("pass");
  });

  test("is not judged within a guard that ended too early, so such a guard does not pass", () => {
    expect(verdict(9, {})).toMatchObject({
      state: "inconclusive",
      because: [
        { code: "seen-briefly", resource: "cpu" },
        { code: "rule-blind", needed: 20 },
      ],
    });
    expect(verdict(16, {}).state).toBe("pass");
  });
});

describe("what was not looked at for as long as it must last", () => {
  const asked = { fullWithinMs: null } as const;

  test.each<[string, number, Partial<ResourcesRule>, object[]]>([
    ["CPU that still warms up", 4, { memory: null }, [{ resource: "cpu", seenMs: 0, neededMs: 5 * MINUTE, warmUpMs: 5 * MINUTE }]],
    ["CPU that still warms up beside memory that was seen", 5, { forMs: 4 * MINUTE }, [{ resource: "cpu", neededMs: 4 * MINUTE }]],
    ["CPU that is just warm", 8, {}, [{ resource: "cpu", seenMs: 2.75 * MINUTE }]],
    ["memory", 2, { cpu: null }, [{ resource: "memory", seenMs: 1.75 * MINUTE, warmUpMs: 0 }]],
    ["both", 2, {}, [{ resource: "cpu" }, { resource: "memory" }]],
  ])("%s has not passed, and that is said", (_, minutes, changed, because) => {
    const found = verdict(minutes, { freshCpu: () => 0.5, rule: { ...asked, ...changed } });
    expect(found).toMatchObject({ state: "inconclusive", because: because.map((one) => ({ code: "seen-briefly", ...one })) });
  });

  test("passes once it was", () => {
    expect(verdict(11, { rule: asked })).toEqual({ signal: "memory", state: "pass", because: [] });
    expect(verdict(6, { rule: { ...asked, cpu: null } }).state).toBe("pass");
  });

  test("passes never sooner than after `for`, with the warm-up before it for CPU", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 8 }),
        fc.integer({ min: 0, max: 8 }),
        fc.integer({ min: 0, max: 20 }),
        (warmUp, lasts, after) => {
          const changed = { ...asked, warmUpMs: warmUp * MINUTE, forMs: lasts * MINUTE };
          // The first block of a new pod ends a block after its start.
          const isSeen = after > warmUp + lasts;
          expect(verdict(after, { rule: changed }).state).toBe(isSeen ? "pass" : "inconclusive");
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe("above its share", () => {
  const high: Course = () => 0.95;

  test("for less than `for` it is on its way, then it breaches", () => {
    expect(verdict(4, { fresh: [high] }).state).toBe("warn");
    expect(verdict(6, { fresh: [high] })).toMatchObject({ state: "breach", because: [{ rule: "above", resource: "memory", share: 0.9 }] });
  });

  test.each<{ readonly name: string; readonly given: Case; readonly state: string; readonly held?: string }>([
    { name: "old pods were above for as long", given: { fresh: [high], old: [high] }, state: "hold", held: "alike" },
    { name: "old pods are just below the share", given: { fresh: [high], old: [() => 0.85] }, state: "hold", held: "alike" },
    { name: "no old pod was seen", given: { fresh: [high], old: [] }, state: "hold", held: "no-old" },
    { name: "one of three new pods is", given: { fresh: [high, flat, flat] }, state: "hold", held: "few-pods" },
    { name: "CPU is while old pods serve with less", given: { freshCpu: high, oldUntil: 30 }, state: "breach" },
    { name: "CPU is while no old pod serves", given: { freshCpu: high }, state: "hold", held: "not-beside" },
    {
      name: "CPU is while old pods need as much now",
      given: { freshCpu: high, oldCpu: (m) => (m > 0 ? 0.93 : 0.3), oldUntil: 30 },
      state: "hold",
      held: "alike",
    },
    { name: "nothing is", given: {}, state: "pass" },
  ])("$name: $state $held", ({ given, state, held }) => {
    const found = { ...given, rule: { fullWithinMs: null } };
    expect(verdict(12, found).state).toBe(state);
    expect(reasonOf(12, found)?.held).toBe(held);
  });

  test("CPU of a container that warms up says nothing", () => {
    const given: Case = { freshCpu: (minute) => (minute < 6 ? 1 : 0.3), oldUntil: 30, rule: { fullWithinMs: null, forMs: 2 * MINUTE } };
    for (let minute = 1; minute <= 12; minute += 1) expect(["inconclusive", "pass", "warn"]).toContain(verdict(minute, given).state);
  });

  test("a container that is not heard of any more says nothing", () => {
    expect(verdict(12, { fresh: [high], rule: { fullWithinMs: null } }, START + 12 * MINUTE + 3 * BLOCK).state).toBe("pass");
  });
});

test("a limit that comes with the new revision is the new revision's", () => {
  let state = noResources;
  const old = { side: "old", pod: "old-0", container: "app", id: "", born: 0, memory: use(0.95, null) } as const;
  const fresh = { side: "new", pod: "new-0", container: "app", id: "", memory: use(0.95) } as const;
  for (let at = BLOCK; at <= START + 6 * MINUTE; at += BLOCK) {
    state = foldResources(state, { kind: "loads", at, loads: at > START ? [old, fresh] : [old], isDue: false }, rule);
  }
  expect(resourcesVerdict(state, rule, "memory", START + 6 * MINUTE, 5 * MINUTE)).toMatchObject({
    state: "breach",
    because: [{ rule: "above", old: { share: null } }],
  });
});

describe("without", () => {
  test("limits nothing is judged, and that is said for each resource", () => {
    expect(verdict(20, { fresh: [leak], limit: null })).toEqual({
      signal: "memory",
      state: "inconclusive",
      because: [
        { code: "no-limit", signal: "memory", resource: "cpu", containers: ["app"] },
        { code: "no-limit", signal: "memory", resource: "memory", containers: ["app"] },
      ],
    });
  });

  test("an answer of the source a breach neither goes on nor ends, and silence is not health", () => {
    const state = stateAfter(6, { fresh: [() => 0.95] });
    const at = START + 6 * MINUTE + BLOCK;
    const error = foldResources(state, { kind: "error", at, because: "down", isDue: true }, rule);
    expect(error).toMatchObject({ outcome: "error", lastAt: state.lastAt, silence: { outcome: "error" } });
    expect(resourcesVerdict(error, rule, "memory", at, 5 * MINUTE).state).toBe("breach");
    const empty = foldResources(noResources, { kind: "no-data", at, because: "nothing", isDue: true }, rule);
    expect(resourcesVerdict(empty, rule, "memory", at + 5 * MINUTE, 5 * MINUTE)).toMatchObject({
      state: "inconclusive",
      because: [{ code: "no-usable-data", detail: "nothing" }],
    });
  });

  test("one of two resources the block is no-data and says which", () => {
    const loads = loadsAt(5, { old: [] }).map(({ side, pod, container, id, memory }) => ({
      side,
      pod,
      container,
      id,
      ...(memory && { memory }),
    }));
    const state = foldResources(noResources, { kind: "loads", at: START, loads, isDue: true }, rule);
    expect(state).toMatchObject({ outcome: "no-data", silence: { detail: expect.stringMatching(/^no cpu of the new pods/) as string } });
  });

  test("new pods yet nothing is due, so there is no silence", () => {
    const state = foldResources(noResources, { kind: "no-data", at: START, because: "nothing", isDue: false }, rule);
    expect(state).toMatchObject({ outcome: "no-data", silence: null, lastAt: START });
  });
});

test("memory that stays within what old pods use is never taken back, whatever way it goes there", () => {
  const way = fc.array(fc.double({ min: 0, max: 0.85, noNaN: true }), { minLength: 121, maxLength: 121 });
  fc.assert(
    fc.property(way, (shares) => {
      const sorted = shares.toSorted((a, b) => a - b);
      for (const course of [shares, sorted]) {
        const given: Case = { fresh: [(minute) => course[Math.round(minute * 4)] ?? 0], old: [() => 0.85], rule: { cpu: null } };
        expect(["pass", "warn"]).toContain(verdict(29, given).state);
      }
    }),
    { numRuns: 20 },
  );
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { standingOf } from "../../../src/guards/phase.ts";
import { type Deed, deeds, namespaceOf, names } from "./cluster-deeds.ts";
import { COUNTDOWN, type Effect, HOUR, limits, type Order, type Story, templateOf } from "./cluster-story.ts";
import { calmDown, live } from "./fuzzed-cluster.ts";

/** With one seed every property meets the same stories: each is lived once. */
const lived = new Map<string, Story>();

function once(through: readonly Deed[]): Story {
  const key = JSON.stringify(through);
  const story = lived.get(key) ?? live(through);
  lived.set(key, story);
  return story;
}

/** Whatever happens, this holds for the story that comes of it. */
function always(holds: (story: Story) => void, numRuns = 300): void {
  fc.assert(
    fc.property(deeds, (through) => {
      holds(once(through));
    }),
    { numRuns },
  );
}

const isRollback = ({ kind }: Effect) => kind === "rollback";
const isRemedy = ({ kind }: Effect) => kind === "scale" || kind === "restart" || kind === "job";

/** Those before it that the clock of that moment does not call older; what lies ahead, because the clock was set back, is not older. */
function within(effects: readonly Effect[], nth: number, spanMs: number): readonly Effect[] {
  const at = effects[nth]?.at ?? NaN;
  return effects.slice(0, nth).filter((earlier) => at - earlier.at < spanMs);
}

/** What it would do has happened already: to carry it out changes nothing. */
function isThere({ action, sight }: Order): boolean {
  if (action.kind === "brake") return sight.paused && sight.mark === action.guard;
  return action.kind === "rollback" && sight.template === templateOf(action.target.podTemplateHash) && !sight.paused;
}

function changing(story: Story, ...kinds: readonly Order["action"]["kind"][]): readonly Order[] {
  return story.orders.filter((order) => kinds.includes(order.action.kind) && !isThere(order));
}

describe("whatever people, clocks, restarts, lost answers and conflicts do to a cluster", () => {
  test.each([
    { what: "rollback", of: isRollback, most: limits.rollback },
    { what: "remedy", of: isRemedy, most: limits.remedy },
  ])("no cap of any $what is exceeded: of a workload, a namespace, the cluster, at once", ({ of, most }) => {
    const reached = { workload: 0, namespace: 0, cluster: 0, concurrent: 0 };
    const caps = { ...most.perHour, concurrent: most.concurrent };
    always((story) => {
      const effects = story.effects.filter(of);
      effects.forEach(({ place, underWay }, nth) => {
        const hour = within(effects, nth, HOUR);
        const counts = {
          workload: hour.filter((one) => one.place === place).length + 1,
          namespace: hour.filter((one) => namespaceOf(one.place) === namespaceOf(place)).length + 1,
          cluster: hour.length + 1,
          concurrent: underWay + 1,
        };
        for (const key of ["workload", "namespace", "cluster", "concurrent"] as const) {
          expect({ [key]: counts[key] <= caps[key] }).toEqual({ [key]: true });
          if (counts[key] === caps[key]) reached[key]++;
        }
      });
    });
    expect(Math.min(...Object.values(reached))).toBeGreaterThan(0);
  });

  test("a workload rests between two actions of a kind, and is latched when they are too many", () => {
    let seen = 0;
    always(({ effects }) => {
      for (const kind of ["rollback", "scale", "restart", "job"] as const) {
        const most = kind === "rollback" ? limits.rollback : limits.remedy;
        names.forEach((_, place) => {
          const mine = effects.filter((one) => one.kind === kind && one.place === place);
          mine.forEach(({ looked = -Infinity }, nth) => {
            const counted = within(mine, nth, most.flap.withinMs).filter(({ at }) => at > looked);
            expect(within(mine, nth, most.cooldownMs)).toEqual([]);
            expect(counted.length).toBeLessThan(most.flap.times);
            seen += counted.length;
          });
        });
      }
    });
    expect(seen).toBeGreaterThan(50);
  });

  test("no rollback is rolled back, and nothing is put back that was taken back", () => {
    let seen = 0;
    always((story) => {
      const rollbacks = story.effects.filter(isRollback);
      rollbacks.forEach(({ place, condemned, target }, nth) => {
        const before = rollbacks.slice(0, nth).filter((one) => one.place === place);
        seen += before.length;
        expect(before.map((one) => one.target)).not.toContain(condemned);
        expect(before.map((one) => one.condemned)).not.toContain(target);
      });
    });
    expect(seen).toBeGreaterThan(20);
  });

  test("nothing is done to a revision that is not the one under guard any more", () => {
    let seen = 0;
    always((story) => {
      for (const { sight, record } of changing(story, "brake", "rollback")) {
        seen++;
        expect(`hash-${sight.template}`).toBe(record.rollout.new.podTemplateHash);
      }
    });
    expect(seen).toBeGreaterThan(200);
  });

  test("nothing is done while all action is stopped; on a frozen workload nothing but taking our brake off", () => {
    const until = Date.parse("2026-11-23T16:00:00Z");
    let released = 0;
    always((story) => {
      const orders = changing(story, "brake", "rollback", "release", "drain");
      expect(orders.filter(({ state }) => state !== "running")).toEqual([]);
      const frozen = orders.filter(
        ({ sight, at }) => sight.freeze !== undefined && (sight.freeze !== "2026-11-23T16:00:00Z" || at < until),
      );
      expect(frozen.filter(({ action }) => action.kind !== "release")).toEqual([]);
      released += frozen.length;
    });
    expect(released).toBeGreaterThan(0);
  });

  test("no action leaves fewer ready pods than the least", () => {
    let fewest = Infinity;
    always(({ effects }) => {
      fewest = Math.min(fewest, ...effects.map(({ ready = Infinity }) => ready));
    });
    expect(fewest).toBe(limits.minReady);
  });

  test("nothing is rolled back while too many other workloads breach", () => {
    let most = 0;
    always((story) => {
      for (const { otherBreaches } of changing(story, "rollback")) {
        expect(otherBreaches + 1).toBeLessThan(limits.sharedCause.workloads);
        most = Math.max(most, otherBreaches);
      }
    });
    expect(most).toBe(limits.sharedCause.workloads - 2);
  });

  test("where a policy counts down, every rollback was announced for that long, to the same way back, and not withheld since", () => {
    let seen = 0;
    always((story) => {
      for (const { action, at, record } of changing(story, "rollback").filter(({ place }) => place % 2 === 1)) {
        const { announced, cancelled, pending } = standingOf(record.entries);
        // It was due when it was intended, whatever a clock says since.
        if (pending?.action.id === action.id) continue;
        seen++;
        expect({ action, cancelled }).toMatchObject({ action: { target: { podTemplateHash: targetOf(announced?.action) } } });
        expect(cancelled).toBeUndefined();
        expect((announced?.dueAt ?? NaN) - (announced?.at ?? NaN)).toBe(COUNTDOWN);
        expect(at).toBeGreaterThanOrEqual(announced?.dueAt ?? NaN);
      }
    });
    expect(seen).toBeGreaterThan(50);
  });

  test("what a person cancelled is not done by its guard", () => {
    let seen = 0;
    always(({ cancelled, effects }) => {
      for (const [guard, from] of cancelled) {
        const isDone = effects.slice(0, from).some((one) => one.guard === guard && isRollback(one));
        seen++;
        expect(isDone ? [] : effects.slice(from).filter((one) => one.guard === guard && isRollback(one))).toEqual([]);
      }
    });
    expect(seen).toBeGreaterThan(2);
  });

  test("once the cluster is calm no brake of ours is left on that nobody was told of", () => {
    let released = 0;
    always((story) => {
      const had = story.effects.some(({ kind }) => kind === "brake");
      const { places, records } = calmDown(structuredClone(story));
      const marks = places.flatMap(({ paused, mark }) => (paused && mark !== undefined ? [mark] : []));
      const silent = marks.filter((mark) => !isTold(standingOf(records.find(({ name }) => name === mark)?.entries ?? [])));
      expect(silent).toEqual([]);
      if (had && marks.length === 0) released++;
    }, 100);
    expect(released).toBeGreaterThan(30);
  });
});

function targetOf(action: Order["action"] | undefined): string | undefined {
  return action?.kind === "rollback" ? action.target.podTemplateHash : undefined;
}

/** An open guard knows its brake and has paged for it; one that has ended has said that it could not take it off. */
function isTold({ finished, braked, held, noted }: ReturnType<typeof standingOf>): boolean {
  if (finished === undefined) return braked && (held || noted.size > 0);
  return (
    finished.phase === "unresolved" &&
    finished.because.some((reason) => reason.code === "limitation" && reason.detail.includes("still pauses the rollout"))
  );
}

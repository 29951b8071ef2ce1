import { openWorld, type World } from "../../support/world.ts";
import { firstImage } from "../../support/world-shop.ts";
import type { Case, Emits, LeftAlone, TakenBack } from "./incident.ts";

/** What came of one play. `wrong` says what was not as it must be. */
export interface Played {
  readonly seed: number;
  readonly wrong?: string;
  /** From the onset to the rollback; undefined without one. */
  readonly seconds?: number;
  /** What must never happen has happened: a rollout was taken back that should have been left alone. */
  readonly violated: boolean;
}

export async function play(one: Case, seed: number): Promise<Played> {
  await using world = await openWorld({ ...one.options, seed });
  await one.begin(world);
  const { expected } = one;
  return { seed, ...(expected.action === "rollback" ? await playTakenBack(world, expected) : await playLeftAlone(world, expected)) };
}

async function playTakenBack(world: World, { onset, withinS, onsetWithinS = 300, emits }: TakenBack): Promise<Omit<Played, "seed">> {
  const began = world.now();
  const waited = () => secondsFrom(began, world.now());
  let onsetAt: number | undefined;
  while (!isTakenBack(world)) {
    const overdue = onsetAt === undefined ? waited() > onsetWithinS : secondsFrom(onsetAt, world.now()) > withinS;
    if (overdue || world.hasEnded("web")) {
      const since = onsetAt === undefined ? `the rollout, and never saw ${onset.what}` : onset.what;
      return {
        violated: false,
        wrong: `not taken back ${Math.round(secondsFrom(onsetAt ?? began, world.now()))} s after ${since}; ${story(world)}`,
      };
    }
    await world.run(1);
    // It came within the second that has just passed: the earlier end counts.
    if (onsetAt === undefined && onset.hasCome(world)) onsetAt = world.now() - 1000;
  }
  // Before the onset: nobody knows how long before, so it counts as none.
  const seconds = onsetAt === undefined ? 0 : secondsFrom(onsetAt, world.now());
  while (!world.hasEnded("web") && waited() < onsetWithinS + withinS + 900) await world.run(1);
  const wrong = firstOf(
    seconds > withinS && `taken back ${seconds} s after ${onset.what}`,
    world.phase("web") !== "restored" && `the guard ends ${world.phase("web")}; ${story(world)}`,
    world.records("web").length !== 1 && `${world.records("web").length} guards`,
    !hasEmitted(world, emits) && `nobody was told ${wordsOf(emits)}; ${story(world)}`,
  );
  return { seconds, violated: false, ...(wrong === undefined ? {} : { wrong }) };
}

async function playLeftAlone(world: World, { phase, emits, untilS, insteadOf }: LeftAlone): Promise<Omit<Played, "seed">> {
  for (let passed = 0; passed < untilS && !isRolledBack(world); passed += 1) {
    await world.run(1);
    if (world.hasEnded("web") && (insteadOf === undefined || world.hasEnded(insteadOf))) break;
  }
  const violated = isRolledBack(world);
  const wrong = firstOf(
    violated && `it was taken back; ${story(world)}`,
    phase !== undefined && world.phase("web") !== phase && `the guard is ${world.phase("web")}, not ${phase}; ${story(world)}`,
    phase !== undefined && world.deployment("web").spec.paused === true && `its rollout is still paused; ${story(world)}`,
    emits !== undefined && !hasEmitted(world, emits) && `nobody was told ${wordsOf(emits)}; ${story(world)}`,
    insteadOf !== undefined && world.phase(insteadOf) !== "restored" && `${insteadOf} is ${world.phase(insteadOf)}, not restored`,
  );
  return { violated, ...(wrong === undefined ? {} : { wrong }) };
}

function isTakenBack(world: World): boolean {
  return world.image("web") === firstImage("web");
}

/** Also one that was only begun. */
function isRolledBack(world: World): boolean {
  return isTakenBack(world) || world.entries("web").some((entry) => entry.kind === "intended" && entry.action.kind === "rollback");
}

function hasEmitted(world: World, emits: Emits): boolean {
  return emits instanceof RegExp
    ? emits.test(world.told("web"))
    : world.messages(emits.kind).some(({ workload }) => workload.name === "web");
}

function wordsOf(emits: Emits): string {
  return emits instanceof RegExp ? emits.source : `that it is ${emits.kind}`;
}

/** For whoever reads that a play went wrong. */
function story(world: World): string {
  return `told: ${world.told("web").replaceAll(/\s*\n\s*/g, " | ")}`;
}

function secondsFrom(from: number, to: number): number {
  return (to - from) / 1000;
}

function firstOf(...found: readonly (string | false)[]): string | undefined {
  return found.find((one) => one !== false);
}

import type { GuardLine } from "../../web/guard-view.ts";

/** Where the story is told: colour only for a terminal that wants it. */
export interface Page {
  write(text: string): void;
  readonly isTTY?: boolean;
}

type Colour = "dim" | "green" | "yellow" | "red" | "bold";
const codes: Readonly<Record<Colour, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 };

export interface Story {
  say(text: string, colour?: Colour): void;
  /** Tells what changed since the lines were last seen: phases, brakes, evidence as it grows. */
  follow(guards: readonly GuardLine[]): void;
}

/** Tells guards as they move on, one line each: seconds, workload, what, numbers. Words carry all meaning; colour only helps. */
export function createStory(page: Page, secondsSinceStart: () => number, colour: boolean): Story {
  const seen = new Map<string, { readonly message: string; readonly phase: string; readonly told: number }>();

  function paint(text: string, with_: Colour | undefined): string {
    return colour && with_ !== undefined ? `\u001b[${codes[with_]}m${text}\u001b[0m` : text;
  }

  function say(text: string, with_?: Colour): void {
    page.write(`${paint(`${secondsSinceStart().toFixed(1).padStart(6)} s`, "dim")}  ${paint(text, with_)}\n`);
  }

  function follow(guards: readonly GuardLine[]): void {
    for (const guard of guards.toReversed()) {
      const before = seen.get(guard.name);
      const name = guard.workload.slice(guard.workload.indexOf("/") + 1).padEnd(9);
      let told = before?.told ?? 1;
      if (guard.message !== before?.message || guard.phase !== before.phase) {
        say(`${name} ${label(guard).padEnd(10)} ${guard.message}`, colourOf(guard));
      } else if (guard.evidence !== null && guard.phase === "observing" && guard.evidence >= told * 3) {
        told = guard.evidence;
        const share = Math.min(1, Math.log(guard.evidence) / Math.log(guard.evidenceNeeded));
        say(`${name} evidence   ${bar(share)} ${Math.round(share * 100)} % of what a rollback needs`, "yellow");
      }
      seen.set(guard.name, { message: guard.message, phase: guard.phase, told });
    }
  }

  return { say, follow };
}

function label(guard: GuardLine): string {
  return guard.braked ? "braked" : guard.phase;
}

function colourOf(guard: GuardLine): Colour | undefined {
  if (guard.phase === "passed" || guard.phase === "restored") return "green";
  if (guard.phase === "verifying" || guard.phase === "acting" || guard.phase === "unresolved") return "red";
  return guard.braked ? "yellow" : undefined;
}

function bar(share: number): string {
  const filled = Math.round(share * 20);
  return `[${"#".repeat(filled)}${".".repeat(20 - filled)}]`;
}

import type { GuardLine, HistoryLine } from "../../web/guard-view.ts";

/** A guard as the API shows it whole. */
export type ToldGuard = GuardLine & { readonly history: readonly HistoryLine[] };

/** Where the story is told: colour only for a terminal that wants it. */
export interface Page {
  write(text: string): void;
  readonly isTTY?: boolean;
  on?(event: "error", listener: () => void): unknown;
}

type Colour = "dim" | "green" | "yellow" | "red" | "bold";
const codes: Readonly<Record<Colour, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 };

export interface Story {
  say(text: string, colour?: Colour): void;
  /** Tells what changed since the lines were last seen: phases, brakes, evidence as it grows. */
  follow(guards: readonly ToldGuard[]): void;
  /** Messages as people got them, line by line. */
  quote(messages: readonly string[]): void;
}

/** Tells guards as they move on, one line each: seconds, workload, what, numbers. Words carry all meaning; colour only helps. */
export function createStory(page: Page, secondsSinceStart: () => number, colour: boolean): Story {
  const seen = new Map<string, { readonly entries: number; readonly message: string | undefined; readonly evidence: number }>();

  function paint(text: string, with_: Colour | undefined): string {
    return colour && with_ !== undefined ? `\u001b[${codes[with_]}m${text}\u001b[0m` : text;
  }

  function say(text: string, with_?: Colour): void {
    page.write(`${paint(`${secondsSinceStart().toFixed(1).padStart(6)} s`, "dim")}  ${paint(text, with_)}\n`);
  }

  function follow(guards: readonly ToldGuard[]): void {
    for (const guard of guards.toReversed()) {
      const before = seen.get(guard.name);
      const name = guard.workload.slice(guard.workload.indexOf("/") + 1).padEnd(9);
      let message = before?.message;
      for (const entry of guard.history.slice(before?.entries ?? 0)) {
        if (entry.message !== message) say(`${name} ${label(entry).padEnd(10)} ${entry.message}`, colourOf(entry));
        message = entry.message;
      }
      let evidence = before?.evidence ?? 1;
      const isFull = evidence >= guard.evidenceNeeded;
      if (guard.evidence !== null && guard.phase === "observing" && guard.evidence >= evidence * 3 && !isFull) {
        evidence = guard.evidence;
        const share = Math.min(1, Math.log(evidence) / Math.log(guard.evidenceNeeded));
        say(`${name} evidence   ${bar(share)} ${Math.floor(share * 100)} % of what a rollback needs`, "yellow");
      }
      seen.set(guard.name, { entries: guard.history.length, message, evidence });
    }
  }

  function quote(messages: readonly string[]): void {
    for (const line of messages.flatMap((message) => ["", ...message.split("\n")]))
      page.write(line === "" ? "\n" : `          | ${line}\n`);
    if (messages.length > 0) page.write("\n");
  }

  return { say, follow, quote };
}

function label(line: HistoryLine): string {
  return line.braked ? "braked" : line.phase;
}

function colourOf(line: HistoryLine): Colour | undefined {
  if (line.phase === "passed" || line.phase === "restored") return "green";
  if (line.phase === "verifying" || line.phase === "acting" || line.phase === "unresolved") return "red";
  return line.braked ? "yellow" : undefined;
}

function bar(share: number): string {
  const filled = Math.round(share * 20);
  return `[${"#".repeat(filled)}${".".repeat(20 - filled)}]`;
}

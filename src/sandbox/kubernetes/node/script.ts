import type { Pod } from "../object.ts";

/** What a pod that runs once does. */
export interface Script {
  readonly lastsMs: number;
  readonly exitCode: number;
  readonly lines: readonly { readonly afterMs: number; readonly text: string }[];
}

const usualMs = 1000;

/**
 * A pod that is not restarted runs its first container's command once: of a shell's `sleep 3; echo fine; exit 1` these three words are
 * played, all else takes no time and does nothing. Undefined for a pod that serves.
 */
export function scriptOf({ spec }: Pod): Script | undefined {
  if (spec["restartPolicy"] !== "Never") return undefined;
  const words = [spec.containers[0]?.["command"], spec.containers[0]?.["args"]].flatMap((part) => (Array.isArray(part) ? part : []));
  let lastsMs = usualMs;
  const lines: { afterMs: number; text: string }[] = [];
  for (const step of String(words.at(-1) ?? "").split(";")) {
    const [, verb, rest = ""] = /^\s*(sleep|echo|exit)\s+(.*?)\s*$/.exec(step) ?? [];
    if (verb === "sleep") lastsMs += Number(rest) * 1000;
    if (verb === "echo") lines.push({ afterMs: lastsMs, text: rest });
    if (verb === "exit") return { lastsMs, exitCode: Number(rest), lines };
  }
  return { lastsMs, exitCode: 0, lines };
}

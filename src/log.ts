import { pino } from "pino";
import { sentence } from "./errors.ts";

export type Logger = ReturnType<typeof createLog>;

/** JSON lines on standard output. Errors are logged as their sentence: client errors carry headers and bodies with credentials. */
export function createLog(level: string) {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: (error: unknown) => ({ message: sentence(error) }) },
  });
}

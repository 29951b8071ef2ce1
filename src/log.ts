import { pino } from "pino";
import type { DestinationStream } from "pino";
import { sentence } from "./errors.ts";

export type Logger = ReturnType<typeof createLog>;

/** JSON lines on standard output, or where `to` leads. Errors are logged as their sentence: client errors carry headers and bodies with credentials. */
export function createLog(level: string, to?: DestinationStream) {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: (error: unknown) => ({ message: sentence(error) }) },
  };
  return to === undefined ? pino(options) : pino(options, to);
}

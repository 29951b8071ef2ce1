import { ensureDebianProgram } from "./debian-program.ts";

const debian = { name: "prometheus", version: "2.42.0+ds-5+deb12u1", called: "Prometheus", instead: "Prometheus 2.42" };

/** Path of the program that old clusters run. */
export function ensureDebianPrometheus(report?: (line: string) => void): Promise<string> {
  return ensureDebianProgram(debian, report);
}

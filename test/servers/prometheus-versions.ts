import { ensureServers } from "./build.ts";
import { ensureDebianProgram } from "./debian-program.ts";

/** `newest` is built from its module; 2.42 is Debian 12's, and what old clusters have. */
export type PrometheusVersion = "newest" | "2.42";

const debian = { name: "prometheus", version: "2.42.0+ds-5+deb12u1", called: "Prometheus", instead: "Prometheus 2.42" };

/** Path of the program. */
export async function ensurePrometheus(version: PrometheusVersion, report: (line: string) => void = () => {}): Promise<string> {
  return version === "newest" ? (await ensureServers(report)).prometheus : ensureDebianProgram(debian, report);
}

import { ensureServers } from "./build.ts";
import { ensureDebianPrometheus } from "./debian-prometheus.ts";

/** `newest` is built from its module; 2.42 is Debian 12's, and what old clusters have. */
export type PrometheusVersion = "newest" | "2.42";

/** Path of the program. */
export async function ensurePrometheus(version: PrometheusVersion): Promise<string> {
  return version === "newest" ? (await ensureServers()).prometheus : ensureDebianPrometheus();
}

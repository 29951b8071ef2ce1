import { pipelineSettingsOf } from "../../src/daemon/edges.ts";
import type { PipelineSettings } from "../../src/pipeline/edges.ts";
import { settingsSchema } from "../../src/settings-schema.ts";

/** The daemon's settings, all at their defaults. */
export async function labelledSettings(): Promise<PipelineSettings> {
  return pipelineSettingsOf(await settingsSchema(".").parseAsync({ prometheus: { url: "http://prometheus.invalid" } }));
}

import type { ElasticsearchApi } from "../clients/elasticsearch/api.ts";
import type { PrometheusApi } from "../clients/prometheus/api.ts";
import type { Ask, LogsAsk } from "./ask.ts";
import { createSampler, type Sample } from "./sample.ts";
import { createLogSampler } from "./sample-logs.ts";
import type { SourceLog } from "./said.ts";

export interface Sources {
  readonly prometheus: PrometheusApi;
  /** Absent: the settings name none, and nobody asks it. */
  readonly elasticsearch?: ElasticsearchApi;
  readonly log: SourceLog;
}

/** Each ask goes to the source that can answer it. */
export function createSources({ prometheus, elasticsearch, log }: Sources): Sample {
  const metrics = createSampler({ prometheus, log });
  const logs = elasticsearch === undefined ? undefined : createLogSampler({ elasticsearch, log });
  return async (asks, instants) => {
    const [lines, others] = [asks.filter(asksLogs), asks.filter((ask) => !asksLogs(ask))];
    const answers = await Promise.all([
      others.length > 0 ? metrics(others, instants) : nothing,
      lines.length > 0 && logs !== undefined ? logs(lines, instants) : nothing,
    ]);
    return new Map(answers.flatMap((answer) => [...answer]));
  };
}

const nothing: Awaited<ReturnType<Sample>> = new Map();

function asksLogs(ask: Ask): ask is LogsAsk {
  return ask.query.kind === "logs";
}

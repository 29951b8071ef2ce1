import type { ElasticsearchApi } from "../clients/elasticsearch/api.ts";
import type { KubernetesApi } from "../clients/kubernetes/api.ts";
import type { PrometheusApi } from "../clients/prometheus/api.ts";
import type { Ms } from "../model.ts";
import type { Ask, LogsAsk, UsageAsk } from "./ask.ts";
import { createSampler, type Sample } from "./sample.ts";
import { createLogSampler } from "./sample-logs.ts";
import { createPodMetricsSampler } from "./sample-pod-metrics.ts";
import { createUsageSampler } from "./sample-usage.ts";
import type { SourceLog } from "./said.ts";

export interface Sources {
  readonly prometheus: PrometheusApi;
  /** Absent: the settings name none, and nobody asks it. */
  readonly elasticsearch?: ElasticsearchApi;
  readonly kubernetes: Pick<KubernetesApi, "get">;
  readonly now: () => Ms;
  readonly log: SourceLog;
}

/** Each ask goes to the source that can answer it. */
export function createSources({ prometheus, elasticsearch, kubernetes, now, log }: Sources): Sample {
  const metrics = createSampler({ prometheus, log });
  const usage = createUsageSampler({ prometheus, log });
  const podMetrics = createPodMetricsSampler({ kubernetes, now, log });
  const logs = elasticsearch === undefined ? undefined : createLogSampler({ elasticsearch, log });
  return async (asks, instants, budget) => {
    const lines = asks.filter(asksLogs);
    const [uses = [], usesNow = []] = (["prometheus", "metrics-api"] as const).map((source) =>
      asks.filter(asksUsage).filter(({ query }) => query.source === source),
    );
    const others = asks.filter((ask) => !asksLogs(ask) && !asksUsage(ask));
    const answers = await Promise.all([
      others.length > 0 ? metrics(others, instants) : nothing,
      uses.length > 0 ? usage(uses, instants) : nothing,
      usesNow.length > 0 ? podMetrics(usesNow, instants) : nothing,
      lines.length > 0 && logs !== undefined ? logs(lines, instants, budget) : nothing,
    ]);
    return new Map(answers.flatMap((answer) => [...answer]));
  };
}

const nothing: Awaited<ReturnType<Sample>> = new Map();

function asksLogs(ask: Ask): ask is LogsAsk {
  return ask.query.kind === "logs";
}

function asksUsage(ask: Ask): ask is UsageAsk {
  return ask.query.kind === "usage";
}

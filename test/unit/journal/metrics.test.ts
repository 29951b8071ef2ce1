import { expect, test } from "vitest";
import { createMetrics } from "../../../src/journal/metrics.ts";

test("what happened can be read from the metrics", async () => {
  const metrics = createMetrics({ version: "0.1.0", processMetrics: false });

  metrics.guards({ observing: 3, verifying: 1 });
  metrics.guards({ observing: 2 });
  metrics.decided("act");
  metrics.acted("rollback", "applied");
  metrics.acted("rollback", "applied");
  metrics.beat(40);
  metrics.missedBeats(2);
  metrics.sampled("no-data", "http-errors");
  metrics.silenced("error", "extend");
  metrics.reflector("pods", 1, undefined);
  metrics.reflector("pods", 3, 1_700_000_000_500);
  metrics.policiesReloaded(true, "aaaa", 1_700_000_000_000);
  metrics.policiesReloaded(false, "aaaa", 1_700_000_060_000);
  metrics.leads(true);
  metrics.outboxDepth({ grafana: 4 });
  metrics.messageDropped("grafana", "full");

  const lines = (await metrics.render()).split("\n").filter((line) => !line.startsWith("#"));
  expect(lines).toEqual(
    expect.arrayContaining([
      'rearguard_guards{phase="observing"} 2',
      'rearguard_decisions_total{kind="act"} 1',
      'rearguard_actions_total{kind="rollback",outcome="applied"} 2',
      'rearguard_beat_duration_seconds_bucket{le="0.025"} 0',
      'rearguard_beat_duration_seconds_bucket{le="0.05"} 1',
      "rearguard_beats_missed_total 2",
      'rearguard_samples_total{outcome="no-data",signal="http-errors"} 1',
      'rearguard_silences_total{outcome="error",follows="extend"} 1',
      'rearguard_reflector_restarts_total{resource="pods"} 3',
      'rearguard_last_sync_timestamp_seconds{resource="pods"} 1700000000.5',
      "rearguard_policy_reload_success 0",
      'rearguard_policy_info{hash="aaaa"} 1',
      "rearguard_leader 1",
      'rearguard_outbox_depth{target="grafana"} 4',
      'rearguard_outbox_dropped_total{target="grafana",why="full"} 1',
      `rearguard_build_info{version="0.1.0",node="${process.versions.node}"} 1`,
    ]),
  );
  expect(lines.some((line) => line.includes("verifying"))).toBe(false);
});

test("two daemons in one process do not share metrics", async () => {
  const [first, second] = [createMetrics({ version: "1" }), createMetrics({ version: "1" })];

  first.missedBeats(5);

  expect(await second.render()).toContain("rearguard_beats_missed_total 0");
});

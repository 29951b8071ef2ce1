import { z } from "zod";
import { duration } from "./policies/duration.ts";

const minute = 60_000;
const day = 24 * 60 * minute;

function perHour(workload: number, namespace: number, cluster: number) {
  return z
    .strictObject({
      workload: z.int().min(0).default(workload),
      namespace: z.int().min(0).default(namespace),
      cluster: z.int().min(0).default(cluster),
    })
    .prefault({});
}

/** The part of the settings that says how often Rearguard may act, whatever the evidence. */
export const governorSettings = z
  .strictObject({
    cooldown: duration(0, 7 * day)
      .prefault("30m")
      .describe("After a rollback the same workload is not rolled back again for this long."),
    rollbacksPerHour: perHour(2, 3, 10).describe("Rollbacks beyond this are withheld."),
    concurrent: z.int().min(1).default(3).describe("Rollbacks under way at once."),
    remedies: z
      .strictObject({
        cooldown: duration(0, 7 * day)
          .prefault("10m")
          .describe("After scaling, restarting or a Job no other guard does the same to the same workload for this long."),
        perHour: perHour(6, 12, 40).describe("Scalings, restarts and Jobs together; those beyond this are withheld."),
        concurrent: z.int().min(1).default(5).describe("Scalings, restarts and Jobs of different guards under way at once."),
      })
      .prefault({}),
    sharedCause: z
      .strictObject({
        workloads: z.int().min(2).default(4).describe("When so many workloads of different names breach …"),
        within: duration(1000, day).prefault("5m").describe("… within this time, their rollbacks and restarts are withheld."),
      })
      .prefault({}),
    flap: z
      .strictObject({
        rollbacks: z.int().min(1).default(3).describe("After so many rollbacks of one workload …"),
        remedies: z.int().min(1).default(8).describe("… or so many guards doing the same other thing to it …"),
        within: duration(minute, 7 * day)
          .prefault("1d")
          .describe("… within this time, a person must look first."),
      })
      .prefault({}),
    minReady: z.int().min(0).default(1).describe("Ready pods that every action must leave to a workload."),
    killSwitch: z.boolean().default(false).describe("Withhold every action; judging and telling go on."),
  })
  .prefault({});

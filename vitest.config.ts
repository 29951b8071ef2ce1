import { defineConfig } from "vitest/config";

// `contract` runs on the sandbox and needs Node alone; `contract-real` is the same suite on the real servers,
// and what Prometheus is asked also on the one that old clusters have.
export default defineConfig({
  test: {
    restoreMocks: true,
    // Two cores are what CI has; by default one of them would idle.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: { name: "unit", include: ["test/unit/**/*.test.ts"], setupFiles: ["test/support/fixed-seed.ts"], testTimeout: 20_000 },
      },
      {
        extends: true,
        test: {
          name: "contract",
          include: ["test/contract/**/*.test.ts"],
          // What the sandbox is not made for.
          exclude: ["test/contract/**/*.real.test.ts"],
          env: { REARGUARD_SERVERS: "sandbox" },
        },
      },
      { extends: true, test: { name: "scenario", include: ["test/scenario/**/*.test.ts"], testTimeout: 60_000 } },
      {
        extends: true,
        test: {
          name: "contract-real",
          include: ["test/contract/**/*.test.ts"],
          env: { REARGUARD_SERVERS: "real" },
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: "contract-prometheus-2.42",
          include: [
            "test/contract/prometheus.test.ts",
            "test/contract/prometheus-client.test.ts",
            "test/contract/preset-expositions.test.ts",
            "test/contract/prometheus-cost.test.ts",
            "test/contract/service-wide.test.ts",
          ],
          env: { REARGUARD_SERVERS: "real", REARGUARD_PROMETHEUS: "2.42" },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: { name: "e2e", include: ["test/e2e/**/*.test.ts"], testTimeout: 240_000, hookTimeout: 180_000, fileParallelism: false },
      },
    ],
  },
});

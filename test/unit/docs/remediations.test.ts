import { join } from "node:path";
import { expect, test } from "vitest";
import type { z } from "zod";
import { check } from "../../../src/cli/check.ts";
import { schemasByKind } from "../../../src/policies/schema.ts";
import { codeRows, keysOf } from "./keys.ts";
import { page } from "./page.ts";

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** A step is a word or a map: its keys are those of the map. */
function withSteps(schema: JsonSchema): JsonSchema {
  const { items, anyOf, properties } = schema;
  if (anyOf !== undefined) return withSteps((anyOf as JsonSchema[]).find((one) => one.properties !== undefined) ?? {});
  return {
    ...schema,
    ...(items === undefined ? {} : { items: withSteps(items as JsonSchema) }),
    ...(properties === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(properties).map(([key, one]) => [key, withSteps(one as JsonSchema)])) }),
  };
}

test("docs/remediations.md has every key of a remediation with its default, and no other", async () => {
  const rows = codeRows(await page("docs/remediations.md")).filter(([key = ""]) => /^(apiVersion|kind|metadata|spec)\b/.test(key));

  expect(Object.fromEntries(rows.map(([key = "", written = ""]) => [key, written]))).toEqual(
    Object.fromEntries(keysOf(withSteps(schemasByKind.Remediation)).map(({ path, written }) => [path, written])),
  );
  expect(rows.filter(([, , meaning]) => !meaning)).toEqual([]);
});

test("the remediations that come with Rearguard as examples are valid, and check says what each answers", async () => {
  const lines: string[] = [];
  const code = await check([join(import.meta.dirname, "../../../config/examples")], (line) => lines.push(line));
  expect([code, lines]).toEqual([
    0,
    [
      "slow-backend (observe): alert BackendSlow of every workload in shop with app=backend, when cpu: scale, notify",
      "leaking-backend (observe): alert MemoryNearLimit of every workload in shop with app=backend: restart, notify",
      "failing-backend (observe): alert HighErrorRate of every workload in shop with app=backend: rollback, restart, notify",
      "backend-does-not-start (observe): alert KubePodNotReady or KubePodCrashLooping of every workload in shop with app=backend: diagnose",
      'certificate (observe): at "0 6 * * *" Europe/Berlin for every workload named front in shop, when runs-out: notify',
      'backup-age (observe): at "30 6 * * *" Europe/Berlin for every workload named database-proxy in shop, when too-old: notify',
      'capacity (observe): at "0 7 * * 1" Europe/Berlin for every workload in shop with app=backend, when peak: scale',
      "7 remediations in 1 file, no problem",
    ],
  ]);
});

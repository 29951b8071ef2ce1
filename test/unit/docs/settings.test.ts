import { describe, expect, it } from "vitest";
import { jsonSchemaOf } from "../../../src/policies/json-schema.ts";
import { environmentKeys } from "../../../src/settings.ts";
import { settingsSchema } from "../../../src/settings-schema.ts";
import { codeRows, keysOf } from "./keys.ts";
import { page } from "./page.ts";

describe("docs/settings.md", () => {
  it("has every key of the settings with its default, and no other", async () => {
    const rows = codeRows(await page("docs/settings.md")).filter(([key = ""]) => !key.startsWith("REARGUARD_"));

    const keys = keysOf(jsonSchemaOf(settingsSchema("/")));
    expect(Object.fromEntries(rows.map(([key = "", written = ""]) => [key, written]))).toEqual(
      Object.fromEntries(keys.map(({ path, written }) => [path, written])),
    );
  });

  it("says what every key means", async () => {
    const rows = codeRows(await page("docs/settings.md"));

    expect(rows.filter(([key = "", , meaning]) => !key.startsWith("REARGUARD_") && !meaning)).toEqual([]);
  });

  it("has every environment variable with its key, and no other", async () => {
    const rows = codeRows(await page("docs/settings.md")).filter(([key = ""]) => key.startsWith("REARGUARD_"));

    expect(Object.fromEntries(rows.map(([variable = "", key = ""]) => [variable, key.split(".")]))).toEqual(environmentKeys);
  });
});

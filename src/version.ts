import { readFileSync } from "node:fs";

/** Version of this program, from package.json: there is no build that could put it elsewhere. */
export const version: string = (JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string })
  .version;

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { sentence } from "../errors.ts";
import { crdYaml } from "../journal/crd.ts";
import { version } from "../version.ts";
import { check } from "./check.ts";
import { explain } from "./explain.ts";
import { generate } from "./generate.ts";

const usage = `Rearguard ${version}

Usage: npm run cli -- COMMAND

  check [PATH…]       checks files and folders of policies and remediations, config/policies unless told; exit code 1 when
                      there is a problem
  explain [GUARD] [--url URL] [--token-file FILE]
                      why a guard of a running daemon decided so, block by block; without GUARD a list
  generate [--check]  writes the JSON schema of policies and the custom resource definition
  demo                a small shop, a real daemon, three rollouts (npm run demo -- --help)

The daemon itself: npm start -- --help`;

const root = fileURLToPath(new URL("../..", import.meta.url));
const write = (line: string) => void process.stdout.write(`${line}\n`);

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${sentence(error)}\n\n${usage}\n`);
  process.exitCode = 2;
}

async function main([command, ...args]: readonly string[]): Promise<number> {
  // The demo has a text of its own.
  if (command !== "demo" && args.some((arg) => arg === "--help" || arg === "-h")) {
    write(usage);
    return 0;
  }
  switch (command) {
    case "check": {
      const { positionals } = parseArgs({ args: [...args], allowPositionals: true });
      return check(positionals.length > 0 ? positionals : ["config/policies"], write);
    }
    case "explain": {
      const options = { url: { type: "string", default: "http://127.0.0.1:8080" }, "token-file": { type: "string" } } as const;
      const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
      if (positionals.length > 1) throw new Error(`explain takes one guard, not ${positionals.length}`);
      return explain({ name: positionals[0], url: values.url, tokenFile: values["token-file"] }, write);
    }
    case "generate": {
      const { values } = parseArgs({ args: [...args], options: { check: { type: "boolean", default: false } } });
      return generate({ root, check: values.check, more: [{ path: "deploy/crds/guards.rearguard.dev.yaml", text: crdYaml() }], write });
    }
    case "demo": {
      // Loaded only here: nothing else may depend on the sandbox.
      const { demo } = await import("./demo.ts");
      return demo(args, process.stdout);
    }
    case undefined:
    case "help":
    case "--help":
    case "-h":
      write(usage);
      return command === undefined ? 2 : 0;
    default:
      throw new Error(`unknown command ${command}${command === "run" ? "; the daemon is started by npm start" : ""}`);
  }
}

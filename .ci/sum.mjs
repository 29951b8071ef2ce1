// Adds up vitest's JSON reports. A suite that did not run is a failure: a green run of nothing proves nothing.
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

const [broken = "0", folder = ".", ...suites] = process.argv.slice(2);
// The folders that must have run.
const wanted = {
  fast: ["test/unit", "test/contract", "test/scenario"],
  e2e: ["test/contract", "test/e2e"],
};
let passed = 0;
let failed = Number(broken);

for (const suite of suites) {
  const before = failed;
  const ran = new Map(wanted[suite].map((path) => [path, 0]));
  for (const { name, assertionResults, status, message } of readReport(suite)) {
    const file = relative(".", name);
    const good = assertionResults.filter((test) => test.status === "passed").length;
    // A skipped test counts as failed, and so does a file that failed outside its tests.
    const bad = assertionResults.length - good || (status === "passed" ? 0 : 1);
    passed += good;
    failed += bad;
    if (bad > 0) console.log(`failed: ${suite}: ${file} ${message ?? ""}`.trimEnd());
    for (const [path, tests] of ran) if (file.startsWith(`${path}/`)) ran.set(path, tests + good);
  }
  for (const [path, tests] of ran) {
    console.log(`${suite}: ${path}: ${tests} passed`);
    if (tests > 0) continue;
    console.log(`failed: ${suite}: no test of ${path} passed`);
    failed += 1;
  }
  if (failed > before || !existsSync(join(folder, `${suite}.failed`))) continue;
  console.log(`failed: ${suite} ended with an error`);
  failed += 1;
}

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

function readReport(suite) {
  try {
    return JSON.parse(readFileSync(join(folder, `${suite}.json`), "utf8")).testResults;
  } catch {
    console.log(`failed: ${suite} left no report`);
    return [];
  }
}

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import { createGatherer } from "../../src/judging/patterns/gather.ts";
import { foldFresh, foldOld, newPatterns, noLines, type Quoted } from "../../src/judging/patterns/novelty.ts";
import type { LinesRead, Ms } from "../../src/model.ts";

const faultsSchema = z.array(z.object({ t0: z.number(), service: z.string(), fault: z.string() }));
const lineSchema = z.object({
  t: z.string().transform((text) => Date.parse(text)),
  window_of: z.number().nullable(),
  baseline: z.boolean(),
  pod: z.string(),
  service: z.string(),
  level: z.string(),
  msg: z.string(),
});

type Fault = z.output<typeof faultsSchema>[number];
type Line = z.output<typeof lineSchema>;

const blockMs: Ms = 15_000;
/** Found elsewhere by one fault: what the issue allows. */
const mostElsewhere = 1;

/** What old pods logged: as the data's README has it, or with the lines that came before between the minutes of faults. */
type Before = "readme" | "history";

/**
 * Each fault as if it were a rollout of every service as its minutes begin: the error lines of these minutes against those of quiet minutes, of
 * the minutes of other services' faults, and what came before between them. (Not cut at the labelled instant itself: some faults show a minute
 * before it.) Returns whether each `return` fault is found where it is.
 */
export async function trainTicket(folder: string): Promise<boolean> {
  const read = (name: string) => readFile(join(folder, "nezha-trainticket", name));
  const faults = faultsSchema.parse(JSON.parse(String(await read("faults.json"))));
  const all = gunzipSync(await read("log_noninfo.jsonl.gz"))
    .toString("utf8")
    .trim()
    .split("\n");
  const lines = all.map((line) => lineSchema.parse(JSON.parse(line))).filter(({ level }) => level === "ERROR");
  console.log(`  Train Ticket, ${lines.length} error lines: new patterns after each fault, by service`);
  let met = true;
  let [found, labelled, mostByReadme] = [0, 0, 0];
  for (const fault of faults) {
    const news = newsOf(fault, faults, lines, "history");
    const own = news.get(fault.service) ?? [];
    const elsewhere = elsewhereOf(fault, news);
    const isGood = own.length > 0 && elsewhere.length <= mostElsewhere;
    if (fault.fault === "return") {
      labelled += 1;
      found += own.length > 0 ? 1 : 0;
      met &&= isGood;
      mostByReadme = Math.max(mostByReadme, elsewhereOf(fault, newsOf(fault, faults, lines, "readme")).length);
    }
    const silent = own.length > 0 || errorsOf(fault, lines) > 0 ? "" : " (logs no error line of its own)";
    console.log(
      `    ${fault.t0} ${fault.fault.padEnd(14)} ${fault.service}: ${own.length} new there${silent}, ${elsewhere.length} services elsewhere`,
    );
    for (const [service, quoted] of [[fault.service, own] as const, ...elsewhere]) for (const one of quoted) print(service, one);
  }
  console.log(
    `  return faults found on their service: ${found} of ${labelled} (target all, with at most ${mostElsewhere} service elsewhere each)`,
  );
  console.log(`  without what came before between the minutes of faults: at most ${mostByReadme} services elsewhere`);
  return met;
}

function elsewhereOf({ service: own }: Fault, news: ReadonlyMap<string, readonly Quoted[]>) {
  return [...news].filter(([service, quoted]) => service !== own && quoted.length > 0);
}

function newsOf(fault: Fault, faults: readonly Fault[], lines: readonly Line[], given: Before): ReadonlyMap<string, readonly Quoted[]> {
  const isOfFault = (line: Line) => line.window_of === fault.t0 && !line.baseline;
  const from = Math.min(...lines.filter(isOfFault).map(({ t }) => t)) - 1;
  const ofOthers = new Set(faults.filter(({ service }) => service !== fault.service).map(({ t0 }) => t0));
  const byService = Map.groupBy(lines, ({ service }) => service);
  return new Map(
    [...byService].map(([service, own]) => {
      const isBetween = (line: Line) => given === "history" && line.window_of === null && line.t <= from;
      const isOfOther = (line: Line) => line.window_of !== null && ofOthers.has(line.window_of);
      const before = own.filter((line) => line.baseline || isOfOther(line) || isBetween(line));
      const after = own.filter(isOfFault);
      const until = Math.max(from, ...after.map(({ t }) => t)) + 2 * blockMs;
      let memory = foldOld(noLines, readOf(before, from - 6 * 3_600_000, from));
      for (let at = from + blockMs; at <= until; at += blockMs) {
        memory = foldFresh(
          memory,
          readOf(
            after.filter(({ t }) => t > at - blockMs && t <= at),
            at - blockMs,
            at,
          ),
        );
        memory = foldOld(memory, readOf([], at - blockMs, at));
      }
      return [service, newPatterns(memory, { blockMs, readySince: () => from - 3_600_000 })];
    }),
  );
}

function readOf(lines: readonly Line[], from: Ms, to: Ms): LinesRead {
  const gatherer = createGatherer();
  for (const { msg, pod, t } of lines) gatherer.add({ text: msg, pod, at: t });
  return gatherer.read(from, to, true);
}

function errorsOf({ t0, service }: Fault, lines: readonly Line[]): number {
  return lines.filter((line) => line.window_of === t0 && line.service === service).length;
}

function print(service: string, { pattern, lines }: Quoted): void {
  console.log(`      ${service}: ${lines} x ${pattern.length > 150 ? `${pattern.slice(0, 70)} … ${pattern.slice(-75)}` : pattern}`);
}

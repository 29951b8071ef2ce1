import type { ElasticsearchApi } from "../clients/elasticsearch/api.ts";
import { isSilent, sentence } from "../errors.ts";
import type { Measurement, Ms } from "../model.ts";
import type { LogsAsk } from "./ask.ts";
import { eachOf } from "./each-of.ts";
import { type Around, aroundOf, linesFound, linesOfAsk, nothingBecause, type OwnerLines } from "./log-answer.ts";
import { arrivalSearch, logSearch, ownersIn, whyNothing } from "./log-search.ts";
import { basesOf, podBase } from "./pod-prefix.ts";
import { type LinesBudget, readAll } from "./read-lines.ts";
import { createSaid, type SourceLog } from "./said.ts";

type Answers = ReadonlyMap<string, readonly Measurement[]>;

/** Bounds on the size of one search: its clauses, and the buckets of its answer, of which Elasticsearch gives 65,535 at most. */
const mostAsks = 50;
const mostInstants = 60;
/** Asks times instants; each may have two revisions of some 50 pods that log errors. */
const mostCells = 600;
/** Searches of different guards; one that hangs must not hold up all others. */
const atOnce = 2;

/**
 * Asks Elasticsearch for the log lines of all guards: one search for all that read the same index by the same fields. A search that fails
 * makes `error` measurements of its own asks alone, and after one without an answer no more are asked; where no line of an ask's pods was seen, a second search says why. Never rejects.
 */
export function createLogSampler({ elasticsearch, log }: { readonly elasticsearch: ElasticsearchApi; readonly log: SourceLog }) {
  const say = createSaid(log);

  async function measured(asks: readonly LogsAsk[], instants: readonly Ms[]): Promise<Answers> {
    const owners = ownersIn(asks);
    if (owners.length === 0) return new Map();
    const answer = await elasticsearch.search(logSearch(owners, instants));
    if (answer.kind === "nothing") return new Map(asks.map((ask) => [ask.id, noData(instants, answer.because)]));
    const found = linesFound(answer, owners, instants);
    const [{ query }] = asks as readonly [LogsAsk];
    const namespaces = [...new Set(asks.map(({ namespace }) => namespace))];
    const around = aroundOf(await elasticsearch.search(arrivalSearch(query, instants, namespaces)), instants);
    const entries = asks.map(async (ask) => [ask.id, await measurementsOf(ask, found, instants, around)] as const);
    return new Map(await Promise.all(entries));
  }

  /** Of all at once, so that those that have waited longest come first: puts what the lines say beside the last count of those whose new pods logged any. */
  async function withLines(asks: readonly LogsAsk[], answers: Map<string, readonly Measurement[]>, budget?: LinesBudget): Promise<void> {
    const wanted = asks.flatMap((ask) => {
      const last = answers.get(ask.id)?.at(-1);
      const { read } = ask.query;
      if (read === undefined || last?.kind !== "lines" || !hasLines(last, read.fresh)) return [];
      return [{ ...read, ask, to: last.at }];
    });
    for (const [ask, read] of await readAll(elasticsearch, wanted, budget)) {
      const measurements = answers.get(ask.id) ?? [];
      const last = measurements.at(-1);
      if (last?.kind === "lines") answers.set(ask.id, [...measurements.slice(0, -1), { ...last, read }]);
    }
  }

  async function measurementsOf(
    ask: LogsAsk,
    found: readonly OwnerLines[],
    instants: readonly Ms[],
    around: Around,
  ): Promise<readonly Measurement[]> {
    const last = instants.at(-1) ?? 0;
    const [first] = ownersIn([ask]);
    const isSilent = found.every(({ owner, heard }) => owner.ask !== ask || heard.at(-1) === 0);
    if (first === undefined || !isSilent) return linesOfAsk(ask, found, instants, around);
    // To know why is a help; that it cannot be known is no fault of the other guards.
    const because = await elasticsearch.search(whyNothing(first, last)).then(
      (why) => (why.kind === "nothing" ? why.because : nothingBecause(ask, why, last)),
      (error: unknown) => sentence(error),
    );
    return noData(instants, because);
  }

  return async (asks: readonly LogsAsk[], instants: readonly Ms[], budget?: LinesBudget): Promise<Answers> => {
    const result = new Map<string, readonly Measurement[]>();
    const failures = new Set<string>();
    const counted: LogsAsk[] = [];
    let silent: string | undefined;
    const size = Math.min(mostAsks, Math.floor(mostCells / Math.min(instants.length, mostInstants)));
    const groups = Map.groupBy(asks, ({ query }) => JSON.stringify([query.index, query.fields]));
    const chunks = [...groups.values()].flatMap((group) => chunksOf(group, size));
    await eachOf(chunks, atOnce, async (together) => {
      let failed: string | undefined;
      for (const span of chunksOf(instants, mostInstants)) {
        failed ??= silent;
        // Nothing after a failure is judged before it is mended, so it is not asked.
        const asked = failed === undefined ? measured(together, span) : Promise.reject(new Error(failed));
        const answers = await asked.catch((error: unknown): Answers => {
          const because = (failed ??= sentence(error));
          if (isSilent(error)) silent ??= because;
          failures.add(because);
          return new Map(together.map((ask) => [ask.id, span.map((at) => ({ kind: "error", at, because }) as const)]));
        });
        for (const [id, measurements] of answers) result.set(id, [...(result.get(id) ?? []), ...measurements]);
      }
      if (failed === undefined) counted.push(...together);
    });
    await withLines(counted, result, budget);
    say(failures);
    return result;
  };
}

function hasLines({ pods }: Extract<Measurement, { kind: "lines" }>, owner: string): boolean {
  return pods.some(({ pod, lines }) => lines > 0 && basesOf(pod).includes(podBase(owner)));
}

function noData(instants: readonly Ms[], because: string): readonly Measurement[] {
  return instants.map((at) => ({ kind: "no-data", at, because }));
}

function chunksOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, order) => items.slice(order * size, (order + 1) * size));
}

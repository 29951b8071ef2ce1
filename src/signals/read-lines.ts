// The lines themselves, as evidence and to find new patterns: capped searches beside the one that counts.
import type { ElasticsearchApi, Hit, SearchRequest } from "../clients/elasticsearch/api.ts";
import { sentence } from "../errors.ts";
import { createGatherer, type FoundLine } from "../judging/patterns/gather.ts";
import type { LinesOrWhy, LinesRead, LogFields, Ms } from "../model.ts";
import type { LinesWanted, LogsAsk, OldLines } from "./ask.ts";
import { eachOf } from "./each-of.ts";
import { anyOf, isBad, ofDeployment, ofPods, within } from "./log-search.ts";

/** Lines of one side that are read at once, the newest ones, and how many in one answer. */
export const mostLines = 2000;
const pageLines = 500;
/** Nothing is judged by these lines, so nothing waits for them for long: for one page, and for all of a beat. */
const patienceMs = 2000;
const budgetMs = 4000;
const atOnce = 4;

interface Wanted extends LinesWanted {
  readonly ask: LogsAsk;
  readonly to: Ms;
}

interface Span {
  readonly from: Ms;
  readonly to: Ms;
  readonly budget: AbortSignal;
}

/** Begins when it is first asked for: until it aborts, one beat reads lines, in however many searches. */
export type LinesBudget = () => AbortSignal;

export function linesBudget(): LinesBudget {
  let begun: AbortSignal | undefined;
  return () => (begun ??= AbortSignal.timeout(budgetMs));
}

export type Read = { readonly fresh: LinesOrWhy; readonly old?: LinesOrWhy };

/**
 * Reads the lines of all asks, a few at a time. After the first failure the rest is left for the next block: a server that hangs must cost a
 * beat its patience once, not for each guard. Never rejects.
 */
export async function readAll(
  elasticsearch: ElasticsearchApi,
  wanted: readonly Wanted[],
  beat: LinesBudget = linesBudget(),
): Promise<ReadonlyMap<LogsAsk, Read>> {
  const found = new Map<LogsAsk, Read>();
  if (wanted.length === 0) return found;
  // Those that have waited longest come first: what is not read in this beat must not wait for ever.
  const left = wanted.toSorted((one, other) => one.freshAfter - other.freshAfter);
  const budget = beat();
  let failed: string | undefined;

  async function unlessFailed(read: () => Promise<LinesRead>): Promise<LinesOrWhy> {
    if (budget.aborted) failed ??= `reading them took longer than ${budgetMs / 1000} s`;
    if (failed !== undefined) return { because: failed };
    try {
      return await read();
    } catch (error) {
      return { because: (failed = sentence(error)) };
    }
  }

  await eachOf(left, atOnce, async ({ ask, fresh, freshAfter, old, to }) => {
    const ofNew = await unlessFailed(() => readLines(elasticsearch, ask, podsOf(ask, [fresh]), { from: freshAfter, to, budget }));
    const ofOld =
      old === undefined ? {} : { old: await unlessFailed(() => readOld(elasticsearch, ask, fresh, old, { from: old.after, to, budget })) };
    found.set(ask, { fresh: ofNew, ...ofOld });
  });
  return found;
}

/**
 * Page by page from the newest line on, so that no answer is large. A page begins where the one before it ended, that instant included: lines
 * of one instant may lie on both sides of a page's end, and those that were seen are passed over. Where a whole page is of one instant there is
 * no way further back.
 */
async function readLines(elasticsearch: ElasticsearchApi, ask: LogsAsk, pods: object, { from, to, budget }: Span): Promise<LinesRead> {
  const gatherer = createGatherer();
  let [until, read, seen] = [to, 0, new Set<string>()];
  for (;;) {
    const hits = await page(elasticsearch, ask, pods, { from, to: until }).catch((error: unknown) => {
      if (read === 0) throw error;
    });
    // What was read before it failed is better than nothing.
    if (hits === undefined) return gatherer.read(from, to, false);
    const fresh = hits.filter((hit) => !seen.has(idOf(hit)));
    for (const hit of fresh) gatherer.add(lineOf(hit, ask.query.fields));
    read += fresh.length;
    if (hits.length < pageLines) return gatherer.read(from, to, true);
    const oldest = Math.min(...hits.map((hit) => timeOf(hit, ask.query.fields)));
    if (fresh.length === 0 || read >= mostLines || budget.aborted || !Number.isFinite(oldest)) return gatherer.read(from, to, false);
    until = Math.ceil(oldest);
    seen = new Set(hits.map(idOf));
  }
}

/**
 * The lines of old pods, and, where they are more than are read at once, what is found of the doubtful patterns by their words. A search by
 * words says something only where it finds the new pods' own lines.
 */
async function readOld(elasticsearch: ElasticsearchApi, ask: LogsAsk, fresh: string, old: OldLines, span: Span): Promise<LinesRead> {
  const lines = await readLines(elasticsearch, ask, oldPods(ask, fresh, old), span);
  const { doubts } = old;
  if (doubts === undefined || span.budget.aborted) return lines;
  const gatherer = createGatherer();
  const checked: { pattern: string; sure: boolean }[] = [];
  for (const { pattern, phrase } of doubts.patterns) {
    if (span.budget.aborted) break;
    const saying = (pods: object) => ({ bool: { filter: [pods, anyOf(ask.query.fields.texts.map((field) => wordsIn(field, phrase)))] } });
    const found = await Promise.all([
      page(elasticsearch, ask, saying(podsOf(ask, [fresh])), { from: ask.query.from, to: span.to }, 1),
      page(elasticsearch, ask, saying(oldPods(ask, fresh, old)), { from: doubts.from, to: span.to }),
    ]).catch(() => undefined);
    // It stays in doubt; the lines that were read are kept.
    if (found === undefined) break;
    const [own, others] = found;
    for (const hit of others) gatherer.add(lineOf(hit, ask.query.fields));
    checked.push({ pattern, sure: own.length > 0 && others.length < pageLines });
  }
  const { patterns, whole } = gatherer.read(doubts.from, span.to, true);
  return { ...lines, patterns: [...lines.patterns, ...patterns], checked: checked.map((one) => ({ ...one, sure: one.sure && whole })) };
}

/** All words, in any order. `lenient`: a field of another type has none of them. */
function wordsIn(field: string, query: string): object {
  return { match: { [field]: { query, operator: "and", lenient: true } } };
}

async function page(elasticsearch: ElasticsearchApi, ask: LogsAsk, pods: object, { from, to }: Omit<Span, "budget">, size = pageLines) {
  const answer = await elasticsearch.search({ ...pageSearch(ask, pods, from, to), size });
  return answer.kind === "nothing" ? [] : answer.hits;
}

function pageSearch(ask: LogsAsk, pods: object, from: Ms, to: Ms): Omit<SearchRequest, "size"> {
  const { index, fields } = ask.query;
  return {
    index,
    query: { bool: { filter: [within(fields, from, to), pods, isBad(fields)] } },
    sort: [{ [fields.time]: { order: "desc", unmapped_type: "date" } }],
    fields: [...fields.texts, fields.pod, { field: fields.time, format: "epoch_millis" }],
    timeoutMs: patienceMs,
  };
}

function podsOf(ask: LogsAsk, owners: readonly string[]): object {
  return anyOf(owners.map((name) => ({ bool: { filter: ofPods({ ask, name }) } })));
}

/** Of every revision but the new one: the last one may have been there for minutes only. */
function oldPods(ask: LogsAsk, fresh: string, { owners, workload }: OldLines): object {
  const ofWorkload = { bool: { filter: ofDeployment(ask, workload) } };
  return { bool: { filter: [anyOf([podsOf(ask, owners), ofWorkload])], must_not: [podsOf(ask, [fresh])] } };
}

function lineOf(hit: Hit, fields: LogFields): FoundLine {
  const text = fields.texts.map((field) => hit.fields[field]?.[0]).find((value) => typeof value === "string" && value.trim() !== "");
  const pod = hit.fields[fields.pod]?.[0];
  const line = { pod: typeof pod === "string" ? pod : "", at: timeOf(hit, fields) };
  return typeof text === "string" ? { ...line, text } : line;
}

/** Milliseconds; with a fraction where the field is of type date_nanos. */
function timeOf(hit: Hit, fields: LogFields): Ms {
  return Number(hit.fields[fields.time]?.[0] ?? Number.NaN);
}

function idOf({ index, id }: Hit): string {
  return `${index}/${id}`;
}

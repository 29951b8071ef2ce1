import { fieldOf, type Flat, type Mapping, tokensOf } from "./mapping.ts";
import { SearchRefused } from "./refusal.ts";

export type Matches = (document: Flat) => boolean;
type Clause = Readonly<Record<string, unknown>>;
type Values = readonly (string | number)[];

/** Compiles the queries that Rearguard sends; any other is refused. */
export function compile(query: unknown, mapping: Mapping): Matches {
  const [[kind, body] = ["", {}]] = Object.entries(query as Clause);
  if (kind === "match_all") return () => true;
  if (kind === "bool") return boolOf(body as Clause, mapping);
  if (kind === "exists") return existsOf(String((body as Clause)["field"]), mapping);
  const [[name, told] = ["", {}]] = Object.entries(body as Clause);
  const field = fieldOf(mapping, name);
  if (field === undefined) return () => false;
  const test = testOf(kind, name, field.type, told as Clause);
  return (document) => test(document.get(field.path) ?? []);
}

function boolOf(body: Clause, mapping: Mapping): Matches {
  const all = (key: string) => [body[key] ?? []].flat().map((query) => compile(query, mapping));
  const [filter, should, not] = [all("filter"), all("should"), all("must_not")];
  const least = Number(body["minimum_should_match"] ?? (filter.length === 0 && should.length > 0 ? 1 : 0));
  return (document) =>
    filter.every((matches) => matches(document)) &&
    not.every((matches) => !matches(document)) &&
    (least === 0 || should.some((matches) => matches(document)));
}

function existsOf(name: string, mapping: Mapping): Matches {
  const field = fieldOf(mapping, name);
  return (document) => field !== undefined && (document.get(field.path)?.length ?? 0) > 0;
}

function testOf(kind: string, name: string, type: string, told: Clause): (values: Values) => boolean {
  const words = (values: Values): readonly string[] =>
    values.flatMap((value) => (type === "text" ? tokensOf(String(value)) : String(value)));
  switch (kind) {
    case "term":
      return (values) => words(values).includes(String(told["value"]));
    case "regexp": {
      if (type !== "text" && type !== "keyword") throw new SearchRefused("query_shard_exception", notWords(name, type));
      const pattern = new RegExp(`^(?:${String(told["value"])})$`);
      return (values) => words(values).some((word) => pattern.test(word));
    }
    case "match": {
      const query = String(told["query"]);
      if (type === "long" && Number.isNaN(Number(query))) {
        if (told["lenient"] === true) return () => false;
        throw new SearchRefused("query_shard_exception", `failed to create query: For input string: "${query}"`);
      }
      const wanted = type === "text" ? tokensOf(query) : [query];
      if (told["operator"] === "and") return (values) => wanted.length > 0 && wanted.every((word) => words(values).includes(word));
      return (values) => words(values).some((word) => wanted.includes(word));
    }
    case "range": {
      const bound = (key: string, usual: number) => (told[key] === undefined ? usual : Number(told[key]));
      const [gt, gte, lte, lt] = [bound("gt", -Infinity), bound("gte", -Infinity), bound("lte", Infinity), bound("lt", Infinity)];
      return (values) => values.map(instantOf).some((value) => value > gt && value >= gte && value <= lte && value < lt);
    }
    default:
      throw new SearchRefused("parsing_exception", `unknown query [${kind}]`);
  }
}

function notWords(field: string, type: string): string {
  return `Can only use regexp queries on keyword and text fields - not on [${field}] which is of type [${type}]`;
}

export function instantOf(value: string | number): number {
  return typeof value === "number" ? value : Date.parse(value);
}

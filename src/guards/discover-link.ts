import { phraseOf } from "../judging/patterns/phrase.ts";
import type { LogFields, Ms } from "../model.ts";

/** Log lines as a link shows them. */
export interface ShownLines {
  readonly index: string;
  readonly fields: LogFields;
  readonly namespace: string;
  /** What the names of the pods begin with. */
  readonly owner: string;
  /** (from, to], to the millisecond. */
  readonly from: Ms;
  readonly to: Ms;
  /** Only lines like these; all lines of the level without it. */
  readonly pattern?: string;
}

/** Release whose parameters these are: a newer Kibana brings them up to its own. */
const version = "8.17.0";

/**
 * Opens Kibana's Discover on exactly these lines, without a data view that somebody had to make. The state in the URL of Discover itself
 * (`_g`, `_a`) can only name a saved one; parameters of its locator, which the redirect page takes as JSON, can bring their own.
 * @param kibana base URL, with `/s/<space>` where the space is not the default one.
 */
export function discoverLink(kibana: string, lines: ShownLines): string {
  const { index, fields, from, to } = lines;
  const params = {
    dataViewSpec: { id: `rearguard-${index}`, title: index, timeFieldName: fields.time },
    timeRange: { from: isoOf(from + 1), to: isoOf(to), mode: "absolute" },
    query: { language: "kuery", query: kqlOf(lines) },
    columns: [fields.pod, ...fields.texts],
    sort: [[fields.time, "desc"]],
  };
  const search = new URLSearchParams({ l: "DISCOVER_APP_LOCATOR", v: version, p: JSON.stringify(params) });
  return `${kibana.replace(/\/$/, "")}/app/r?${search.toString()}`;
}

function kqlOf({ fields, namespace, owner, pattern }: ShownLines): string {
  const levels = anyOf(fields.levels.map((field) => `${field}: (${fields.values.map(quote).join(" or ")})`));
  const phrase = pattern === undefined ? "" : phraseOf(pattern);
  return [
    `${fields.namespace}: ${quote(namespace)}`,
    `${fields.pod}: ${escapeWild(owner)}-*`,
    levels,
    ...(phrase === "" ? [] : [anyOf(fields.texts.map((field) => `${field}: ${quote(phrase)}`))]),
  ].join(" and ");
}

/** Any text as a value of the Kibana query language. */
export function quote(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}

function escapeWild(text: string): string {
  return text.replaceAll(/[\\():<>"*{}\s]/g, "\\$&");
}

function anyOf(clauses: readonly string[]): string {
  const [first = "", ...rest] = clauses;
  return rest.length === 0 ? first : `(${clauses.join(" or ")})`;
}

/** `2026-11-23T12:00:00.000Z`. Days are counted from 1 March of the year 0, so that the leap day is the last of a year (days_from_civil). */
export function isoOf(at: Ms): string {
  const days = Math.floor(at / 86_400_000);
  const ofDay = Math.floor(at - days * 86_400_000);
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const two = (value: number, length = 2) => String(value).padStart(length, "0");
  const time = [Math.floor(ofDay / 3_600_000), Math.floor(ofDay / 60_000) % 60, Math.floor(ofDay / 1000) % 60].map((part) => two(part));
  return `${two(year, 4)}-${two(month)}-${two(day)}T${time.join(":")}.${two(ofDay % 1000, 3)}Z`;
}

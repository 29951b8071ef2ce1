import type { Shard } from "./aggregate.ts";
import { fieldOf, type Flat } from "./mapping.ts";
import { instantOf } from "./query.ts";

type Body = Readonly<Record<string, unknown>>;

const ids = new WeakMap<Flat, string>();
let made = 0;

/** The documents that a search gives back, by time where it asks for an order, each with the fields that it asks for. */
export function hitsOf({ size = 10, sort = [], fields = [] }: Body, shards: readonly Shard[]): readonly object[] {
  const [[by, told] = ["", {}]] = (sort as readonly Body[]).map((one) => Object.entries(one)[0] as [string, Body]);
  const down = told["order"] === "desc" ? -1 : 1;
  const all = shards.flatMap((shard) => shard.documents.map((document) => ({ shard, document, at: timeOf(shard, document, by) })));
  return all
    .toSorted((one, other) => down * (one.at - other.at))
    .slice(0, Number(size))
    .map(({ shard, document }) => ({
      _index: shard.index,
      _id: idOf(document),
      _score: null,
      fields: Object.fromEntries((fields as readonly (string | Body)[]).flatMap((field) => fieldsOf(shard, document, field))),
    }));
}

function fieldsOf({ mapping }: Shard, document: Flat, field: string | Body): readonly (readonly [string, unknown[]])[] {
  const name = typeof field === "string" ? field : String(field["field"]);
  const values = document.get(fieldOf(mapping, name)?.path ?? "");
  if (values === undefined) return [];
  const isMillis = typeof field !== "string" && field["format"] === "epoch_millis";
  return [[name, values.map((value) => (isMillis ? String(instantOf(value)) : value))]];
}

function timeOf({ mapping }: Shard, document: Flat, field: string): number {
  const [value] = document.get(fieldOf(mapping, field)?.path ?? "") ?? [];
  return value === undefined ? 0 : instantOf(value);
}

function idOf(document: Flat): string {
  const id = ids.get(document) ?? String((made += 1));
  ids.set(document, id);
  return id;
}

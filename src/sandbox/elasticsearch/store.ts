import { patternOf } from "./access.ts";
import { explicitMapping, flatten, type Flat, learn, type Mapping } from "./mapping.ts";
import type { Shard } from "./aggregate.ts";

/** Indices of one Elasticsearch; an index is made by its first document. */
export interface LogStore {
  create(index: string, properties: object): void;
  add(index: string, source: object): void;
  /** Of an index pattern such as `logs-*,other`. */
  shards(pattern: string): readonly Shard[];
}

export function createLogStore(): LogStore {
  const indices = new Map<string, { readonly mapping: Mapping; readonly documents: Flat[] }>();
  const indexOf = (name: string, mapping: Mapping = new Map()) => {
    const index = indices.get(name) ?? { mapping, documents: [] };
    indices.set(name, index);
    return index;
  };
  return {
    create: (index, properties) => void indexOf(index, explicitMapping(properties)),
    add(index, source) {
      const { mapping, documents } = indexOf(index);
      const flat = flatten(source);
      learn(mapping, flat);
      documents.push(flat);
    },
    shards(pattern) {
      const wanted = pattern.split(",").map(patternOf);
      return [...indices]
        .filter(([name]) => wanted.some((part) => part.test(name)))
        .map(([index, { mapping, documents }]) => ({ index, mapping, documents }));
    },
  };
}

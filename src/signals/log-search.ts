// One search for the log lines of many guards: only errors are gathered by pod, everything else is merely counted.
import type { SearchRequest } from "../clients/elasticsearch/api.ts";
import type { LogFields, Ms } from "../model.ts";
import type { LogsAsk } from "./ask.ts";
import { escapeRegex, podBase } from "./pod-prefix.ts";

/** The pods of one ReplicaSet (or other owner) that one ask is about. */
export interface LogOwner {
  readonly ask: LogsAsk;
  readonly name: string;
}

/** Pods of one owner that are told apart; Elasticsearch gives at most 65,535 buckets in one answer, one for each pod and instant. */
export const mostPods = 1000;

export function ownersIn(asks: readonly LogsAsk[]): readonly LogOwner[] {
  return asks.flatMap((ask) => ask.prefixes.map((name) => ({ ask, name })));
}

/**
 * Lines of each owner's pods since its ask's `from`, by pod and instant. The block that ends at `t` holds what lies in (t - block, t]:
 * Elasticsearch counts a range up to, not including its end, in whole milliseconds.
 */
export function logSearch(owners: readonly LogOwner[], instants: readonly Ms[]): SearchRequest {
  const [first] = owners;
  if (first === undefined) throw new TypeError("A search needs at least one owner.");
  const { index, fields } = first.ask.query;
  const filters = owners.map((owner) => linesOf(owner));
  const last = Math.max(...instants);
  const at = {
    date_range: {
      field: fields.time,
      format: "epoch_millis",
      keyed: true,
      ranges: instants.map((to, order) => {
        const before = instants[order - 1];
        return { key: String(order), to: to + 1, ...(before === undefined ? {} : { from: before + 1 }) };
      }),
    },
  };
  return {
    index,
    query: { bool: { filter: [within(fields, Math.min(...owners.map(({ ask }) => ask.query.from)), last), anyOf(filters)] } },
    aggs: {
      owners: {
        filters: { filters: Object.fromEntries(filters.map((filter, order) => [String(order), filter])) },
        aggs: {
          heard: { filter: hasLevel(fields), aggs: { at } },
          bad: { filter: isBad(fields), aggs: { pods: { terms: { field: fields.pod, size: mostPods }, aggs: { at } } } },
        },
      },
    },
  };
}

/**
 * Documents of the index in each block, whoever wrote them: whether lines arrive at all. And the error lines of each namespace that name no
 * pod: nobody can be charged with them.
 */
export function arrivalSearch(
  { index, fields, block }: LogsAsk["query"],
  instants: readonly Ms[],
  namespaces: readonly string[],
): SearchRequest {
  const query = within(fields, Math.min(...instants) - block, Math.max(...instants));
  const podless = namespaces.map((namespace) => ({
    bool: { filter: [inNamespace(fields, namespace), isBad(fields)], must_not: [{ exists: { field: fields.pod } }] },
  }));
  const filters = Object.fromEntries(podless.map((filter, order) => [namespaces[order] ?? "", filter]));
  const ranges = instants.map((to, order) => ({ key: String(order), from: to - block + 1, to: to + 1 }));
  const at = { date_range: { field: fields.time, format: "epoch_millis", keyed: true, ranges } };
  return { index, query, aggs: { arrived: at, podless: { filters: { filters } } } };
}

/** Why nothing was found: how many documents there are at all, and how many have the fields that are looked for. */
export function whyNothing(owner: LogOwner, until: Ms): SearchRequest {
  const { index, fields, from } = owner.ask.query;
  return {
    index,
    query: within(fields, from, until),
    aggs: {
      pod: { filter: { exists: { field: fields.pod } } },
      namespace: { filter: { exists: { field: fields.namespace } } },
      level: { filter: hasLevel(fields) },
      own: { filter: anyOf(owner.ask.prefixes.map((name) => linesOf({ ask: owner.ask, name }))) },
      // Both must be searchable whole: Elasticsearch says which is not.
      pods: { terms: { field: fields.pod, size: 1 } },
      namespaces: { terms: { field: fields.namespace, size: 1 } },
    },
  };
}

function linesOf(owner: LogOwner): object {
  const { fields, from } = owner.ask.query;
  return { bool: { filter: [...ofPods(owner), { range: { [fields.time]: { gt: from, format: "epoch_millis" } } }] } };
}

/** Lines of an owner's pods, at whatever time. */
export function ofPods({ ask, name }: LogOwner): readonly object[] {
  const { fields } = ask.query;
  return [inNamespace(fields, ask.namespace), { regexp: { [fields.pod]: { value: `${escapeRegex(podBase(name))}[a-z0-9]+` } } }];
}

/** Letters of pod-template-hashes and of the ends of pod names: by them `checkout-5bd7c985bf-x2x4z` is no pod of a `checkout-worker`. */
const random = "[bcdfghjklmnpqrstvwxz2456789]";

/** Lines of the pods of all revisions of a Deployment. */
export function ofDeployment({ namespace, query: { fields } }: LogsAsk, name: string): readonly object[] {
  const value = `${escapeRegex(name)}-${random}{6,10}-${random}{5}`;
  return [inNamespace(fields, namespace), { regexp: { [fields.pod]: { value } } }];
}

function inNamespace(fields: LogFields, namespace: string): object {
  return { term: { [fields.namespace]: { value: namespace } } };
}

export function within(fields: LogFields, from: Ms, to: Ms): object {
  return { range: { [fields.time]: { gt: from, lte: to, format: "epoch_millis" } } };
}

function hasLevel({ levels }: LogFields): object {
  return anyOf(levels.map((field) => ({ exists: { field } })));
}

/** `lenient`: a word is looked for in a field of numbers too, where it is simply not found. */
export function isBad({ levels, values }: LogFields): object {
  return anyOf(levels.flatMap((field) => values.map((query) => ({ match: { [field]: { query, lenient: true } } }))));
}

export function anyOf(clauses: readonly object[]): object {
  return { bool: { should: clauses, minimum_should_match: 1 } };
}

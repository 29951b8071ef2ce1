/** A search as Elasticsearch takes it: an index pattern, a query, and what is wanted of what it finds. */
export interface SearchRequest {
  /** Names or patterns, divided by commas: `logs-*,filebeat-*`. */
  readonly index: string;
  readonly query: object;
  readonly aggs?: object;
  /** Documents to give back; none unless told. */
  readonly size?: number;
  readonly sort?: readonly object[];
  /** Fields of the documents to give back. */
  readonly source?: readonly string[];
  /** Fields to give back as their mapping reads them, each a list of values, in the place of the source. */
  readonly fields?: readonly (string | { readonly field: string; readonly format: string })[];
  /** Shorter than the deadline that every search has. */
  readonly timeoutMs?: number;
}

export interface Hit {
  readonly index: string;
  readonly id: string;
  readonly source: Readonly<Record<string, unknown>>;
  readonly fields: Readonly<Record<string, readonly unknown[]>>;
}

/** `nothing`: no index matches, so there was nothing to search. That is not zero documents. */
export type SearchAnswer =
  | {
      readonly kind: "found";
      readonly total: number;
      readonly hits: readonly Hit[];
      readonly aggregations: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: "nothing"; readonly because: string };

/** What Rearguard asks of Elasticsearch. */
export interface ElasticsearchApi {
  /**
   * A whole answer or none: one that timed out, or in which a shard failed, is an error.
   * @throws RearguardError ELASTICSEARCH_UNREACHABLE, _REFUSED, _TIMEOUT, _BAD_QUERY, _VERSION, _NOT_ELASTICSEARCH or _PARTIAL, its sentence
   * free of credentials.
   */
  search(request: SearchRequest): Promise<SearchAnswer>;
  close(): Promise<void>;
}

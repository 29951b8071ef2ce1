/** A query that is answered with an error, in Prometheus' terms. */
export class QueryRefused extends Error {
  readonly errorType: "bad_data" | "execution";

  constructor(errorType: "bad_data" | "execution", message: string) {
    super(message);
    this.name = "QueryRefused";
    this.errorType = errorType;
  }
}

const understood =
  "this sandbox understands selectors with = != =~ !~ and [ranges], last_over_time, rate, increase, histogram_quantile, " +
  "sum, avg, max, min and count by or without labels, + - * / and comparisons with on or ignoring";

/** @param column counted from 1, as Prometheus does. */
export function parseError(column: number, text: string): QueryRefused {
  return new QueryRefused("bad_data", `invalid parameter "query": 1:${column}: parse error: ${text}`);
}

/** For correct PromQL that only a real Prometheus can answer. */
export function notUnderstood(column: number, what: string): QueryRefused {
  return parseError(column, `${what} is not understood: ${understood}`);
}

/** A search that Elasticsearch answers with 400. */
export class SearchRefused extends Error {
  readonly type: string;

  constructor(type: string, reason: string) {
    super(reason);
    this.name = "SearchRefused";
    this.type = type;
  }
}

/** One open watch, as the tests' troublemaker sees it. */
export interface OpenWatch {
  /** Ends the answer, as the server does at its timeout. */
  end(): void;
  /** Cuts the connection. */
  reset(): void;
  /** Says 410 in the stream, then ends. */
  expire(): void;
}

/** All watches that clients hold open, and the troubles a network has with them. */
export class OpenWatches {
  readonly #open = new Set<OpenWatch>();
  /** While true, connections stay open and nothing is said in them. */
  silent = false;

  get count(): number {
    return this.#open.size;
  }

  add(watch: OpenWatch): () => void {
    this.#open.add(watch);
    return () => this.#open.delete(watch);
  }

  end(): void {
    for (const watch of this.#open) watch.end();
  }

  reset(): void {
    for (const watch of this.#open) watch.reset();
  }

  expire(): void {
    for (const watch of this.#open) watch.expire();
  }
}

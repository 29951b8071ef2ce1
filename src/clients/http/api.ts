import type { Ms } from "../../model.ts";

export interface HttpRequest {
  readonly url: string;
  /** YAML map of headers to send. */
  readonly headersFile?: string;
  /** PEM of a certificate authority to trust instead of the system's. */
  readonly caFile?: string;
  /** From the moment the connection stands (with its TLS) to the last byte. */
  readonly withinMs: Ms;
}

/** Whose certificate, and when it runs out. */
export interface Certificate {
  readonly host: string;
  readonly until: Ms;
}

/** What came of one call. It is the caller's to say what a good answer is. */
export type HttpAnswer =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body: string;
      /** The body was longer than what is read of it. */
      readonly cut: boolean;
      readonly certificate?: Certificate;
    }
  /** The other side was reached and did not answer properly: it refused, closed, was too slow or spoke no HTTP. */
  | { readonly kind: "failed"; readonly because: string; readonly certificate?: Certificate }
  /** The other side was reached, but not trusted: its certificate has run out. */
  | { readonly kind: "expired"; readonly host: string }
  /** The other side was not reached, or must not be spoken to: that may be ours, the network's or the settings' fault. */
  | { readonly kind: "unreached"; readonly because: string };

/** Calls any address, with GET, over a connection of its own. Never rejects, follows no redirect. */
export interface HttpApi {
  readonly get: (request: HttpRequest) => Promise<HttpAnswer>;
}

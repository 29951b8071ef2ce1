import type { Cluster } from "../cluster.ts";
import type { ResourceType } from "../resource-type.ts";
import type { Representation } from "./representation.ts";

/** One request about one resource, read and allowed. */
export interface Call {
  readonly cluster: Cluster;
  readonly type: ResourceType;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: string;
  readonly contentType: string;
  readonly manager: string;
  readonly form: Representation;
}

export interface Answer {
  readonly code: number;
  readonly body: unknown;
}

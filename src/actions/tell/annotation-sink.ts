import type { Message } from "../../entry.ts";
import type { Memory } from "./target.ts";

/** One annotation as both of Grafana's APIs know it. */
export interface AnnotationFields {
  readonly text: string;
  readonly tags: readonly string[];
  readonly time: number;
  readonly timeEnd?: number;
}

/** Where annotations go; each call may come twice and leaves one annotation. */
export interface AnnotationSink {
  /** The guard from its opening on; with `timeEnd` it is over. */
  region(message: Message, fields: AnnotationFields, memory: Memory): Promise<void>;
  point(message: Message, fields: AnnotationFields, memory: Memory): Promise<void>;
}

/** A call below Grafana's root; gives the text of its answer. */
export type GrafanaCall = (method: "GET" | "POST" | "PATCH" | "DELETE", url: URL, body?: unknown) => Promise<string>;

import type { Phase } from "../entry.ts";
import type { PastAction } from "../guards/governor.ts";
import type { Ms } from "../model.ts";
import type { Beside } from "./beside.ts";
import type { Book } from "./book.ts";
import type { Edges, PipelineSettings } from "./edges.ts";

/** What the parts of the pipeline share: the guards, the world outside, and what is still owed to it. */
export interface Flow {
  readonly book: Book;
  readonly edges: Edges;
  readonly settings: PipelineSettings;
  /** Guards whose record in memory is newer than the one written down. */
  readonly unsaved: Set<string>;
  /** Guards that somebody else wrote: what we held is not the truth, they are read again. */
  readonly lost: Set<string>;
  /** Entries (exclusive seq) handed to the receivers, by guard; `toldThrough` follows when they have them. */
  readonly handed: Map<string, number>;
  /** The last of what was handed over, by guard: settles when it, and all before it, was marked as told. */
  readonly telling: Map<string, Promise<void>>;
  /** The write under way of each guard: the next one waits for it, or they would conflict with each other. */
  readonly writing: Map<string, Promise<unknown>>;
  /** The write that has not begun yet, by guard: it takes along whatever comes before it begins. */
  readonly waiting: Map<string, Promise<boolean>>;
  /** Actions decided whose intent is not written yet, by guard: the governor counts them, or one beat would let all through. */
  readonly claims: Map<string, PastAction>;
  /** Looks at pods that do not start, beside everything else. */
  readonly diagnosing: Beside;
  /** Guards of which this process has looked at the pods: once, whatever was found. */
  readonly diagnosed: Set<string>;
  /** Remediations that are about to be opened, by workload and policy: what comes meanwhile joins them. */
  readonly opening: Map<string, Promise<unknown>>;
  /** When this process last said of a guard that its trouble goes on, and in which phase. */
  readonly reminded: Map<string, { readonly at: Ms; readonly phase: Phase }>;
}

// What is said of CPU and memory, in numbers. Like reason.ts: imports nothing but nouns, does nothing.
import type { Ms } from "../model.ts";

export type ResourcesReason =
  | Readonly<{
      code: "resources";
      signal: string;
      /** Cores, or bytes. */
      resource: "cpu" | "memory";
      /** above: over its share of the limit. filling: memory grows so that it reaches the limit in time. */
      rule: "above" | "filling";
      /** The worst container of all. */
      pod: string;
      container: string;
      used: number;
      limit: number;
      /** What the policy allows of the limit; null for `filling`. */
      share: number | null;
      forMs: Ms;
      perHour: number | null;
      fullInMs: Ms | null;
      /** New pods of which it is so, of those that were seen for long enough. */
      pods: number;
      of: number;
      /** The same of old pods, the middle one; null: none was seen. `share` null: they have no limit. */
      old: { share: number | null; perHour: number | null } | null;
      /** Why it is not laid to the new revision. */
      held?: "alike" | "no-old" | "too-young" | "few-pods" | "not-beside";
    }>
  | Readonly<{ code: "no-limit"; signal: string; resource: "cpu" | "memory"; containers: string[] }>
  /** Of no new pod was it seen for as long as its rule needs, once they were warm. */
  | Readonly<{ code: "seen-briefly"; signal: string; resource: "cpu" | "memory"; seenMs: Ms; neededMs: Ms; warmUpMs: Ms }>;

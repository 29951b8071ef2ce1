// What became of an action that was announced before it was due: nouns.
import type { Ms } from "../model.ts";

export type AnnouncementReason =
  /** A person ordered that it is not done. */
  | Readonly<{ code: "cancelled"; by: string; reason: string }>
  /** When it was due, what it was for was over. */
  | Readonly<{ code: "called-off"; afterMs: Ms }>;

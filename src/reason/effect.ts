// Why an effect of a remediation was refused, as nouns. Like model.ts: imports nothing, does nothing.

export type EffectReason =
  /** Its autoscaler allows `max` pods and keeps `least` of them at least; `max` is never raised by us. */
  | Readonly<{ code: "at-maximum"; owner: "hpa" | "keda"; name: string; max: number; least: number | null; wanted: number }>
  /** `detail`: the API server's own words, with the name of the budget. */
  | Readonly<{ code: "disruption-budget"; pod: string; detail: string }>;

import { z } from "zod";
import { duration, durationOr } from "./duration.ts";
import { podWith } from "./job-signal.ts";
import { queryWith } from "./promql-signal.ts";
import { exactlyOne, oneOf } from "./siblings.ts";
import { ofWorkload } from "./template.ts";
import { named, told } from "./told.ts";

const minute = 60_000;
const day = 24 * 60 * minute;
const most = 1000;

/** Steps that change nothing: written as one word. */
const words = ["diagnose", "notify"] as const;
const kinds = ["scale", "restart", "rollback", "job", ...words] as const;

const scale = z
  .strictObject({
    by: z.int().min(1).max(most).optional().describe("So many pods more than there are."),
    to: z.int().min(1).max(most).optional().describe("So many pods. Never fewer than there are."),
    most: z.int().min(1).max(most).default(10).describe("Never more pods than this, nor more than an autoscaler's own maximum."),
    restoreAfter: durationOr("never", 0, 7 * day)
      .prefault("30m")
      .describe("Given back so long after the trouble is over; never: the new count stays."),
  })
  .superRefine(...exactlyOne(["by", "to"]))
  .superRefine(({ to, most: limit }, context) => {
    if (to === undefined || to <= limit) return;
    const cause = "most is 10 unless told";
    context.addIssue({ code: "custom", path: ["to"], message: told(`${to} is more than most`, `at most ${limit}`, cause) });
  })
  .meta(oneOf(["by", "to"]))
  .describe("More pods, through whatever decides how many there are: the workload itself, an HPA or KEDA.");

const restart = z
  .strictObject({
    pods: z.int().min(1).max(100).default(1).describe("How many, one after the other; the next when the one before is replaced."),
    worst: queryWith(ofWorkload)
      .optional()
      .describe(
        "PromQL with one value per label pod: the highest goes first. Without it pods that are not ready, then the most restarted.",
      ),
  })
  .describe("Evicts the worst pods, as far as their PodDisruptionBudget allows.");

const rollback = z
  .strictObject({
    within: duration(minute, 7 * day)
      .prefault("1h")
      .describe("Only when the running revision is younger than this."),
  })
  .describe("Takes the running revision back to the last one that is known to be good.");

const job = z
  .strictObject({
    pod: podWith("does it", "Exit code 0 is success."),
    timeout: duration(10_000, 60 * minute)
      .prefault("5m")
      .describe("How long it may take, the image's way to the node included."),
  })
  .describe("A Job in the namespace of the workload.");

const named_ = z.strictObject({}).optional();
const step = z
  .strictObject({
    scale: scale.optional(),
    restart: restart.optional(),
    rollback: rollback.optional(),
    job: job.optional(),
    diagnose: named_.describe("Says what keeps the pods from starting."),
    notify: named_.describe("Tells people. Nothing is changed."),
  })
  .superRefine(...exactlyOne(kinds))
  .meta(oneOf(kinds));

/** One word for a step without settings; as the policy holds it, always a map of one key. */
const writtenStep = z.codec(z.union([z.enum(words), step], { error: ({ input }) => notAStep(input) }), step, {
  decode: (one) => (typeof one === "string" ? { [one]: {} } : z.encode(step, one)),
  encode: (one) => z.decode(step, one),
});

/** A step with settings is a map, also where it keeps all defaults. */
const mapped: Readonly<Record<string, string>> = {
  scale: "{ scale: { by: 2 } }",
  restart: "{ restart: {} }",
  rollback: "{ rollback: {} }",
  job: "{ job: { pod: … } }",
};

function notAStep(input: unknown): string {
  const written = typeof input === "string" ? mapped[input] : undefined;
  return written === undefined
    ? told(`${named(input)} is no step`, kinds.join(", "))
    : told(`${named(input)} has settings, so it is a map`, written);
}

/** What is done, in this order: the next only when the one before has not helped. */
export const stepsSchema = z
  .array(writtenStep)
  .min(1)
  .max(10)
  .describe("What is done, in this order: the next step only when the one before has not helped within its time.");

export type WrittenStep = z.output<typeof step>;

/** A step to switch on. */
export type Step =
  | ({ readonly kind: "scale" } & Readonly<z.output<typeof scale>>)
  | ({ readonly kind: "restart" } & Readonly<z.output<typeof restart>>)
  | ({ readonly kind: "rollback" } & Readonly<z.output<typeof rollback>>)
  | ({ readonly kind: "job" } & Readonly<z.output<typeof job>>)
  | { readonly kind: "diagnose" }
  | { readonly kind: "notify" };

/** Throws only on a value that the schema would have refused. */
export function stepOf(one: WrittenStep): Step {
  if (one.scale !== undefined) return { kind: "scale", ...one.scale };
  if (one.restart !== undefined) return { kind: "restart", ...one.restart };
  if (one.rollback !== undefined) return { kind: "rollback", ...one.rollback };
  if (one.job !== undefined) return { kind: "job", ...one.job };
  if (one.diagnose !== undefined) return { kind: "diagnose" };
  if (one.notify !== undefined) return { kind: "notify" };
  throw new TypeError(`A step without ${kinds.join(", ")} was not read through stepsSchema.`);
}

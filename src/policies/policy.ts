import { z } from "zod";
import { RearguardError } from "../errors.ts";
import { duration, formatDuration } from "./duration.ts";
import { jsonSchemaOf } from "./json-schema.ts";
import { matchSchema, metadataOf, modeSchema, nameOf } from "./kind.ts";
import { nearest } from "./nearest.ts";
import { problemsOf } from "./place.ts";
import { renderProblem } from "./problem.ts";
import { percent } from "./ratio.ts";
import { signalSchema } from "./signal.ts";
import { named, told } from "./told.ts";

const minute = 60_000;

const confidenceAllowed = "from 99% to 99.9999%";
const confidence = percent(0, 1)
  .superRefine((ratio, context) => {
    if (ratio < 0.99) {
      const cause = "below 99% the brake (evidence 100) would come after the rollback (evidence 1 / (1 - confidence))";
      context.addIssue({ code: "custom", message: told("the confidence is too low", confidenceAllowed, cause) });
    }
    if (ratio > 0.999999) {
      context.addIssue({
        code: "custom",
        message: told("the confidence is too high", confidenceAllowed, "no amount of traffic would reach it"),
      });
    }
  })
  .prefault("99.9%")
  .describe("P(rolling back a revision that stays within its limits) is at most 1 - confidence.");

const actionName = z.enum(["brake", "rollback", "notify"]);
const actions = z.array(actionName).describe("What a breach leads to. [] or [notify]: only tell.");

const patience = z.enum(["hold", "extend", "alert", "fail"]);

/** What the policy says about a signal without usable data; nothing of it is ever a rollback or a pass. */
function silence(usual: z.output<typeof patience>) {
  return z
    .strictObject({
      after: duration(1000, 24 * 60 * minute)
        .prefault("5m")
        .describe("How long a signal may be so."),
      // oxlint-disable-next-line unicorn/no-thenable -- a word, never a function
      then: patience
        .default(usual)
        .describe(
          "hold: wait in silence. alert: tell somebody. extend: tell, and judge longer by as long as it lasted. fail: end unresolved. Never a rollback, never a pass.",
        ),
    })
    .prefault({});
}

const spec = z
  .strictObject({
    match: matchSchema.describe("Which workloads; all given keys must hold, {} is every workload. The most specific policy wins."),
    mode: modeSchema.describe("observe: judge and tell, change nothing. enforce: brake and roll back."),
    window: duration(1000, 7 * 24 * 60 * minute)
      .prefault("30m")
      .describe("Judged until this long after the rollout completes."),
    confidence,
    sustain: duration(0, 60 * minute)
      .prefault("30s")
      .describe("A breach shorter than this never decides alone."),
    peerCheck: z
      .boolean()
      .default(true)
      .describe("Without old pods to compare with, hold instead of rolling back when two other workloads are in trouble at the same time."),
    evidence: z
      .enum(["burn", "fast", "independent"])
      .default("burn")
      .describe(
        "How evidence is weighed. burn: guaranteed bound. fast: approximate bound, depends on the estimated dispersion. independent: bound only when requests fail independently.",
      ),
    passEarly: z
      .strictObject({
        after: duration(2 * minute, 7 * 24 * 60 * minute)
          .prefault("5m")
          .describe("Never earlier than this after the rollout completes."),
      })
      .optional()
      .describe("End as passed before the window does, when every counted signal has shown to be below its limit. Off unless given."),
    countdown: duration(0, 60 * minute)
      .prefault("0s")
      .describe("A rollback is announced, and carried out this much later unless somebody cancels it. 0s: at once."),
    keepReady: percent(0, 1).prefault("75%").describe("Share of the desired pods that stays ready while a rollback drains condemned pods."),
    noData: silence("alert").describe("When a source answers, but has nothing: what a signal's silence leads to."),
    sourceError: silence("alert").describe("When a source does not answer, or not properly."),
    tooFew: silence("hold").describe("When too few requests reach the new pods."),
    signals: z
      .record(nameOf("a signal"), signalSchema)
      .superRefine((signals, context) => {
        if (Object.keys(signals).length > 0) return;
        context.addIssue({ code: "custom", message: told("there is no signal", "at least one, for example pods: { pods: {} }") });
      })
      .describe("What is judged, each under a name of its own."),
    onBreach: z
      .object({ default: actions.default(["brake", "rollback", "notify"]) })
      .catchall(actions)
      .prefault({})
      .describe("Actions by signal; default is for all others."),
  })
  .superRefine(
    ({ window, passEarly }, context) => {
      if (typeof window !== "number" || typeof passEarly?.after !== "number" || passEarly.after <= window) return;
      const allowed = `at most the window, ${formatDuration(window)}`;
      const message = told(
        `${formatDuration(passEarly.after)} is longer than the window`,
        allowed,
        "a shorter window cannot be passed early: leave passEarly out",
      );
      context.addIssue({ code: "custom", path: ["passEarly", "after"], message });
    },
    { when: ({ value }) => typeof value === "object" && value !== null },
  )
  .superRefine(
    ({ signals, onBreach }, context) => {
      if (typeof signals !== "object" || signals === null || Array.isArray(signals)) return;
      const names = Object.keys(signals);
      if (names.includes("default")) {
        const message = told('a signal cannot be named "default"', "any other name", "onBreach.default is for all signals");
        context.addIssue({ code: "custom", path: ["signals", "default"], params: { at: "key" }, message });
      }
      for (const name of Object.keys(onBreach ?? {})) {
        if (name === "default" || names.includes(name)) continue;
        const meant = nearest(name, ["default", ...names]);
        const message = told(`${named(name)} names no signal`, ["default", ...names].join(", "), meant && `did you mean ${meant}?`);
        context.addIssue({ code: "custom", path: ["onBreach", name], params: { at: "key" }, message });
      }
    },
    // Without `when` zod leaves cross-checks out as soon as anything else in the spec is wrong, and the reader meets them one by one.
    { when: ({ value }) => typeof value === "object" && value !== null },
  );

/** The YAML contract. Input is what people write; output has times in ms and ratios 0–1; encoding gives the written form back. */
export const policySchema = z
  .strictObject({
    apiVersion: z.literal("rearguard.dev/v1alpha1"),
    kind: z.literal("Policy"),
    metadata: metadataOf("a policy"),
    spec,
  })
  .meta({ title: "Rearguard policy", description: "Which rollouts are judged, by what, and what a breach leads to." });

export type Policy = z.output<typeof policySchema>;
export type WrittenPolicy = z.input<typeof policySchema>;
export type ActionName = z.output<typeof actionName>;

/** What a breach of `signal` leads to. */
export function actionsFor(policy: Policy, signal: string): readonly ActionName[] {
  return policy.spec.onBreach[signal] ?? policy.spec.onBreach.default;
}

export type Silenced = Policy["spec"]["noData"];

/** What the policy says about this kind of silence. */
export function silenceOf(policy: Policy, outcome: "no-data" | "error" | "too-few"): Silenced {
  const { noData, sourceError, tooFew } = policy.spec;
  return { "no-data": noData, error: sourceError, "too-few": tooFew }[outcome];
}

/** A policy in the language it was written in, defaults filled in: plain JSON for a Guard, readable with kubectl. */
export function storePolicy(policy: Policy): WrittenPolicy {
  return z.encode(policySchema, policy);
}

/** The policy of a form that `storePolicy` made; exactly the same numbers. Throws POLICY_INVALID on anything else. */
export function storedPolicy(stored: unknown): Policy {
  const value = withThreeSilences(stored);
  const parsed = policySchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const document = { value, at: () => ({ line: 0, column: 0 }) };
  const problems = problemsOf(parsed.error.issues, document, "stored policy", jsonSchemaOf(policySchema));
  throw new RearguardError("POLICY_INVALID", problems.map(renderProblem).join("; "));
}

/** Before there were three keys, `noData` was for all three kinds of silence: the guard keeps what it opened with. */
function withThreeSilences(stored: unknown): unknown {
  if (!isMap(stored) || !isMap(stored["spec"]) || !isMap(stored["spec"]["noData"])) return stored;
  const { noData } = stored["spec"];
  return { ...stored, spec: { sourceError: noData, tooFew: noData, ...stored["spec"] } };
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

import { z } from "zod";
import type { Ms } from "../model.ts";
import { duration } from "./duration.ts";
import { named, told } from "./told.ts";

const minute = 60_000;
const placeholder = /\{\{\s*([^{}]*?)\s*\}\}/g;
const known = ["namespace", "name", "image"];
const mostBytes = 32_768;

/** A pod's spec as Kubernetes has it: the API server, not this schema, says what may stand in it. */
export type PodSpec = Readonly<Record<string, unknown>>;

/** The pod of a Job; `does` is what it is for, `ends` what its exit code says. */
export function podWith(does: string, ends: string) {
  return z
    .record(z.string(), z.unknown(), {
      error: ({ input }) => told(`${named(input)} is no pod`, "what stands under spec of a pod: containers with name and image"),
    })
    .superRefine((pod, context) => {
      for (const message of problemsOf(pod)) context.addIssue({ code: "custom", message });
    })
    .meta({ allOf: [{ properties: { containers: { type: "array", minItems: 1 } }, required: ["containers"] }] })
    .describe(`The spec of the pod that ${does}; {{namespace}}, {{name}} and {{image}} in its texts. ${ends}`);
}

export const job = z
  .strictObject({
    pod: podWith("tests", "Exit code 0 passes."),
    timeout: duration(10_000, 60 * minute)
      .prefault("5m")
      .describe("How long it may take, the image's way to the node included. Longer is no failure of the service, but tests nothing."),
    when: z
      .enum(["completed", "first-ready"])
      .default("completed")
      .describe("completed: when the rollout is complete. first-ready: as soon as the first new pod is ready."),
  })
  .describe("A smoke test: a Job, run once for each guard, in the workload's namespace. Only in mode enforce. Has no statistical bound.");

export interface JobSignal {
  readonly kind: "job";
  readonly pod: PodSpec;
  readonly timeoutMs: Ms;
  readonly when: "completed" | "first-ready";
}

export function jobSignalOf({ pod, timeout, when }: z.output<typeof job>): JobSignal {
  return { kind: "job", pod, timeoutMs: timeout, when };
}

export interface PodValues {
  readonly namespace: string;
  readonly name: string;
  /** Of the new revision's first container. */
  readonly image: string;
}

export function fillPod(pod: PodSpec, values: PodValues): PodSpec {
  return inTexts(pod, (text) => text.replaceAll(placeholder, (whole, name: string) => ({ ...values })[name] ?? whole)) as PodSpec;
}

export function asksForImage(pod: PodSpec): boolean {
  return /\{\{\s*image\s*\}\}/.test(JSON.stringify(pod));
}

function problemsOf(pod: PodSpec): readonly string[] {
  const problems: string[] = [];
  const { containers, restartPolicy } = pod;
  const isWhole = (one: unknown) => isMap(one) && typeof one["name"] === "string" && typeof one["image"] === "string";
  if (!Array.isArray(containers) || containers.length === 0 || !containers.every(isWhole)) {
    problems.push(
      told(
        "the pod has no containers with a name and an image",
        'containers: [{ name: test, image: "{{image}}", command: […] }]',
        containers === undefined && isMap(pod["spec"]) ? "spec is one level too deep: what stands under it belongs here" : "",
      ),
    );
  }
  if (restartPolicy !== undefined && restartPolicy !== "Never") {
    problems.push(told(`${named(restartPolicy)} would start a failed test again`, "restartPolicy: Never, which need not be written"));
  }
  for (const [whole, name = ""] of JSON.stringify(pod).matchAll(placeholder)) {
    if (!known.includes(name)) problems.push(told(`unknown placeholder ${whole}`, known.map((one) => `{{${one}}}`).join(", ")));
  }
  // The policy is kept in the record of each guard.
  if (JSON.stringify(pod).length > mostBytes) problems.push(told("the pod is too long", `at most ${mostBytes / 1024} KiB`));
  return problems;
}

function inTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((one) => inTexts(one, change));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inTexts(one, change)]));
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

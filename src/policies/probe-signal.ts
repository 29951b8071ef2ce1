import { z } from "zod";
import type { Ms } from "../model.ts";
import { duration } from "./duration.ts";
import { type Failures, failures } from "./failures.ts";
import { probeUrl } from "./probe-url.ts";
import { named, told } from "./told.ts";

const hour = 3_600_000;
const file = z.string().min(1).max(1000);

const statusAllowed = "a number such as 200, a class such as 2xx, or a list of these";
const noStatus = { error: ({ input }: { readonly input?: unknown }) => told(`${named(input)} is no HTTP status`, statusAllowed) };
const noStatuses = { error: () => told("the list is empty", statusAllowed) };
const status = z.union([z.int(noStatus).min(100, noStatus).max(599, noStatus), z.string().regex(/^[1-5]xx$/, noStatus)], noStatus);
const scalar = z.union([z.string().max(200), z.number(), z.boolean(), z.null()], {
  error: ({ input }) => told(`${named(input)} cannot be compared with`, "a text, a number, true, false or null"),
});

export const probe = z
  .strictObject({
    url: probeUrl().describe("What is called with GET; {{namespace}}, {{name}}. Redirects are not followed."),
    every: duration(1000, hour).prefault("30s").describe("How often it is called, counted from the opening of the guard."),
    expect: z
      .strictObject({
        status: z
          .union([status, z.array(status).min(1, noStatuses).max(20)], noStatus)
          .default("2xx")
          .describe("Statuses that are good."),
        json: z
          .strictObject({
            path: z
              .string()
              .regex(/^[\w-]+(\.[\w-]+){0,19}$/, {
                error: ({ input }) => told(`${named(input)} is no path`, "keys divided by dots, such as checks.database.status"),
              })
              .describe("Keys divided by dots, a number for a place in a list."),
            equals: scalar.describe("The value that must stand there."),
          })
          .optional()
          .describe("A field of the answer, which must be JSON of at most 64 KiB."),
        within: duration(1, 60_000).prefault("5s").describe("From the moment the connection stands to the last byte of the answer."),
        certificateDays: z
          .int()
          .min(1)
          .max(1000)
          .optional()
          .describe("Tell when the certificate runs out in fewer days; never a reason to roll back."),
      })
      .prefault({})
      .describe("What a good answer is."),
    failures: failures().prefault("3 of 5").describe("How many of the last calls must fail before it counts."),
    headersFile: file.optional().describe("File with a YAML map of headers to send, such as Authorization; read before each call."),
    caFile: file.optional().describe("File with the certificate authority to trust instead of the system's."),
  })
  .superRefine(({ url, expect }, context) => {
    if (expect.certificateDays === undefined || !/^http:/i.test(url)) return;
    const message = told("there is no certificate without https", "certificateDays with an address of https");
    context.addIssue({ code: "custom", path: ["expect", "certificateDays"], message });
  })
  .describe("Calls an address from where Rearguard runs; old and new pods answer it together. Has no statistical bound.");

type StatusRule = z.output<typeof status>;

export interface ProbeExpectation {
  readonly statuses: readonly StatusRule[];
  readonly json?: { readonly path: string; readonly equals: string | number | boolean | null };
  readonly withinMs: Ms;
  readonly certificateDays?: number;
}

export interface ProbeSignal {
  readonly kind: "probe";
  /** With its placeholders. */
  readonly url: string;
  readonly everyMs: Ms;
  readonly expect: ProbeExpectation;
  readonly failures: Failures;
  readonly headersFile?: string;
  readonly caFile?: string;
}

export function probeSignalOf({ url, every, expect, failures: share, headersFile, caFile }: z.output<typeof probe>): ProbeSignal {
  const { status: statuses, json, within, certificateDays } = expect;
  return {
    kind: "probe",
    url,
    everyMs: every,
    expect: {
      statuses: Array.isArray(statuses) ? statuses : [statuses],
      withinMs: within,
      ...(json === undefined ? {} : { json }),
      ...(certificateDays === undefined ? {} : { certificateDays }),
    },
    failures: share,
    ...(headersFile === undefined ? {} : { headersFile }),
    ...(caFile === undefined ? {} : { caFile }),
  };
}

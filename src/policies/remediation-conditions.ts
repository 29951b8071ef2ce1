import { z } from "zod";
import { nameOf } from "./kind.ts";
import { probeUrl } from "./probe-url.ts";
import { promqlSignalOf, type PromqlSignal, promqlWith } from "./promql-signal.ts";
import { exactlyOne, oneOf } from "./siblings.ts";
import { ofWorkload } from "./template.ts";
import { told } from "./told.ts";

const kinds = ["promql", "certificate"] as const;

const certificate = z
  .strictObject({
    url: probeUrl().describe("An address of https; {{namespace}}, {{name}}."),
    days: z.int().min(1).max(1000).describe("Holds when the certificate runs out in fewer days."),
    caFile: z.string().min(1).max(1000).optional().describe("File with the certificate authority to trust instead of the system's."),
  })
  .superRefine(({ url }, context) => {
    if (!/^http:/i.test(url)) return;
    context.addIssue({ code: "custom", path: ["url"], message: told("there is no certificate without https", "an address of https") });
  })
  .describe("How long the certificate that an address shows is still good.");

const condition = z
  .strictObject({ promql: promqlWith(ofWorkload, "Holds").optional(), certificate: certificate.optional() })
  .superRefine(...exactlyOne(kinds))
  .meta(oneOf(kinds))
  .describe("Exactly one of promql and certificate. What cannot be asked does not hold.");

/** All of them must hold before anything is done. */
export const conditionsSchema = z.record(nameOf("a condition"), condition);

export type WrittenCondition = z.output<typeof condition>;

/** A condition to switch on. */
export type Condition = PromqlSignal | CertificateCondition;

export interface CertificateCondition {
  readonly kind: "certificate";
  readonly url: string;
  readonly days: number;
  readonly caFile?: string;
}

/** Throws only on a value that the schema would have refused. */
export function conditionOf({ promql, certificate: shown }: WrittenCondition): Condition {
  if (promql !== undefined) return promqlSignalOf(promql);
  if (shown === undefined) throw new TypeError(`A condition without ${kinds.join(", ")} was not read through conditionsSchema.`);
  const { url, days, caFile } = shown;
  return { kind: "certificate", url, days, ...(caFile === undefined ? {} : { caFile }) };
}

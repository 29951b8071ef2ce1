import { z } from "zod";
import { told } from "./policies/told.ts";
import { httpUrl } from "./settings-url.ts";

type FileOf = z.ZodType<string, string>;

/** TLS of the listener. `file`: a readable file. */
export function tlsSettings<File extends FileOf>(file: File) {
  return z
    .strictObject({
      certFile: file.describe("PEM file of the certificate, with its chain; a new one is taken over when the file changes."),
      keyFile: file.describe("PEM file of its key."),
      clientCaFile: file
        .optional()
        .describe("PEM file of the authority whose client certificates prove a sender of alerts; nobody has to show one."),
    })
    .optional()
    .describe("Answer https:// instead of http://, probes and metrics too; left out: http://.");
}

/** How alerts come in. */
export function alertsSettings<File extends FileOf>(file: File) {
  const basic = z.strictObject({
    username: z
      .string()
      .min(1)
      .refine((name) => !name.includes(":"), told("a user's name holds no colon")),
    passwordFile: file,
  });
  return z
    .strictObject({
      tokenFile: file.optional().describe("File with the bearer token that a sender has to send, read again at every post."),
      basic: basic.optional().describe("User and password that a sender has to send; the file is read again at every post."),
      clientNames: z
        .array(z.string().min(1))
        .min(1)
        .optional()
        .describe(
          "Client certificates of one of these names alone: common name or subjectAltName, in full. Needs listen.tls.clientCaFile.",
        ),
      fetchFrom: z
        .strictObject({
          urls: z.array(httpUrl("no query")).min(1).describe("Base URL of every peer of the Alertmanager that posts to us."),
          bearerTokenFile: file.optional().describe("File with a bearer token, read again for each question."),
          basic: basic.optional().describe("HTTP basic authentication."),
        })
        .superRefine(({ bearerTokenFile, basic: user }, context) => {
          if (bearerTokenFile === undefined || user === undefined) return;
          context.addIssue({ code: "custom", message: told("bearerTokenFile excludes basic", "at most one of them") });
        })
        .optional()
        .describe("Where the alerts are asked for that Alertmanager leaves out of a large group; never an address out of a post."),
    })
    .optional()
    .describe("Takes alerts at /api/v1/webhooks/; left out: none are taken, and `alert` signals hear of nothing.");
}

interface Intake {
  readonly alerts?: { readonly tokenFile?: unknown; readonly basic?: unknown; readonly clientNames?: unknown } | undefined;
  readonly listen: { readonly tls?: { readonly clientCaFile?: string | undefined } | undefined };
}

/** What only two parts of the file together can say. */
export function intakeProblems({ alerts, listen }: Intake) {
  if (alerts === undefined) return [];
  const byCertificate = listen.tls?.clientCaFile !== undefined;
  if (alerts.clientNames !== undefined && !byCertificate) {
    const message = told("nobody asks for client certificates", "clientNames beside listen.tls.clientCaFile");
    return [{ path: ["alerts", "clientNames"], message, input: alerts.clientNames }];
  }
  if (byCertificate || alerts.tokenFile !== undefined || alerts.basic !== undefined) return [];
  const message = told("nobody could prove who posts", "at least one of tokenFile, basic, or listen.tls.clientCaFile");
  return [{ path: ["alerts"], message, input: alerts }];
}

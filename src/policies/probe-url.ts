import { z } from "zod";
import { named, told } from "./told.ts";

const placeholder = /\{\{\s*([^{}]*?)\s*\}\}/g;
const known = ["namespace", "name"];

/** What stands for the placeholders of a probe's address. */
export interface ProbeWorkload {
  readonly namespace: string;
  readonly name: string;
}

/** An address of http or https in which {{namespace}} and {{name}} may stand; of a host only in front of fixed text. */
export function probeUrl() {
  return z
    .string()
    .min(1)
    .max(2000)
    .superRefine((url, context) => {
      const message = problemOf(url);
      if (message !== undefined) context.addIssue({ code: "custom", message });
    })
    .meta({ examples: ["http://{{name}}.{{namespace}}.svc:8080/health"] });
}

/** Names of Kubernetes hold only lower-case letters, digits, - and ., so they end neither host nor path. */
export function fillUrl(url: string, values: ProbeWorkload): string {
  return url.replaceAll(placeholder, (whole: string, name: string) => {
    if (name === "namespace") return encodeURIComponent(values.namespace);
    return name === "name" ? encodeURIComponent(values.name) : whole;
  });
}

function problemOf(url: string): string | undefined {
  for (const [whole, name = ""] of url.matchAll(placeholder)) {
    if (!known.includes(name)) return told(`unknown placeholder ${whole}`, "{{namespace}}, {{name}}");
  }
  const parsed = URL.parse(fillUrl(url, { namespace: "x", name: "x" }));
  if (parsed === null || (parsed.protocol !== "http:" && parsed.protocol !== "https:")) {
    return told(`${named(url)} is no address to call`, "http://… or https://…", addressCause(url, parsed));
  }
  if (parsed.username !== "" || parsed.password !== "") {
    return told("the address holds a user or a password", "an address without them", "secrets come from headersFile");
  }
  // The name of a workload may hold dots: at its end it would choose whose host is called, and is sent the headers.
  if (/^https?:\/\/[^/?#]*\}\}(?::\d*)?(?:[/?#]|$)/i.test(url)) {
    return told("the host ends in a placeholder", "a host that ends in fixed text, such as {{name}}.{{namespace}}.svc");
  }
  return undefined;
}

function addressCause(url: string, parsed: URL | null): string {
  if (!url.includes("://")) return "http:// or https:// is missing";
  return parsed === null ? "its host or port cannot be read" : `${parsed.protocol}// cannot be called`;
}

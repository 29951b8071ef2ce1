import { nearest } from "./nearest.ts";
import type { Policy } from "./policy.ts";
import { policySchema } from "./policy.ts";
import { problemsOf } from "./place.ts";
import { inReadingOrder, type Problem } from "./problem.ts";
import { type Remediation, remediationSchema } from "./remediation.ts";
import { schemasByKind } from "./schema.ts";
import { named } from "./told.ts";
import { readYaml, type YamlDocument } from "./yaml-documents.ts";

/** The place of a document, for messages about two of them. */
interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface LoadedPolicy extends Place {
  readonly policy: Policy;
}

export interface LoadedRemediation extends Place {
  readonly remediation: Remediation;
}

export interface Parsed {
  readonly policies: readonly LoadedPolicy[];
  readonly remediations: readonly LoadedRemediation[];
  readonly problems: readonly Problem[];
}

const kinds = ["Policy", "Remediation"] as const;

/** What one file holds and every problem of it at once; one broken document hides neither the others nor their problems. Throws never. */
export function parsePolicies(text: string, file: string): Parsed {
  const { documents, problems: unreadable } = readYaml(text, file);
  const policies: LoadedPolicy[] = [];
  const remediations: LoadedRemediation[] = [];
  const problems: Problem[] = [...unreadable];
  for (const document of documents) {
    const kind = kindOf(document.value);
    if (typeof kind !== "string") {
      problems.push(unknownKind(kind.kind, document, file));
      continue;
    }
    const place = { file, ...document.at(["metadata", "name"]) };
    const parsed = { Policy: policySchema, Remediation: remediationSchema }[kind].safeParse(document.value);
    if (!parsed.success) problems.push(...problemsOf(parsed.error.issues, document, file, schemasByKind[kind]));
    else if (parsed.data.kind === "Policy") policies.push({ policy: parsed.data, ...place });
    else remediations.push({ remediation: parsed.data, ...place });
  }
  if (documents.length === 0 && problems.length === 0) {
    // An editor that saves empties the file first: to read that as "no policy" would take policies out of force for a moment.
    problems.push({
      file,
      line: 1,
      column: 1,
      path: "",
      what: "the file holds no policy",
      cause: "to take a policy out of force, delete its file",
    });
  }
  return { policies, remediations, problems: inReadingOrder(problems) };
}

/** Without a kind it is read as a policy, which says what is missing. */
function kindOf(value: unknown): (typeof kinds)[number] | { readonly kind: unknown } {
  if (typeof value !== "object" || value === null || !("kind" in value) || value.kind === undefined) return "Policy";
  return kinds.find((kind) => kind === value.kind) ?? { kind: value.kind };
}

function unknownKind(kind: unknown, document: YamlDocument, file: string): Problem {
  const meant = typeof kind === "string" ? nearest(kind, kinds) : undefined;
  const cause = meant === undefined ? {} : { cause: `did you mean ${meant}?` };
  return { file, ...document.at(["kind"]), path: "kind", what: `${named(kind)} is not allowed`, allowed: kinds.join(", "), ...cause };
}

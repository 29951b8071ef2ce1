import type { Policy } from "./policy.ts";
import { policySchema } from "./policy.ts";
import { problemsOf } from "./place.ts";
import { inReadingOrder, type Problem } from "./problem.ts";
import { policyJsonSchema } from "./schema.ts";
import { readYaml } from "./yaml-documents.ts";

/** A policy and the place of its document, for messages about two of them. */
export interface LoadedPolicy {
  readonly policy: Policy;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

const jsonSchema = policyJsonSchema();

/** The policies of one file and every problem of it at once; one broken document hides neither the policies nor the problems of the others. Throws never. */
export function parsePolicies(
  text: string,
  file: string,
): { readonly policies: readonly LoadedPolicy[]; readonly problems: readonly Problem[] } {
  const { documents, problems: unreadable } = readYaml(text, file);
  const policies: LoadedPolicy[] = [];
  const problems: Problem[] = [...unreadable];
  for (const document of documents) {
    const parsed = policySchema.safeParse(document.value);
    if (parsed.success) policies.push({ policy: parsed.data, file, ...document.at(["metadata", "name"]) });
    else problems.push(...problemsOf(parsed.error.issues, document, file, jsonSchema));
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
  return { policies, problems: inReadingOrder(problems) };
}

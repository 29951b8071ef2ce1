import { sentence } from "../errors.ts";
import type { Log } from "../pipeline/edges.ts";
import { noPolicies, type PolicySet } from "../policies/policy-set.ts";
import { renderProblem } from "../policies/problem.ts";
import { createPolicySource } from "../watchers/policy-files.ts";

export interface PolicyKeeper {
  /** The set in force: the last one without any problem. */
  set(): PolicySet;
  /** Why there is no set in force at all; empty as soon as there was a good one. */
  missing(): readonly string[];
  /** Of the last look, a sentence each; empty when all is well. */
  problems(): readonly string[];
  /** Looks at the folder again; cheap where nothing changed. Never rejects. */
  reload(): Promise<void>;
}

/** Keeps the policies in force, and says what came of each edit once. */
export function createPolicyKeeper(options: {
  readonly folder: string;
  readonly log: Log;
  /** After every look that found something new, good or bad. */
  readonly loaded: (ok: boolean, set: PolicySet) => void;
  /** Another set is in force. */
  readonly changed: () => void;
}): PolicyKeeper {
  const { log, loaded, changed } = options;
  const source = createPolicySource({ folder: options.folder });
  let set = noPolicies;
  let problems: readonly string[] = [];

  async function reload(): Promise<void> {
    const read = await source.reload();
    const said = read.problems.map(renderProblem);
    const isNews = said.join("\n") !== problems.join("\n");
    problems = said;
    const meanwhile = set === noPolicies ? "no policy is in force, so nothing is guarded" : "the last good set stays in force";
    if (isNews) for (const problem of said) log.error({ problem }, `policy refused; ${meanwhile}`);
    if (isNews || read.changed) loaded(said.length === 0, read.set);
    if (!read.changed) return;
    set = read.set;
    const names = (kind: readonly { readonly metadata: { readonly name: string } }[]) => kind.map(({ metadata }) => metadata.name);
    log.info({ policies: names(set.policies), remediations: names(set.remediations) }, "policies in force");
    changed();
  }

  return {
    set: () => set,
    missing: () => (set === noPolicies ? problems : []),
    problems: () => problems,
    reload: () => reload().catch((error: unknown) => log.error({ error: sentence(error) }, "policies could not be read")),
  };
}

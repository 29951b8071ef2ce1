import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { noPolicies, type PolicySet, policySetOf } from "../policies/policy-set.ts";
import { inReadingOrder, type Problem } from "../policies/problem.ts";

export interface PolicySource {
  /** Looks at the folder again; cheap where nothing changed. `set` is the set in force: the last one without any problem. Throws never. */
  reload(): Promise<{ readonly changed: boolean; readonly set: PolicySet; readonly problems: readonly Problem[] }>;
}

/** Reads the policies of a folder, which may be a mounted ConfigMap, and keeps the last good set in force. */
export function createPolicySource({ folder }: { readonly folder: string }): PolicySource {
  let seen = "";
  let set = noPolicies;
  let problems: readonly Problem[] = [];
  return {
    async reload() {
      const { fingerprint, files, problems: unreadable } = await look(folder);
      if (fingerprint === seen) return { changed: false, set, problems };
      seen = fingerprint;
      const read = await readPolicyFiles(files);
      const parsed = policySetOf(read.files);
      problems = inReadingOrder([...unreadable, ...read.problems, ...parsed.problems]);
      // A file that vanished between the look and the read is looked at again at the next beat.
      if (read.problems.length > 0) seen = "";
      if (problems.length > 0) return { changed: false, set, problems };
      set = parsed.set;
      return { changed: true, set, problems };
    },
  };
}

/** The policy files of a folder, by name. Hidden entries are left out (a ConfigMap keeps its versions there), and so are policy tests. */
export async function policyFilesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => /\.ya?ml$/.test(name) && !/^\.|\.test\.ya?ml$/.test(name))
    .toSorted()
    .map((name) => join(folder, name));
}

/** The texts of the files that can be read, and a problem for each that cannot. */
export async function readPolicyFiles(paths: readonly string[]) {
  const files: { readonly file: string; readonly text: string }[] = [];
  const problems: Problem[] = [];
  for (const file of paths) {
    try {
      files.push({ file, text: await readFile(file, "utf8") });
    } catch (thrown) {
      problems.push(unreadable(file, thrown));
    }
  }
  return { files, problems };
}

async function look(folder: string) {
  try {
    const files = await policyFilesIn(folder);
    // Inode and change time see what size and modification time miss: the swapped link of a ConfigMap, two edits within one tick.
    const stats = await Promise.all(files.map((file) => stat(file, { bigint: true }).catch(() => undefined)));
    const parts = files.map((file, at) => [file, stats[at]?.ino, stats[at]?.size, stats[at]?.mtimeNs, stats[at]?.ctimeNs].join(" "));
    const problems =
      files.length > 0
        ? []
        : [whole(folder, "the folder holds no policy", "a policy is a *.yaml file; to stop all action, set governor.killSwitch")];
    return { fingerprint: `files\n${parts.join("\n")}`, files, problems };
  } catch (thrown) {
    const problem = unreadable(folder, thrown);
    return { fingerprint: `unreadable ${problem.cause}`, files: [], problems: [problem] };
  }
}

function unreadable(file: string, thrown: unknown): Problem {
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : String(thrown);
  return whole(file, "cannot be read", code === "ENOENT" ? "it does not exist" : code);
}

function whole(file: string, what: string, cause: string): Problem {
  return { file, line: 0, column: 0, path: "", what, cause };
}

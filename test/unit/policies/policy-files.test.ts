import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { renderProblem } from "../../../src/policies/problem.ts";
import { createPolicySource, type PolicySource } from "../../../src/watchers/policy-files.ts";
import { policyYaml } from "./a-policy.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "policies-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function reloaded(source: PolicySource) {
  const { changed, set, problems } = await source.reload();
  return {
    changed,
    names: set.policies.map(({ metadata }) => metadata.name),
    problems: problems.map((problem) => renderProblem(problem).replaceAll(folder, "F")),
  };
}

test("policies of a folder come into force, and an edit is seen at the next beat", async () => {
  await writeFile(join(folder, "b.yaml"), policyYaml("b", "{ names: [b] }"));
  await writeFile(join(folder, "a.yml"), policyYaml("a", "{ names: [a] }"));
  await writeFile(join(folder, "notes.txt"), "no policy");
  await writeFile(join(folder, "a.test.yaml"), "kind: PolicyTest");
  const source = createPolicySource({ folder });
  expect(await reloaded(source)).toEqual({ changed: true, names: ["a", "b"], problems: [] });
  expect(await reloaded(source)).toEqual({ changed: false, names: ["a", "b"], problems: [] });
  await writeFile(join(folder, "b.yaml"), policyYaml("c", "{ names: [b] }"));
  expect(await reloaded(source)).toEqual({ changed: true, names: ["a", "c"], problems: [] });
  await unlink(join(folder, "a.yml"));
  expect(await reloaded(source)).toEqual({ changed: true, names: ["c"], problems: [] });
});

test("a bad edit keeps the last good set and is told until it is mended", async () => {
  const file = join(folder, "a.yaml");
  await writeFile(file, policyYaml("good"));
  const source = createPolicySource({ folder });
  await source.reload();
  await writeFile(file, policyYaml("good", "{}", ["mode: strict"]));
  const bad = { changed: false, names: ["good"], problems: ['F/a.yaml:6:9 spec.mode: "strict" is no mode; allowed: observe or enforce'] };
  expect(await reloaded(source)).toEqual(bad);
  expect(await reloaded(source)).toEqual(bad);
  await writeFile(file, policyYaml("mended"));
  expect(await reloaded(source)).toEqual({ changed: true, names: ["mended"], problems: [] });
});

test("two policies that tie keep the last good set", async () => {
  await writeFile(join(folder, "a.yaml"), policyYaml("first"));
  const source = createPolicySource({ folder });
  await source.reload();
  await writeFile(join(folder, "b.yaml"), policyYaml("second"));
  const { changed, names, problems } = await reloaded(source);
  expect({ changed, names }).toEqual({ changed: false, names: ["first"] });
  expect(problems).toEqual([
    expect.stringContaining('F/b.yaml:3:19 spec.match: "second" and "first" (F/a.yaml:3:19) can match the same workload'),
  ]);
});

test("a file that is emptied, a folder that is emptied and a folder that goes away take no policy out of force", async () => {
  const file = join(folder, "a.yaml");
  await writeFile(file, policyYaml("kept"));
  const source = createPolicySource({ folder });
  await source.reload();
  await writeFile(file, "");
  expect(await reloaded(source)).toEqual({
    changed: false,
    names: ["kept"],
    problems: ["F/a.yaml:1:1: the file holds no policy; to take a policy out of force, delete its file"],
  });
  await unlink(file);
  expect(await reloaded(source)).toEqual({
    changed: false,
    names: ["kept"],
    problems: ["F: the folder holds no policy; a policy is a *.yaml file; to stop all action, set governor.killSwitch"],
  });
  await rm(folder, { recursive: true });
  expect(await reloaded(source)).toEqual({ changed: false, names: ["kept"], problems: ["F: cannot be read; it does not exist"] });
  await mkdir(folder);
  await writeFile(file, policyYaml("again"));
  expect(await reloaded(source)).toEqual({ changed: true, names: ["again"], problems: [] });
});

test("a mounted ConfigMap is read through its links, and its swap is seen", async () => {
  const version = async (name: string) => {
    await mkdir(join(folder, `..${name}`));
    await writeFile(join(folder, `..${name}`, "policy.yaml"), policyYaml(name));
    await symlink(`..${name}`, join(folder, "..data_tmp"));
    await rename(join(folder, "..data_tmp"), join(folder, "..data"));
  };
  await version("one");
  await symlink("..data/policy.yaml", join(folder, "policy.yaml"));
  const source = createPolicySource({ folder });
  expect(await reloaded(source)).toEqual({ changed: true, names: ["one"], problems: [] });
  await version("two");
  expect(await reloaded(source)).toEqual({ changed: true, names: ["two"], problems: [] });
  expect(await reloaded(source)).toEqual({ changed: false, names: ["two"], problems: [] });
});

test("an entry that is no file is a problem, not a crash", async () => {
  await mkdir(join(folder, "dir.yaml"));
  await symlink("nowhere", join(folder, "link.yaml"));
  expect(await reloaded(createPolicySource({ folder }))).toEqual({
    changed: false,
    names: [],
    problems: ["F/dir.yaml: cannot be read; EISDIR", "F/link.yaml: cannot be read; it does not exist"],
  });
});

// node bench/main.ts status -- DIR: how far we agree with kubectl rollout status and with kstatus on when a rollout is over.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import type { RawObject } from "../src/clients/kubernetes/raw.ts";
import { isComplete } from "../src/guards/complete.ts";
import { podTrouble } from "../src/judging/pod-trouble.ts";
import { parsePod } from "../src/watchers/pod.ts";
import { toWorkload } from "../src/watchers/workload.ts";

const kubectlCases = z.array(
  z.object({
    kind: z.string(),
    generation: z.number(),
    specReplicas: z.number(),
    status: z.record(z.string(), z.unknown()),
    kubectl_msg: z.string(),
    kubectl_done: z.boolean(),
  }),
);
const kstatusCases = z.array(z.object({ kind: z.string(), name: z.string(), expected: z.string(), yaml: z.string() }));

/** One object, what the other says of it and what we say. */
interface Compared {
  readonly name: string;
  readonly theirs: string;
  readonly ours: string;
}

/**
 * `DIR` holds `kubectl_rollout_status.json` and `cases.json`. Without it nothing is measured and nothing missed. Only Deployments count;
 * pods are shown beside them as if a ReplicaSet had made them. Returns whether all Deployments agree.
 */
export async function run(args: readonly string[]): Promise<boolean> {
  const [folder] = args;
  if (folder === undefined) {
    console.log("skipped: no data");
    return true;
  }
  const kubectl = kubectlCases.parse(JSON.parse(await readFile(join(folder, "kubectl_rollout_status.json"), "utf8")));
  const kstatus = kstatusCases.parse(JSON.parse(await readFile(join(folder, "cases.json"), "utf8")));
  const isDeployment = ({ kind }: { readonly kind: string }): boolean => kind === "Deployment";
  const agrees = [
    print("kubectl rollout status, Deployments", kubectl.filter(isDeployment).map(besideKubectl), kubectl),
    print("kstatus, Deployments", kstatus.filter(isDeployment).map(besideKstatus), kstatus),
  ].every((all) => all);
  print(
    "kstatus, pods (not counted)",
    kstatus.filter(({ kind }) => kind === "Pod").map((one) => ({ name: one.name, theirs: one.expected, ours: podStatus(one.yaml) })),
  );
  return agrees;
}

function besideKubectl({
  generation,
  specReplicas,
  status,
  kubectl_done: done,
  kubectl_msg: message,
}: z.infer<typeof kubectlCases>[number]) {
  const raw = { metadata: { generation }, spec: { replicas: specReplicas }, status };
  return { name: message.trim(), theirs: done ? "done" : "waiting", ours: isComplete(toWorkload(raw, [])) ? "done" : "waiting" };
}

/** Failed is a matter of our own clock (the progress deadline), which no single object tells. */
function besideKstatus({ name, expected, yaml }: z.infer<typeof kstatusCases>[number]): Compared {
  return { name, theirs: expected, ours: isComplete(toWorkload(read(yaml), [])) ? "Current" : "InProgress" };
}

function podStatus(yaml: string): string {
  const now = Date.now();
  const raw = read(yaml.replace("%s", new Date(now).toISOString()));
  const metadata = {
    ...(raw["metadata"] as RawObject),
    uid: "pod",
    labels: { "pod-template-hash": "a" },
    ownerReferences: [{ kind: "ReplicaSet", name: "set", uid: "set", controller: true }],
  };
  const pod = parsePod({ ...raw, metadata })?.pod;
  if (pod === undefined) return "not a ReplicaSet's";
  if (pod.terminatingSince !== undefined) return "told to go";
  if (pod.ready) return "Current";
  const found = podTrouble(pod, { restarts: 2, stuckForMs: 120_000, notReadyForMs: 120_000 }, now);
  return found?.ripe === true ? "Failed" : "InProgress";
}

function read(yaml: string): RawObject {
  return parse(yaml, { uniqueKeys: false }) as RawObject;
}

function print(title: string, compared: readonly Compared[], of: readonly unknown[] = compared): boolean {
  const differing = compared.filter(({ theirs, ours }) => theirs !== ours);
  const others = of.length - compared.length;
  const rest = others === 0 ? "" : `, ${others} of kinds that we do not watch`;
  console.log(`  ${title}: ${compared.length - differing.length} of ${compared.length} agree${rest}`);
  for (const { name, theirs, ours } of differing) console.log(`    ${name}: ${theirs}, we say ${ours}`);
  return differing.length === 0;
}

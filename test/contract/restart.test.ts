import { afterAll, beforeAll, expect, test } from "vitest";
import type { KubernetesApi } from "../../src/clients/kubernetes/api.ts";
import { KubernetesError } from "../../src/clients/kubernetes/kubernetes-error.ts";
import { dig, text } from "../../src/clients/kubernetes/raw.ts";
import type { WorkloadRef } from "../../src/model.ts";
import type { Remedy } from "../../src/remediation.ts";
import { waitUntil } from "../servers/wait-until.ts";
import { startServers } from "../support/servers.ts";
import type { Servers } from "../support/servers.ts";
import { actionsOver } from "./actions-fixture.ts";
import { runs } from "./scaling-fixture.ts";

let servers: Servers;

beforeAll(async () => {
  servers = await startServers();
});

afterAll(() => servers[Symbol.asyncDispose]());

type Restart = Extract<Remedy, { kind: "restart" }>;

const podsPath = "/api/v1/namespaces/default/pods";
const budgetsPath = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
const execute: ReturnType<typeof actionsOver>["execute"] = (action) => actionsOver(servers.api).execute(action);

async function restartOf(workload: WorkloadRef): Promise<Restart> {
  const [pod] = await servers.api.list(podsPath, { labelSelector: `app=${workload.name}` });
  const name = text(dig(pod, "metadata", "name")) ?? "";
  return { id: "g.restart.1", kind: "restart", workload, pod: { name, uid: text(dig(pod, "metadata", "uid")) ?? "" }, guard: "g" };
}

async function isGone({ pod }: Restart): Promise<boolean> {
  const pods = await servers.api.list(podsPath);
  return !pods.some((each) => dig(each, "metadata", "uid") === pod.uid);
}

async function budget(name: string, spec: object, app = name): Promise<void> {
  const body = { metadata: { name, namespace: "default" }, spec: { selector: { matchLabels: { app } }, ...spec } };
  await servers.api.post(budgetsPath, { apiVersion: "policy/v1", kind: "PodDisruptionBudget", ...body });
  const isCounted = async () => dig(await servers.api.get(`${budgetsPath}/${name}`), "status", "observedGeneration") === 1;
  await waitUntil(`budget ${name} counted`, isCounted);
}

/** Counts the evictions that are asked for. */
function counting(answer: (send: () => Promise<unknown>, nth: number) => Promise<unknown>): { readonly api: KubernetesApi; asked: number } {
  const counted = {
    asked: 0,
    api: {
      ...servers.api,
      post: (async (path, body, options) => answer(() => servers.api.post(path, body, options), ++counted.asked)) as KubernetesApi["post"],
    },
  };
  return counted;
}

test("a pod is evicted, its controller makes another, and the same restart again does nothing", async () => {
  const workload = await runs(servers.api, "evicted");
  const restart = await restartOf(workload);

  expect(await execute(restart)).toMatchObject({ kind: "restart", outcome: "applied", detail: `pod ${restart.pod.name} is evicted` });
  expect(await execute(restart)).toMatchObject({ outcome: "unchanged" });
  await waitUntil("the pod gone", () => isGone(restart));
  await waitUntil("another in its place", async () => {
    const pods = await servers.api.list(podsPath, { labelSelector: "app=evicted" });
    return pods.filter((pod) => dig(pod, "metadata", "deletionTimestamp") === undefined).length === 2;
  });
  expect(await execute(restart)).toMatchObject({ outcome: "unchanged", detail: `pod ${restart.pod.name} is gone` });
});

test("another pod of its name is left alone", async () => {
  const restart = await restartOf(await runs(servers.api, "renamed"));
  const other = { ...restart, pod: { ...restart.pod, uid: "00000000-0000-4000-8000-000000000000" } };

  expect(await execute(other)).toMatchObject({ outcome: "unchanged" });
  expect(await isGone(restart)).toBe(false);
});

test("a pod that is replaced by another of its name between our look and the eviction is protected by its uid", async () => {
  const restart = await restartOf(await runs(servers.api, "swapped"));
  const uid = "00000000-0000-4000-8000-000000000000";
  let looks = 0;
  const get: KubernetesApi["get"] = async (path, options) => {
    const found = await servers.api.get(path, options);
    const isFirstLook = path.startsWith(podsPath) && ++looks === 1;
    return isFirstLook ? { ...found, metadata: { ...(found["metadata"] as object), uid } } : found;
  };

  const receipt = await actionsOver({ ...servers.api, get }).execute({ ...restart, pod: { ...restart.pod, uid } });

  expect(receipt).toMatchObject({ outcome: "unchanged" });
  expect(await isGone(restart)).toBe(false);
});

test("a PodDisruptionBudget that allows nothing is obeyed, in its own words, after one question", async () => {
  const workload = await runs(servers.api, "protected");
  await budget("protected", { minAvailable: 2 });
  const restart = await restartOf(workload);
  const counted = counting((send) => send());

  const receipt = await actionsOver(counted.api).execute(restart);

  expect(receipt).toMatchObject({
    outcome: "refused",
    because: {
      code: "disruption-budget",
      pod: restart.pod.name,
      detail: "The disruption budget protected needs 2 healthy pods and has 2 currently",
    },
  });
  expect(counted.asked).toBe(1);
  expect(await isGone(restart)).toBe(false);
});

test("a budget that allows one lets one go, and keeps the next until the first has come back", async () => {
  const workload = await runs(servers.api, "one-by-one", 3);
  await budget("one-by-one", { maxUnavailable: 1 });
  const first = await restartOf(workload);
  const pods = await servers.api.list(podsPath, { labelSelector: "app=one-by-one" });
  const another = pods.find((pod) => dig(pod, "metadata", "uid") !== first.pod.uid);
  const pod = { name: text(dig(another, "metadata", "name")) ?? "", uid: text(dig(another, "metadata", "uid")) ?? "" };

  expect(await execute(first)).toMatchObject({ outcome: "applied" });
  expect(await execute({ ...first, id: "g.restart.2", pod })).toMatchObject({ outcome: "refused", because: { code: "disruption-budget" } });
});

test("two budgets for one pod are more than the server can decide by: refused in its words, after one question", async () => {
  const workload = await runs(servers.api, "doubly");
  await budget("doubly-one", { minAvailable: 1 }, "doubly");
  await budget("doubly-two", { minAvailable: 1 }, "doubly");
  const restart = await restartOf(workload);
  const counted = counting((send) => send());

  const receipt = await actionsOver(counted.api).execute(restart);

  expect(receipt).toMatchObject({ outcome: "refused", because: { code: "disruption-budget" } });
  expect(receipt.detail).toContain("more than one PodDisruptionBudget");
  expect(counted.asked).toBe(1);
  expect(await isGone(restart)).toBe(false);
});

test("a busy server, which names no budget, is asked again", async () => {
  const restart = await restartOf(await runs(servers.api, "busy"));
  const counted = counting((send, nth) => {
    if (nth > 1) return send();
    const facts = { status: 429, serverMessage: "Too many requests, please try again later.", retryAfterMs: 1_000 };
    throw new KubernetesError("KUBERNETES_UNREACHABLE", "POST: the API server answered 429", facts);
  });

  expect(await actionsOver(counted.api).execute(restart)).toMatchObject({ outcome: "applied" });
  expect(counted.asked).toBe(2);
});

test("an eviction of which only the answer was lost is found, not repeated", async () => {
  const restart = await restartOf(await runs(servers.api, "unheard"));
  const counted = counting(async (send) => {
    await send();
    throw new KubernetesError("KUBERNETES_UNREACHABLE", "the connection broke");
  });

  expect(await actionsOver(counted.api).execute(restart)).toMatchObject({ outcome: "applied" });
  expect(counted.asked).toBe(1);
});

test("a pod that nobody would make again is not restarted, nor one of another workload", async () => {
  const workload = await runs(servers.api, "owner");
  const metadata = { name: "lonely", namespace: "default", labels: { app: "lonely" } };
  const made = await servers.api.post(podsPath, { metadata, spec: { containers: [{ name: "app", image: "shop:1" }] } });
  const lonely = { name: "lonely", uid: text(dig(made, "metadata", "uid")) ?? "" };
  const restart = await restartOf(workload);
  const stranger = await restartOf(await runs(servers.api, "stranger"));

  expect(await execute({ ...restart, pod: lonely })).toMatchObject({
    outcome: "refused",
    because: { code: "limitation" },
    detail: "pod lonely has no controller: nobody would make it again",
  });
  expect(await execute({ ...restart, pod: stranger.pod })).toMatchObject({ outcome: "refused", because: { code: "conflict" } });
  expect(await isGone(stranger)).toBe(false);
});

test("an instance that has lost the lead evicts nothing", async () => {
  const restart = await restartOf(await runs(servers.api, "deposed"));

  expect(await actionsOver(servers.api, () => false).execute(restart)).toMatchObject({ outcome: "failed" });
  expect(await isGone(restart)).toBe(false);
});

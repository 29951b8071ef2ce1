import { afterAll, beforeAll, expect, test } from "vitest";
import { dig, text } from "../../src/clients/kubernetes/raw.ts";
import { systemClock } from "../../src/clock.ts";
import { type AfterAsk, createAftermathReader } from "../../src/signals/aftermath.ts";
import type { Aftermath } from "../../src/reason/verification.ts";
import { waitUntil } from "../servers/wait-until.ts";
import { deploymentManifest } from "../support/deployment-manifest.ts";
import { startUnderRoles } from "./actions-account.ts";
import type { UnderRoles } from "./actions-account.ts";
import { actionsOver, rollbackOf, rollOut } from "./actions-fixture.ts";

let cluster: UnderRoles;

beforeAll(async () => {
  cluster = await startUnderRoles(["service-account", "observe-namespaced"]);
});

afterAll(() => cluster[Symbol.asyncDispose]());

const core = "/api/v1/namespaces/default";

const serve = (name: string, selector: object | undefined) =>
  cluster.admin.post(`${core}/services`, {
    metadata: { name },
    spec: { ports: [{ port: 80, targetPort: 8080 }], ...(selector && { selector }) },
  });

/** The real control plane of these tests keeps no EndpointSlices, because it refuses the addresses of its pods: they are written for it. */
async function endpoints(service: string, uids: readonly string[]): Promise<void> {
  if (process.env["REARGUARD_SERVERS"] !== "real") return;
  const endpoint = (uid: string, index: number) => ({
    addresses: [`10.9.8.${index + 1}`],
    conditions: { ready: true },
    targetRef: { kind: "Pod", namespace: "default", name: `pod-${index}`, uid },
  });
  await cluster.admin.post("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", {
    metadata: { name: `${service}-by-hand`, labels: { "kubernetes.io/service-name": service } },
    addressType: "IPv4",
    endpoints: uids.map(endpoint),
    ports: [{ name: "", port: 8080, protocol: "TCP" }],
  });
}

/** A Deployment whose second revision was rolled back, with its pods now. */
async function rolledBack(name: string): Promise<AfterAsk> {
  const rolled = await rollOut(cluster.admin, name);
  await actionsOver(cluster.admin).execute(rollbackOf(rolled));
  let restored: readonly string[] = [];
  await waitUntil(`pods of ${name}`, async () => {
    const pods = await cluster.admin.list(`${core}/pods`, { labelSelector: `pod-template-hash=${rolled.old.podTemplateHash}` });
    restored = pods.map((pod) => text(dig(pod, "metadata", "uid")) ?? "");
    return restored.length === 2;
  });
  return { workload: rolled.workload, target: rolled.old, condemned: rolled.bad, restored };
}

const look = (ask: AfterAsk, api = cluster.account) => createAftermathReader({ api, now: () => systemClock.now() })(ask);

async function eventually(ask: AfterAsk, isIt: (seen: Extract<Aftermath, { kind: "seen" }>) => boolean): Promise<Aftermath> {
  let found = await look(ask);
  await waitUntil("what is around it", async () => (found = await look(ask)).kind === "seen" && isIt(found));
  return found;
}

test("the Services of a workload are those that select its pods, with the restored pods that they reach", async () => {
  const ask = await rolledBack("reached");
  await serve("reached", { app: "reached" });
  await serve("only-the-bad", { app: "reached", "pod-template-hash": ask.condemned.podTemplateHash });
  await serve("of-others", { app: "others" });
  await serve("of-nobody", undefined);
  await endpoints("reached", ask.restored);
  await endpoints("only-the-bad", []);
  const found = await eventually(ask, ({ services, condemned }) => services.some(({ ready }) => ready === 2) && condemned === 0);
  const services = found.kind === "seen" ? found.services : [];
  expect(services.toSorted((one, other) => one.name.localeCompare(other.name))).toEqual([
    { name: "only-the-bad", ready: 0, fits: false },
    { name: "reached", ready: 2, fits: true },
  ]);
});

test("ready pods of another workload behind the same Service do not count", async () => {
  const ask = await rolledBack("shared-a");
  const labels = { app: "shared-b", tier: "shared" };
  const other = deploymentManifest({ name: "shared-b", replicas: 1 }) as {
    readonly spec: { readonly template: { readonly metadata: object } };
  };
  const template = { ...other.spec.template, metadata: { ...other.spec.template.metadata, labels } };
  await cluster.admin.post("/apis/apps/v1/namespaces/default/deployments", { ...other, spec: { ...other.spec, template } });
  await serve("shared", { app: "shared-a" });
  await endpoints("shared", ask.restored);
  await eventually(ask, ({ services }) => services.some(({ name, ready }) => name === "shared" && ready === 2));
  expect(await look({ ...ask, restored: [] })).toMatchObject({ services: [{ name: "shared", ready: 0, fits: true }] });
});

test("a ReplicaSet that is gone has no pods to come, and nobody's Services are looked for by its labels", async () => {
  const ask = await rolledBack("cleared");
  await cluster.admin.del(`/apis/apps/v1/namespaces/default/replicasets/${ask.condemned.name}`);
  expect(await eventually(ask, ({ condemned }) => condemned === null)).toMatchObject({ kind: "seen", condemned: null });
});

test("without the right to list Services it is unseen, and says which right is missing", async () => {
  await using others = await startUnderRoles(["service-account", "enforce-namespaced"]);
  const rolled = await rollOut(others.admin, "denied");
  const ask = { workload: rolled.workload, target: rolled.old, condemned: rolled.bad, restored: [] };
  expect(await look(ask, others.account)).toMatchObject({
    kind: "unseen",
    forbidden: true,
    because: expect.stringContaining("deploy/rbac/observe.yaml"),
  });
});

test("an API server that cannot be asked is unseen, and it may be better at the next look", async () => {
  const down = () => Promise.reject(new Error("connection refused"));
  const ask = await rolledBack("down");
  const reader = createAftermathReader({ api: { get: down, page: down }, now: () => systemClock.now() });
  expect(await reader(ask)).toMatchObject({ kind: "unseen", forbidden: false, because: "connection refused" });
});

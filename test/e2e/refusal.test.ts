import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startCluster } from "../servers/cluster.ts";
import type { PolicyRule } from "../servers/service-account.ts";
import { startTraffic } from "../servers/traffic.ts";
import { waitUntil } from "../servers/wait-until.ts";
import { ownCidr } from "./cidr.ts";
import { printLog } from "./daemon.ts";
import type { Daemon } from "./daemon.ts";
import { endOf, guardOf, reasonsOf, storyOf } from "./guards.ts";
import { podSignal, policyText } from "./policies.ts";
import { deployShop } from "./shop.ts";
import type { ShopOptions } from "./shop.ts";
import { createWorld, ourAccount } from "./world.ts";
import type { World } from "./world.ts";
import { workloadWrites } from "./writes.ts";

// One cluster; a daemon that may act and one that may only watch, each with namespaces of its own. No test here may end in a rollback.
let world: World;
let daemon: Daemon;
let watcher: Daemon;

const unknownMetric = "{ errors: { http: { preset: prom-client, metric: { requests: nobody_counts_this_total }, errors: {} } } }";

beforeAll(async () => {
  const cluster = await startCluster({ cidr: await ownCidr() });
  world = await createWorld(cluster);
  daemon = await world.startDaemon({
    policies: {
      "pods.yaml": policyText({ name: "pods", namespaces: ["helm", "argocd", "first"], signals: `{ ${podSignal} }` }),
      "observe.yaml": policyText({ name: "observe", namespaces: ["observe"], mode: "observe" }),
      "no-metric.yaml": policyText({ name: "no-metric", namespaces: ["no-metric"], signals: unknownMetric, noDataAfter: "3s" }),
    },
    settings: { kubernetes: { namespaces: ["helm", "argocd", "first", "observe", "no-metric"] } },
  });
  watcher = await world.startDaemon({
    policies: { "all.yaml": policyText({ name: "all", namespaces: ["html", "forbidden"], noDataAfter: "3s" }) },
    kubeconfig: await observerKubeconfig(),
    settings: {
      kubernetes: { namespaces: ["html", "forbidden"] },
      prometheus: { url: world.receiver.htmlUrl },
      leader: { name: "observer" },
    },
  });
  await Promise.all([daemon.ready(), watcher.ready()]);
});

beforeEach(({ onTestFailed }) => {
  onTestFailed(() => {
    printLog(daemon);
    printLog(watcher);
  });
});

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

describe.concurrent("a bad rollout is not taken back", () => {
  test.for([
    { owner: "helm", mark: "annotation meta.helm.sh/release-name", ...helmMarks("helm") },
    { owner: "argocd", mark: "annotation argocd.argoproj.io/tracking-id", ...argoMarks("argocd") },
  ])("when $owner owns the workload: it is braked, and the message says where to roll back", async ({ owner, mark, ...marks }) => {
    const { cluster } = world;
    const shop = await deployShop(cluster, { namespace: owner, ...marks });
    await shop.rollOut("v2", { crash: "Error" });

    const guard = await guardOf(cluster, owner, 2, (one) => reasonsOf(one, "withheld").includes("owned"), { what: "withheld" });

    expect(storyOf(guard)).toEqual(["opened", "intended brake", "receipt brake applied", "withheld rollback"]);
    const { spec } = await shop.deployment();
    expect(spec.paused).toBe(true);
    expect(JSON.stringify(spec.template)).toContain("shop:v2");
    const writes = await workloadWrites(cluster, owner);
    expect(writes.map(({ paths }) => paths)).toEqual([["/spec/paused", expect.stringContaining("braked-by")]]);
    await told(owner, mark);
  });

  test("when the policy only observes: the guard says what it would have done and ends, nothing is written", async () => {
    const { cluster } = world;
    const shop = await deployShop(cluster, { namespace: "observe" });
    await using _traffic = await trafficTo("observe");
    await shop.rollOut("v2", { "error-rate": "0.3" });

    const guard = await endOf(cluster, "observe", 2);

    expect(guard.status?.phase).toBe("unresolved");
    expect(storyOf(guard)).toContain("withheld rollback");
    expect(reasonsOf(guard, "withheld")).toEqual(expect.arrayContaining(["evidence", "observe-mode"]));
    expect(await workloadWrites(cluster, "observe")).toEqual([]);
  });

  test("when there is nothing to go back to", async () => {
    const { cluster } = world;
    await deployShop(cluster, { namespace: "first", behaviour: { crash: "Error" }, unfinished: true });

    const guard = await guardOf(cluster, "first", 1, (one) => reasonsOf(one, "withheld").includes("nothing-to-undo"), { what: "withheld" });

    await told("first", /first revision|nothing to (go|roll) back/);
    expect(storyOf(guard)).not.toContain("intended rollback");
  });

  test("when nobody counts the metric: people are told, and the guard ends without a verdict", async () => {
    const { cluster } = world;
    const shop = await deployShop(cluster, { namespace: "no-metric" });
    await using _traffic = await trafficTo("no-metric");
    await shop.rollOut("v2", { "error-rate": "0.3" });

    const guard = await endOf(cluster, "no-metric", 2);

    expect(guard.status?.phase).toBe("inconclusive");
    expect(reasonsOf(guard, "held")).toEqual(["no-usable-data"]);
    expect(await workloadWrites(cluster, "no-metric")).toEqual([]);
  });

  test("when Prometheus answers with a page of HTML: the guard says so and ends without a verdict", async () => {
    const { cluster } = world;
    const shop = await deployShop(cluster, { namespace: "html" });
    await using _traffic = await trafficTo("html");
    await shop.rollOut("v2", { "error-rate": "0.3" });

    const guard = await endOf(cluster, "html", 2);

    expect(guard.status?.phase).toBe("inconclusive");
    expect(reasonsOf(guard, "held")).toEqual(["no-usable-data"]);
    await told("html", /not JSON|no JSON|HTML/i);
    expect(await workloadWrites(cluster, "html")).toEqual([]);
  });

  test("when the account may not patch: the API server's own words are in the guard, the log and the message", async () => {
    const { cluster } = world;
    const shop = await deployShop(cluster, { namespace: "forbidden" });
    await shop.rollOut("v2", { crash: "Error" });

    const guard = await guardOf(cluster, "forbidden", 2, (one) => storyOf(one).includes("receipt rollback refused"), { what: "refused" });

    expect(reasonsOf(guard, "receipt")).toContain("forbidden");
    expect(guard.status?.phase).toBe("breached");
    await watcher.logged(/cannot patch resource \\"deployments\\"/);
    await told("forbidden", "cannot patch resource");
    const { spec } = await shop.deployment();
    expect(JSON.stringify(spec.template)).toContain("shop:v2");
  });
});

/** An account with exactly the role we ship for watching, a Lease and a ledger. */
async function observerKubeconfig(): Promise<string> {
  type Role = { readonly kind: string; readonly rules?: readonly PolicyRule[] };
  const text = await readFile(join(import.meta.dirname, "../../deploy/rbac/observe.yaml"), "utf8");
  const rules = parseAllDocuments(text).flatMap((document) => (document.toJS() as Role).rules ?? []);
  const lease: PolicyRule = { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["get", "create", "update"] };
  const ledger: PolicyRule = { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "create", "update"] };
  return world.cluster.kubeconfigFor({ namespace: ourAccount.namespace, name: "observer", rules: [...rules, lease, ledger] });
}

/** Until a message about this namespace says so. */
function told(namespace: string, words: string | RegExp): Promise<boolean> {
  const says = (text: string) => (typeof words === "string" ? text.includes(words) : words.test(text));
  return waitUntil(`a message about ${namespace} that says ${String(words)}`, () =>
    world.receiver.deliveries(namespace).some(({ data }) => says(data.text)),
  );
}

function trafficTo(namespace: string) {
  return startTraffic({ client: world.cluster.client, namespace, service: "shop", requestsPerSecond: 60 });
}

function helmMarks(namespace: string): Pick<ShopOptions, "labels" | "annotations"> {
  return {
    labels: { "app.kubernetes.io/managed-by": "Helm" },
    annotations: { "meta.helm.sh/release-name": "shop", "meta.helm.sh/release-namespace": namespace },
  };
}

function argoMarks(namespace: string): Pick<ShopOptions, "labels" | "annotations"> {
  return { annotations: { "argocd.argoproj.io/tracking-id": `shop:apps/Deployment:${namespace}/shop` } };
}

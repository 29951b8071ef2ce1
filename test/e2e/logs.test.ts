import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startCluster } from "../servers/cluster.ts";
import { startElasticsearch } from "../servers/elasticsearch.ts";
import { startTraffic } from "../servers/traffic.ts";
import { waitUntil } from "../servers/wait-until.ts";
import { ownCidr } from "./cidr.ts";
import { printLog } from "./daemon.ts";
import type { Daemon } from "./daemon.ts";
import { endOf, type StoredEntry } from "./guards.ts";
import { startLogShipper } from "./log-shipper.ts";
import { policyText } from "./policies.ts";
import { deployShop } from "./shop.ts";
import type { Shop } from "./shop.ts";
import { createWorld } from "./world.ts";
import type { World } from "./world.ts";
import { templateWrites, workloadWrites } from "./writes.ts";

let world: World;
let daemon: Daemon;
let shops: Readonly<Record<"loud" | "quiet", Shop>>;
const stack = new AsyncDisposableStack();

beforeAll(async () => {
  const cluster = await startCluster({ cidr: await ownCidr() });
  world = stack.use(await createWorld(cluster));
  const { url } = stack.use(await startElasticsearch("9.5.0"));
  const [loud, quiet] = await Promise.all([
    deployShop(cluster, { namespace: "loud", replicas: 6, minReadySeconds: 1 }),
    deployShop(cluster, { namespace: "quiet" }),
  ]);
  shops = { loud, quiet };
  for (const namespace of Object.keys(shops)) {
    stack.use(await startTraffic({ client: cluster.client, namespace, service: "shop", requestsPerSecond: 40 }));
    stack.use(await startLogShipper({ cluster, namespace, url }));
  }
  const signals = `
    errors: { http: { preset: prom-client, errors: { limit: 2% } } }
    lines: { logs: { format: filebeat, limit: 6/min/pod } }`;
  daemon = await world.startDaemon({
    policies: { "all.yaml": policyText({ name: "all", namespaces: Object.keys(shops), window: "16s", signals }) },
    settings: { elasticsearch: { url, lag: "1s", kibana: { url: "https://kibana.example.com/" } } },
  });
  await daemon.ready();
});

beforeEach(({ onTestFailed }) => {
  onTestFailed(() => {
    printLog(daemon);
  });
});

afterAll(() => stack.disposeAsync());

describe("a rollout whose requests all go well", () => {
  test("but whose pods log errors is rolled back, with the lines as evidence in the Guard and in the message", async () => {
    const { cluster, receiver } = world;
    await shops.loud.rollOut("v2", { "error-lines": "6" });

    const guard = await endOf(cluster, "loud", 2);

    expect(guard.status?.phase).toBe("restored");
    expect((await templateWrites(cluster, "loud")).length).toBe(1);
    const rolledBack = () => receiver.deliveries("loud").find(({ data }) => data.kind === "rolled-back");
    await waitUntil("the message", () => rolledBack() !== undefined);
    const quoted = "order * failed: connect ECONNREFUSED *";
    const isRollback = ({ action }: StoredEntry) => (action as { kind?: string } | undefined)?.kind === "rollback";
    expect(guard.status?.entries.find(isRollback)?.because, "recorded with the decision").toMatchObject([
      { code: "evidence", signal: "lines", quotes: [{ pattern: quoted, pods: expect.arrayContaining([expect.stringMatching(/^shop-/)]) }] },
    ]);
    const text = rolledBack()?.data.text ?? "";
    expect(text).toMatch(
      /(?:most|the most frequent) of the lines: "order \* failed: connect ECONNREFUSED \*" \(\d+ lines? of .*shop-.*, last at \d\d:\d\d:\d\d UTC\)/,
    );
    const link = new URL(/- The lines in Kibana: (\S+)/.exec(text)?.[1] ?? "");
    expect(link.origin + link.pathname).toBe("https://kibana.example.com/app/r");
    expect(JSON.parse(link.searchParams.get("p") ?? "")).toMatchObject({
      dataViewSpec: { title: "logs-*", timeFieldName: "@timestamp" },
      query: {
        query: expect.stringMatching(/^kubernetes\.namespace: "loud" and kubernetes\.pod\.name: shop-[a-z0-9]+-\* and log\.level: /),
      },
    });
    expect(text).toMatch(/lines [\d,.]+ lines\/min\/pod = [\d.]+x the limit .* \d+ log lines in [\d.]+ pod-minutes/);
  });

  test("and whose pods log none passes", async () => {
    const { cluster } = world;
    await shops.quiet.rollOut("v2");

    const guard = await endOf(cluster, "quiet", 2);

    expect(guard.status?.phase).toBe("passed");
    const ofLines = guard.status?.entries.at(-1)?.because?.find((reason) => reason["signal"] === "lines");
    expect(ofLines).toMatchObject({ code: "within-limits", unit: "pod-minutes", bad: 0 });
    expect(await workloadWrites(cluster, "quiet")).toEqual([]);
  });
});

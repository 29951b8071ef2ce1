import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startCluster } from "../servers/cluster.ts";
import { makeTempDir } from "../servers/temp-dir.ts";
import { ownCidr } from "./cidr.ts";
import { runDaemon } from "./daemon.ts";
import { endOf } from "./guards.ts";
import { podSignal, policyText } from "./policies.ts";
import { deployShop } from "./shop.ts";
import { createWorld } from "./world.ts";

test("wrong settings: the daemon ends with code 1 and names every fault by line and column", async () => {
  await using folder = await makeTempDir("settings");
  const settingsPath = join(folder.path, "settings.yaml");
  await writeFile(settingsPath, "cluster: e2e\nprometheus:\n  url: ftp://nowhere\n  scrapeIntervall: 1s\nlisten: { port: 99999 }\n");

  await using daemon = runDaemon({ folder: folder.path, settingsPath, url: "http://127.0.0.1:1" });

  expect(await daemon.exited()).toBe(1);
  const output = daemon.output();
  expect(output).toMatch(/settings\.yaml:3:8 prometheus\.url: .*http/);
  expect(output).toMatch(/settings\.yaml:4:3 prometheus\.scrapeIntervall: .*did you mean.*scrapeInterval/);
  expect(output).toMatch(/settings\.yaml:5:17 listen\.port: /);
  expect(output).not.toMatch(/at .*\.ts:\d+/);
});

test("a policy that becomes wrong is refused by line and column, and the last good set goes on guarding", async () => {
  await using world = await createWorld(await startCluster({ cidr: await ownCidr() }));
  const { cluster } = world;
  const shop = await deployShop(cluster, { namespace: "shop" });
  const good = policyText({ name: "pods", namespaces: ["shop"], signals: `{ ${podSignal} }` });
  await using daemon = await world.startDaemon({ policies: { "pods.yaml": good } });
  await daemon.ready();
  await daemon.logged(/policies in force/);

  await writeFile(join(daemon.policyFolder, "pods.yaml"), good.replace("restarts: 2", "restart: 2"));
  const refused = await daemon.logged(/last good set/);
  await shop.rollOut("v2", { crash: "Error" });

  expect(JSON.stringify(refused)).toMatch(/pods\.yaml:\d+:\d+ spec\.signals\.pods\.pods\.restart: .*did you mean restarts/);
  expect((await endOf(cluster, "shop", 2)).status?.phase).toBe("restored");
  await writeFile(join(daemon.policyFolder, "pods.yaml"), good);
  await daemon.ready();
  expect(await daemon.stop()).toBe(0);
});

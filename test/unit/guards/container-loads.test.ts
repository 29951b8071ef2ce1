import { describe, expect, test } from "vitest";
import { loadsOf } from "../../../src/guards/container-loads.ts";
import type { ContainerUsage, Measurement, PodState } from "../../../src/model.ts";
import { BLOCK, fresh, MINUTE, old, pod, rollout, START } from "./a-guard.ts";

const limits = { cpu: 1, memory: 1024 };
const app = { name: "app", ready: true, restarts: 0, limits };
const newPod = pod("web-7-a", fresh, { readySince: START + MINUTE, created: START, containers: [app] });
const oldPod = pod(`${old.name}-a`, old, { readySince: START - MINUTE, containers: [app] });

function usage(podName: string, container = "app"): ContainerUsage {
  return { pod: podName, container, id: "", cpuCores: 0.5, memoryBytes: 512 };
}

function loads(
  containers: readonly ContainerUsage[],
  pods: readonly PodState[],
  at = START + 5 * MINUTE,
  restored: readonly string[] = [],
) {
  const found = loadsOf({ kind: "usage", at, containers }, { rollout, pods, restored });
  if (found.kind !== "loads") throw new Error("expected loads");
  return found;
}

describe("the use of a container", () => {
  test("is told by the revision of its pod, beside its limits", () => {
    expect(loads([usage("web-7-a"), usage(oldPod.name)], [newPod, oldPod]).loads).toEqual([
      {
        side: "new",
        pod: "web-7-a",
        container: "app",
        id: "",
        born: START,
        cpu: { used: 0.5, limit: 1 },
        memory: { used: 512, limit: 1024 },
      },
      {
        side: "old",
        pod: oldPod.name,
        container: "app",
        id: "",
        born: oldPod.created,
        cpu: { used: 0.5, limit: 1 },
        memory: { used: 512, limit: 1024 },
      },
    ]);
  });

  test.each<[string, ContainerUsage, readonly PodState[], readonly string[]]>([
    ["a new pod that is not ready yet", usage("web-7-a"), [{ ...newPod, readySince: START + 6 * MINUTE }], []],
    ["a new pod that was told to go", usage("web-7-a"), [{ ...newPod, terminatingSince: START + 4 * MINUTE }], []],
    ["an old pod that is gone", usage(oldPod.name), [{ ...oldPod, gone: START + 4 * MINUTE }], []],
    ["a pod of another revision", usage("web-5-a"), [{ ...newPod, name: "web-5-a", podTemplateHash: "hash-5" }], []],
    ["a pod that nobody knows", usage("other-6-a"), [newPod], []],
    [
      "an init container",
      usage("web-7-a", "migrate"),
      [{ ...newPod, containers: [app, { name: "migrate", ready: true, restarts: 0 }] }],
      [],
    ],
  ])("of %s does not count", (_what, used, pods, restored) => {
    expect(loads([used], pods, START + 5 * MINUTE, restored).loads).toEqual([]);
  });

  test("of an old pod that was gone before anybody looked counts by its name, with its template's limits", () => {
    expect(loads([usage(`${old.name}-gone`)], [oldPod], START - 30 * MINUTE).loads).toMatchObject([
      { side: "old", pod: `${old.name}-gone`, memory: { limit: 1024 } },
    ]);
  });

  test("of the pods that a rollback brought back counts as old", () => {
    const restored = { ...newPod, name: "web-3-a", podTemplateHash: "hash-3" };
    expect(loads([usage("web-3-a")], [restored], START + 5 * MINUTE, ["hash-3"]).loads).toMatchObject([{ side: "old" }]);
  });

  test("without a limit has none, which is told from one that is not known", () => {
    const free = { ...newPod, containers: [{ ...app, limits: { cpu: 1 } }] };
    expect(loads([usage("web-7-a")], [free]).loads).toMatchObject([{ cpu: { limit: 1 }, memory: { limit: null } }]);
  });
});

test("it is due once a new pod was ready long enough to be scraped twice, not before", () => {
  const at = (ms: number): Measurement => ({ kind: "no-data", at: ms, because: "nothing" });
  const roster = { rollout, pods: [newPod, oldPod], restored: [] };
  expect(loadsOf(at(START + 3 * MINUTE), roster).isDue).toBe(false);
  expect(loadsOf(at(START + 4 * MINUTE), roster).isDue).toBe(true);
  expect(loadsOf({ kind: "values", at: START + BLOCK, values: [] }, roster)).toMatchObject({ kind: "no-data", isDue: false });
});

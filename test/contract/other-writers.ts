import { dig } from "../../src/clients/kubernetes/raw.ts";
import { waitUntil } from "../servers/wait-until.ts";
import type { Servers } from "../support/servers.ts";
import { liveOf, setImage, undo } from "./actions-fixture.ts";
import type { Rolled } from "./actions-fixture.ts";
import { kubectl } from "./kubectl.ts";
import { autoscale, specOf } from "./scaling-fixture.ts";

/** Somebody else who writes while we do: kubectl itself on the real server, and on the sandbox what it was seen to send. */
export interface OtherWriter {
  readonly writes: (servers: Servers, rolled: Rolled) => Promise<void>;
  /** What must stand at last, whatever we did; compared with what does. */
  readonly keeps: Readonly<Partial<Outcome>>;
}

export interface Outcome {
  readonly image: string | undefined;
  readonly paused: boolean;
  readonly replicas: unknown;
}

export const otherWriters = {
  "kubectl scale": {
    writes: async (servers, { workload, path }) => {
      if (servers.kind === "real") return void (await kubectl(servers, ["scale", `deployment/${workload.name}`, "--replicas=5"]));
      await servers.api.patch(`${path}/scale`, { spec: { replicas: 5 } }, { type: "merge", fieldManager: "kubectl" });
    },
    keeps: { replicas: 5 },
  },
  "kubectl rollout undo": {
    writes: async (servers, rolled) => {
      await resume(servers, rolled);
      await undo(servers, rolled, rolled.old);
    },
    keeps: { image: "shop:1", paused: false },
  },
  "kubectl set image": {
    writes: async (servers, { workload, path }) => {
      if (servers.kind === "real") return void (await kubectl(servers, ["set", "image", `deployment/${workload.name}`, "app=shop:3"]));
      await setImage(servers.api, path, "shop:3");
    },
    keeps: { image: "shop:3" },
  },
  "kubectl rollout pause": {
    writes: async (servers, { workload, path }) => {
      if (servers.kind === "real") return void (await kubectl(servers, ["rollout", "pause", `deployment/${workload.name}`]));
      await servers.api.patch(path, { spec: { paused: true } }, { type: "merge", fieldManager: "kubectl" });
    },
    keeps: { paused: true },
  },
  "an HPA": {
    writes: async (servers, { workload, path }) => {
      await autoscale(servers.api, { name: workload.name, min: 5, max: 8 });
      await waitUntil("the HPA to scale", async () => (await specOf(servers.api, path, "replicas")) === 5);
    },
    keeps: { replicas: 5 },
  },
} as const satisfies Readonly<Record<string, OtherWriter>>;

/** The rollout is resumed and paused again: the pause is theirs now, although our mark is still there. */
export async function pauseAnew(servers: Servers, rolled: Rolled): Promise<void> {
  await resume(servers, rolled);
  await otherWriters["kubectl rollout pause"].writes(servers, rolled);
}

/** kubectl undoes nothing that is paused. */
async function resume(servers: Servers, { workload, path }: Pick<Rolled, "workload" | "path">): Promise<void> {
  if (!(await liveOf(servers.api, path)).paused) return;
  if (servers.kind === "real") return void (await kubectl(servers, ["rollout", "resume", `deployment/${workload.name}`]));
  await servers.api.patch(path, { spec: { paused: null } }, { type: "merge", fieldManager: "kubectl" });
}

export async function outcomeOf({ api }: Servers, path: string): Promise<Outcome> {
  const [{ image, paused }, raw] = [await liveOf(api, path), await api.get(path)];
  return { image, paused, replicas: dig(raw, "spec", "replicas") };
}

import { afterAll, beforeAll, expect, test } from "vitest";
import type { Actions } from "../../src/actions/actions.ts";
import { templateOf } from "../../src/actions/json-patch.ts";
import type { KubernetesApi } from "../../src/clients/kubernetes/api.ts";
import { dig, text } from "../../src/clients/kubernetes/raw.ts";
import type { Action } from "../../src/entry.ts";
import type { Remedy } from "../../src/remediation.ts";
import { waitUntil } from "../servers/wait-until.ts";
import { startServers } from "../support/servers.ts";
import type { Servers } from "../support/servers.ts";
import { actionsOver, brakeOf, drainOf, liveOf, releaseOf, rollbackOf, rollOut } from "./actions-fixture.ts";
import type { Rolled } from "./actions-fixture.ts";
import { otherWriters, outcomeOf, pauseAnew } from "./other-writers.ts";
import { autoscale, hpaPath, scaleTo, scalingOf, setSpec, specOf } from "./scaling-fixture.ts";

// A human, an autoscaler or a pipeline writes in the middle of each of our actions, before each request that it makes. Nobody's change is lost.

let servers: Servers;

beforeAll(async () => {
  servers = await startServers();
});

afterAll(() => servers[Symbol.asyncDispose]());

/** The API with something happening just before the nth request. */
function beforeRequest(nth: number, happens: () => Promise<unknown>): KubernetesApi {
  let asked = 0;
  const interrupted = async <T>(send: () => Promise<T>): Promise<T> => {
    if (++asked === nth) await happens();
    return send();
  };
  const { api } = servers;
  return {
    ...api,
    get: (...given) => interrupted(() => api.get(...given)),
    patch: (...given) => interrupted(() => api.patch(...given)),
    post: (...given) => interrupted(() => api.post(...given)),
  };
}

interface Ours {
  /** Requests that it makes when nobody disturbs it. */
  readonly requests: number;
  /** The rollout is paused by our brake before it. */
  readonly braked?: true;
  /** What went before it, and the action. */
  readonly of: (rolled: Rolled, actions: Actions) => Promise<Action | Remedy>;
}

const ours: Readonly<Record<string, Ours>> = {
  brake: { requests: 3, of: async (rolled) => brakeOf(rolled) },
  release: {
    requests: 3,
    braked: true,
    of: async (rolled, actions) => {
      await actions.execute(brakeOf(rolled));
      return releaseOf(rolled);
    },
  },
  rollback: { requests: 4, of: async (rolled) => rollbackOf(rolled) },
  "rollback of a braked rollout": {
    requests: 4,
    braked: true,
    of: async (rolled, actions) => {
      await actions.execute(brakeOf(rolled));
      return rollbackOf(rolled, true);
    },
  },
  scale: { requests: 3, of: async ({ workload }) => scaleTo(workload, await scalingOf(servers.api, workload), 4) },
  restart: {
    requests: 3,
    of: async ({ workload, old }) => {
      const labelSelector = `app=${workload.name},pod-template-hash=${old.podTemplateHash}`;
      const pod = await waitUntil("a pod", async () => (await servers.api.list("/api/v1/namespaces/default/pods", { labelSelector }))[0]);
      const named = { name: text(dig(pod, "metadata", "name")) ?? "", uid: text(dig(pod, "metadata", "uid")) ?? "" };
      return { id: "g.restart.1", kind: "restart", workload, pod: named, guard: "g" };
    },
  },
};

const moments = Object.entries(otherWriters).flatMap(([who, other]) =>
  Object.entries(ours)
    // kubectl pauses nothing that is paused already.
    .filter(([, { braked }]) => braked !== true || other !== otherWriters["kubectl rollout pause"])
    .flatMap(([what, our]) => Array.from({ length: our.requests }, (_, at) => ({ who, other, what, our, nth: at + 1 }))),
);

test.concurrent.each(moments)("what $who writes before request $nth of our $what is not lost", async ({ who, other, what, our, nth }) => {
  const rolled = await rollOut(servers.api, `${what}-${nth}-${who}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-"));
  const actions = actionsOver(servers.api);
  const action = await our.of(rolled, actions);
  let happened = false;
  const api = beforeRequest(nth, async () => {
    await other.writes(servers, rolled);
    happened = true;
  });

  const receipt = await actionsOver(api).execute(action);

  expect(happened).toBe(true);
  // A pause of theirs must not be taken for our brake, nor rolled back under.
  const isOverPause = who === "kubectl rollout pause" && (what === "brake" || what === "rollback");
  expect(isOverPause ? ["refused"] : ["applied", "unchanged", "refused"]).toContain(receipt.outcome);
  expect(receipt.because?.code === "paused-by-other").toBe(isOverPause);
  expect(await outcomeOf(servers, rolled.path)).toMatchObject(other.keeps);
  // Nor later: a brake that was laid over their pause must not take it away when it is released.
  await actions.execute(releaseOf(rolled));
  expect(await outcomeOf(servers, rolled.path)).toMatchObject(other.keeps);
});

test.concurrent.each(Object.keys(ours))(
  "our %s by two instances at once, one of which has lost the lead unawares, is done once",
  async (what) => {
    const rolled = await rollOut(servers.api, `twins-${what}`.replaceAll(" ", "-"));
    const action = await ours[what]?.of(rolled, actionsOver(servers.api));
    if (action === undefined) throw new Error(`no action is called ${what}`);
    const before = await liveOf(servers.api, rolled.path);

    const twins = [actionsOver(servers.api), actionsOver(servers.api)];
    const receipts = await Promise.all(twins.map((each) => each.execute(action)));

    for (const { outcome, detail } of receipts)
      expect({ outcome, detail }).toMatchObject({ outcome: expect.stringMatching(/^(applied|unchanged)$/) });
    const after = await liveOf(servers.api, rolled.path);
    expect(after.generation - before.generation).toBe(action.kind === "restart" ? 0 : 1);
  },
);

test.concurrent.each(["release", "rollback of a braked rollout"])(
  "a rollout that somebody resumed and paused again before our %s stays paused: the pause is theirs, whatever our mark says",
  async (what) => {
    const rolled = await rollOut(servers.api, `anew-${what}`.replaceAll(" ", "-"));
    const action = await ours[what]?.of(rolled, actionsOver(servers.api));
    if (action === undefined) throw new Error(`no action is called ${what}`);
    await pauseAnew(servers, rolled);

    expect(await actionsOver(servers.api).execute(action)).toMatchObject({ outcome: "refused", because: { code: "paused-by-other" } });
    expect(await outcomeOf(servers, rolled.path)).toMatchObject({ paused: true, image: "shop:2" });
  },
);

/** The old template is in force, paused and never ready, so that the controller leaves the condemned pods to us. */
async function condemned(name: string): Promise<Rolled> {
  const rolled = await rollOut(servers.api, name, "never-ready");
  const set = await servers.api.get(`/apis/apps/v1/namespaces/default/replicasets/${rolled.old.name}`);
  const back = { op: "replace", path: "/spec/template", value: templateOf(dig(set, "spec", "template")) };
  await servers.api.patch(rolled.path, [back, { op: "add", path: "/spec/paused", value: true }], { type: "json" });
  return rolled;
}

test.concurrent.each([1, 2, 3, 4, 5])(
  "a condemned revision that somebody deploys again before request %i of our drain gets its pods",
  async (nth) => {
    const rolled = await condemned(`redeployed-${nth}`);
    let happened = false;
    const api = beforeRequest(nth, async () => {
      const again = [
        { op: "replace", path: "/spec/template", value: rolled.badTemplate },
        { op: "remove", path: "/spec/paused" },
      ];
      await servers.api.patch(rolled.path, again, { type: "json" });
      happened = true;
    });

    await actionsOver(api).execute(drainOf(rolled, 0));

    expect(happened).toBe(true);
    expect((await outcomeOf(servers, rolled.path)).image).toBe("shop:2");
    const set = `/apis/apps/v1/namespaces/default/replicasets/${rolled.bad.name}`;
    await waitUntil("pods of the revision in force", async () => Number(await specOf(servers.api, set, "replicas")) > 0);
  },
);

test.concurrent.each([1, 2, 3, 4, 5])("what kubectl scale writes before request %i of our drain is not lost", async (nth) => {
  const rolled = await condemned(`resized-${nth}`);
  const other = otherWriters["kubectl scale"];
  let happened = false;
  const api = beforeRequest(nth, async () => {
    await other.writes(servers, rolled);
    happened = true;
  });

  await actionsOver(api).execute(drainOf(rolled, 0));

  expect(happened).toBe(true);
  expect(await outcomeOf(servers, rolled.path)).toMatchObject({ ...other.keeps, image: "shop:1" });
});

test.concurrent.each([1, 2, 3, 4])("a minimum that somebody sets at the HPA before request %i of our scaling stays", async (nth) => {
  const name = `minimum-${nth}`;
  const { workload } = await rollOut(servers.api, name);
  await autoscale(servers.api, { name, min: 2, max: 6 });
  const up = scaleTo(workload, await scalingOf(servers.api, workload), 4);
  const api = beforeRequest(nth, () => setSpec(servers.api, hpaPath(name), { minReplicas: 3 }));

  expect(await actionsOver(api).execute(up)).toMatchObject({ outcome: "refused", because: { code: "conflict" } });
  expect(await specOf(servers.api, hpaPath(name), "minReplicas")).toBe(3);
});

import { describe, expect, test } from "vitest";
import type { PodsInput } from "../../../src/judging/pods.ts";
import type { PodState } from "../../../src/model.ts";
import { container, crashing, judge, MINUTE, NOW, old, pod, waiting } from "./pods.ts";

type Over = Partial<PodState> & { readonly forMs?: number };

/** Its container runs, its probe fails. */
function unready(name: string, hash: string, { forMs = 3 * MINUTE, ...over }: Over = {}): PodState {
  const started = { created: NOW - 30 * MINUTE, readySince: NOW - 29 * MINUTE, unreadySince: NOW - forMs };
  return { ...pod(name, hash, { app: { ready: false } }), ...started, ...over };
}

/** Never was ready; created `forMs` ago. */
function starting(name: string, { forMs = 3 * MINUTE, ...over }: Over = {}): PodState {
  const { readySince: _, ...rest } = unready(name, "b", { created: NOW - forMs, unreadySince: NOW - forMs + 1000, ...over });
  return rest;
}

const restarted = (agoMs: number) => [
  container({ ready: false, restarts: 1, terminated: { reason: "Error", exitCode: 1, at: NOW - agoMs } }),
];

describe("a new pod that lost its readiness", () => {
  test.each<[string, PodState, string]>([
    ["three minutes ago", unready("n1", "b"), "breach"],
    ["two minutes ago", unready("n1", "b", { forMs: 2 * MINUTE }), "breach"],
    ["a moment ago", unready("n1", "b", { forMs: 2 * MINUTE - 1 }), "pass"],
    ["but whose containers are all ready (its node, or a readiness gate)", unready("n1", "b", { containers: [container()] }), "pass"],
    ["in a record that does not say since when", { ...pod("n1", "b", { app: { ready: false } }), readySince: NOW - 29 * MINUTE }, "pass"],
    ["by a restart and is starting again", unready("n1", "b", { containers: restarted(3 * MINUTE + 5000) }), "warn"],
    ["long after a restart", unready("n1", "b", { containers: restarted(20 * MINUTE) }), "breach"],
    ["because its container is waiting", unready("n1", "b", { containers: [container(waiting("ContainerCreating"))] }), "pass"],
  ])("%s", (_, one, state) => {
    expect(judge([...old, one]).state).toBe(state);
  });

  test("is told with its container and since when", () => {
    expect(judge([...old, unready("n1", "b")]).because).toEqual([
      {
        code: "pods",
        signal: "pods",
        trouble: "not-ready",
        pods: ["n1"],
        of: 1,
        detail: "container app runs and is not ready",
        forMs: 3 * MINUTE,
      },
    ]);
  });

  test("is held when old pods lost theirs as often, and when none are left to compare with", () => {
    expect(judge([unready("o1", "a"), pod("o2", "a"), unready("n1", "b")]).state).toBe("hold");
    expect(judge([unready("n1", "b"), unready("n2", "b")])).toMatchObject({
      state: "hold",
      because: [{ code: "limitation", detail: expect.stringContaining("no old pods are left") }, { trouble: "not-ready" }],
    });
  });
});

describe("a new pod that never was ready", () => {
  const tenMinutes: Partial<PodsInput> = { readyWithinMs: 10 * MINUTE };

  test.each<[string, PodState, Partial<PodsInput>, string]>([
    ["may take an hour where nothing is said", starting("n1", { forMs: 60 * MINUTE }), {}, "pass"],
    ["may take as long as is said", starting("n1", { forMs: 10 * MINUTE - 1 }), tenMinutes, "pass"],
    ["may not take longer", starting("n1", { forMs: 11 * MINUTE }), tenMinutes, "breach"],
    ["has as long again after a restart", starting("n1", { forMs: 11 * MINUTE, containers: restarted(MINUTE) }), tenMinutes, "warn"],
    ["is waiting for its container", starting("n1", { forMs: 11 * MINUTE, containers: [] }), tenMinutes, "pass"],
  ])("%s", (_, one, over, state) => {
    expect(judge([...old, one], over).state).toBe(state);
  });

  test("is never ready, which needs no old pods to tell", () => {
    expect(judge([starting("n1", { forMs: 11 * MINUTE })], tenMinutes)).toMatchObject({
      state: "breach",
      because: [{ trouble: "never-ready" }],
    });
  });
});

describe("a bad node", () => {
  const on = (node: string, one: PodState) => ({ ...one, node });
  const bad = [on("a", pod("n1", "b", { app: crashing })), on("a", pod("n2", "b", { app: crashing }))];
  const well = [on("b", pod("n3", "b")), on("c", pod("n4", "b"))];

  test("has all new pods in trouble while new pods elsewhere are ready", () => {
    const { state, because } = judge([...old, ...bad, ...well]);

    expect(state).toBe("hold");
    expect(because[0]).toEqual({
      code: "suspect-node",
      signal: "pods",
      node: "a",
      pods: ["n1", "n2"],
      readyElsewhere: 2,
      neighbours: 0,
      unreadyNeighbours: 0,
    });
  });

  test("has pods that ran well there before and are not ready either", () => {
    const neighbour = on("a", unready("o9", "x"));
    const others = [{ namespace: "shop", name: "cart", newHash: "y", pods: [neighbour, on("a", unready("o8", "y"))] }];

    expect(judge([...old, ...bad], { others }).because[0]).toMatchObject({ code: "suspect-node", neighbours: 1, unreadyNeighbours: 1 });
    expect(judge([on("a", unready("o1", "a")), pod("o2", "a"), pod("o3", "a"), pod("o4", "a"), ...bad]).because[0]).toMatchObject({
      code: "suspect-node",
    });
  });

  test.each<[string, readonly PodState[]]>([
    ["two nodes with trouble", [...bad.slice(1), on("d", pod("n9", "b", { app: crashing })), ...well]],
    ["one ready pod elsewhere", [...bad, ...well.slice(1)]],
    ["pods elsewhere that have restarted too", [...bad, ...well.map((one) => ({ ...one, containers: [container({ restarts: 1 })] }))]],
    ["one unready neighbour among three", [on("a", unready("o1", "a")), on("a", pod("o2", "a")), on("a", pod("o3", "a")), ...bad]],
    ["an old pod that is only starting", [on("a", pod("o1", "a", { app: { ready: false } })), ...bad]],
    ["a pod that was told to go", [on("a", unready("o1", "a", { terminatingSince: NOW })), ...bad]],
  ])("is not what %s show", (_, pods) => {
    expect(judge([...old, ...pods]).state).toBe("breach");
  });

  test("does not explain pods that run out of memory: their limit is the same everywhere", () => {
    const killed = bad.map((one) => ({
      ...one,
      containers: [container({ restarts: 1, terminated: { reason: "OOMKilled", exitCode: 137, at: NOW } })],
    }));

    expect(judge([...old, ...killed, ...well]).state).toBe("breach");
  });
});

describe("a registry that is down", () => {
  const pulling = (name: string, hash: string, message: string) =>
    pod(name, hash, { app: { ready: false, waiting: { reason: "ErrImagePull", message } }, created: NOW - 3 * MINUTE });
  const refused = "dial tcp 10.0.0.1:443: connect: connection refused";
  const missing = "shop:9: not found";
  const cart = (message: string, over: Partial<PodState> = {}) => [
    { namespace: "shop", name: "cart", newHash: "y", pods: [{ ...pulling("cart-1", "y", message), ...over }] },
  ];

  test("leaves pods of another workload without their image as well", () => {
    expect(judge([...old, pulling("n1", "b", refused)], { others: cart(refused) })).toMatchObject({
      state: "hold",
      because: [{ code: "limitation", detail: expect.stringContaining("(shop/cart) get no image either") }, { trouble: "image-pull" }],
    });
  });

  test.each<[string, string, ReturnType<typeof cart>]>([
    ["it answers that this image is not there", missing, cart(refused)],
    ["it answers that the other's image is not there", refused, cart(missing)],
    ["the other's pod has gone", refused, cart(refused, { gone: NOW })],
    ["nobody else pulls", refused, []],
  ])("is not to blame when %s", (_, message, others) => {
    expect(judge([...old, pulling("n1", "b", message)], { others }).state).toBe("breach");
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Finding } from "../../../src/diagnosis.ts";
import { commonNode, diagnose } from "../../../src/judging/diagnosis.ts";
import { missingObject, podAilment, type SeenContainer, type SeenPod } from "../../../src/judging/pod-ailment.ts";

const event = (reason: string, message: string) => ({ reason, message, at: 0 });

function container(over: Partial<SeenContainer> = {}): SeenContainer {
  return { name: "app", image: "shop:2", init: false, ready: false, restarts: 0, running: false, ...over };
}

function pod(over: Partial<SeenPod> = {}): SeenPod {
  return { name: "web-1", ready: false, containers: [container()], events: [], ...over };
}

const waiting = (reason: string, message = "") => pod({ containers: [container({ waiting: { reason, message } })] });
const crashed = (reason: string, exitCode: number, message = "") =>
  container({ restarts: 3, ended: { reason, exitCode, message }, waiting: { reason: "CrashLoopBackOff", message: "back-off 40s" } });
const running = container({ running: true });

const cases: readonly (readonly [string, SeenPod, Partial<Finding>])[] = [
  [
    "an image that is not there",
    waiting("ErrImagePull", "not found"),
    { ailment: "image-pull", words: "ErrImagePull: not found", image: "shop:2" },
  ],
  [
    "an image while the node only says that it waits: what the registry said is in the Event",
    {
      ...waiting("ImagePullBackOff", 'Back-off pulling image "shop:2"'),
      events: [event("Failed", "Failed to pull image: denied"), event("Failed", "Error: ImagePullBackOff")],
    },
    { ailment: "image-pull", words: "Failed to pull image: denied" },
  ],
  ["a name that can be no image", waiting("InvalidImageName", "invalid reference format"), { ailment: "image-pull" }],
  [
    "a Secret of a variable",
    waiting("CreateContainerConfigError", 'secret "db" not found'),
    { ailment: "missing-object", object: { kind: "Secret", name: "db" } },
  ],
  [
    "a key that its ConfigMap does not have: the ConfigMap is there",
    waiting("CreateContainerConfigError", "couldn't find key url in ConfigMap shop/web"),
    { ailment: "bad-config", words: "CreateContainerConfigError: couldn't find key url in ConfigMap shop/web" },
  ],
  [
    "a ConfigMap of a volume",
    {
      ...waiting("ContainerCreating"),
      events: [event("FailedMount", 'MountVolume.SetUp failed for volume "etc" : configmap "web" not found')],
    },
    { ailment: "missing-object", object: { kind: "ConfigMap", name: "web" } },
  ],
  [
    "a volume that does not mount",
    { ...waiting("ContainerCreating"), events: [event("FailedAttachVolume", "Multi-Attach error for volume")] },
    { ailment: "mount", words: "Multi-Attach error for volume" },
  ],
  [
    "a network that is not set up",
    { ...waiting("ContainerCreating"), events: [event("FailedCreatePodSandBox", "failed to assign an IP address")] },
    { ailment: "sandbox" },
  ],
  [
    "an init container that does not end",
    pod({
      containers: [
        container({ name: "wait", init: true, running: true }),
        container({ waiting: { reason: "PodInitializing", message: "" } }),
      ],
    }),
    { ailment: "init", container: "wait" },
  ],
  [
    "an init container that crashes: the one after it only waits",
    pod({
      containers: [
        { ...crashed("Error", 2), name: "migrate", init: true },
        container({ waiting: { reason: "PodInitializing", message: "" } }),
      ],
    }),
    { ailment: "crash", container: "migrate", exitCode: 2 },
  ],
  [
    "an init container that has ended well is no trouble",
    pod({
      containers: [
        container({ name: "wait", init: true, ready: true, ended: { reason: "Completed", exitCode: 0, message: "" } }),
        crashed("Error", 1),
      ],
    }),
    { ailment: "crash", container: "app" },
  ],
  ["a container that crashes", pod({ containers: [crashed("Error", 1)] }), { ailment: "crash", exitCode: 1, words: "" }],
  ["what it left as its last word", pod({ containers: [crashed("Error", 1, "no database")] }), { ailment: "crash", words: "no database" }],
  [
    "a container that was killed for its memory",
    pod({ containers: [crashed("OOMKilled", 137)] }),
    { ailment: "out-of-memory", exitCode: 137 },
  ],
  [
    "a command that is not there",
    pod({ containers: [crashed("StartError", 128, 'exec: "serve": executable file not found in $PATH')] }),
    { ailment: "cannot-run", exitCode: 128 },
  ],
  [
    "a container that its liveness probe kills",
    pod({
      containers: [crashed("Error", 137)],
      events: [event("Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500")],
    }),
    { ailment: "liveness", words: "Liveness probe failed: HTTP probe failed with statuscode: 500" },
  ],
  [
    "a kill that no probe speaks of is a crash",
    pod({ containers: [crashed("Error", 137)], events: [event("Unhealthy", "Readiness probe failed: timeout")] }),
    { ailment: "crash", exitCode: 137 },
  ],
  [
    "a container that runs and is not ready",
    pod({ containers: [running], events: [event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")] }),
    { ailment: "readiness", words: "Readiness probe failed: HTTP probe failed with statuscode: 503" },
  ],
  [
    "one that has no time left to start",
    pod({ containers: [running], events: [event("Unhealthy", "Startup probe failed: refused")] }),
    { ailment: "startup" },
  ],
  [
    "one that ended once, before this start, and runs: it is not ready yet",
    pod({ containers: [container({ running: true, ended: { reason: "Error", exitCode: 1, message: "" } })] }),
    { ailment: "readiness" },
  ],
  ["a readiness gate", pod({ containers: [container({ running: true, ready: true })] }), { ailment: "unknown" }],
  [
    "a pod without a node",
    pod({ unschedulable: "0/3 nodes are available", containers: [] }),
    { ailment: "unschedulable", words: "0/3 nodes are available" },
  ],
  [
    "a pod that was evicted",
    pod({ failed: { reason: "Evicted", message: "The node was low on resource: memory." } }),
    { ailment: "evicted", words: "Evicted: The node was low on resource: memory." },
  ],
  ["a pod of which nothing is known", pod({ containers: [] }), { ailment: "unknown", words: "" }],
];

describe("what is wrong with a pod", () => {
  it.each(cases)("%s", (_, seen, wanted) => {
    expect(podAilment(seen)).toMatchObject(wanted);
  });

  it.each([
    ['secret "db" not found', { kind: "Secret", name: "db" }],
    ['MountVolume.SetUp failed for volume "x" : configmap "shop-web" not found', { kind: "ConfigMap", name: "shop-web" }],
    ["references non-existent secret key: url", undefined],
    ['persistentvolumeclaim "data" not found', undefined],
  ])("in %s what is missing is %o", (words, wanted) => {
    expect(missingObject(words)).toEqual(wanted);
  });
});

const seen = (over: Partial<Parameters<typeof diagnose>[0]> = {}) => diagnose({ now: 0, desired: 3, pods: [], missing: [], ...over });
const named = (name: string, of: SeenPod): SeenPod => ({ ...of, name });

describe("what is wrong with a workload", () => {
  it("pods with the same trouble are one finding, that of most pods first", () => {
    const pods = [
      named("a", waiting("ErrImagePull")),
      named("b", pod({ containers: [crashed("Error", 1)] })),
      named("c", pod({ containers: [crashed("Error", 1)] })),
    ];
    expect(seen({ pods })).toMatchObject([
      { ailment: "crash", count: 2, pods: ["b", "c"] },
      { ailment: "image-pull", count: 1, pods: ["a"] },
    ]);
  });

  it("other exit codes are other findings", () => {
    const pods = [named("a", pod({ containers: [crashed("Error", 1)] })), named("b", pod({ containers: [crashed("Error", 2)] }))];
    expect(seen({ pods })).toHaveLength(2);
  });

  it("pods that could not be made come first, with how many there are", () => {
    const words = 'pods "web-x" is forbidden: exceeded quota: few, requested: pods=1, used: pods=1, limited: pods=1';
    expect(seen({ pods: [waiting("ErrImagePull")], notCreated: words })).toMatchObject([
      { ailment: "quota", count: 2, words },
      { ailment: "image-pull" },
    ]);
    expect(seen({ notCreated: "admission webhook denied the request" })).toMatchObject([{ ailment: "not-created", count: 3 }]);
  });

  it("what a pod has named as missing is not told again", () => {
    const object = { kind: "Secret", name: "db" } as const;
    const pods = [waiting("CreateContainerConfigError", 'secret "db" not found')];
    expect(seen({ pods, missing: [object, { kind: "ConfigMap", name: "web" }] }).map((each) => each.object?.name)).toEqual(["web", "db"]);
  });

  it("a node is told of only when it is not well", () => {
    const pods = [pod({ node: "n1", containers: [running] })];
    expect(seen({ pods, node: { name: "n1", troubles: [] } }).map(({ ailment }) => ailment)).toEqual(["readiness"]);
    expect(seen({ pods, node: { name: "n1", troubles: ["not ready: kubelet stopped posting"] } })[0]).toMatchObject({
      ailment: "node",
      node: "n1",
      words: "not ready: kubelet stopped posting",
    });
  });

  it("pods share a node only where all of them have it", () => {
    expect(commonNode([pod({ node: "n1" }), pod({ node: "n1" })])).toBe("n1");
    expect(commonNode([pod({ node: "n1" }), pod()])).toBeUndefined();
    expect(commonNode([])).toBeUndefined();
  });

  it("whatever the pods look like: every pod that is not ready is in one finding of pods, and none that is ready in any", () => {
    const anyContainer = fc.record({
      name: fc.constantFrom("app", "side"),
      image: fc.constantFrom("shop:1", "shop:2"),
      init: fc.boolean(),
      ready: fc.boolean(),
      restarts: fc.nat(3),
      running: fc.boolean(),
      waiting: fc.option(
        fc.record({ reason: fc.constantFrom("CrashLoopBackOff", "ErrImagePull", "ContainerCreating", "New"), message: fc.string() }),
        { nil: undefined },
      ),
      ended: fc.option(
        fc.record({ reason: fc.constantFrom("Error", "OOMKilled", "StartError"), message: fc.string(), exitCode: fc.nat(255) }),
        { nil: undefined },
      ),
    });
    const anyPod = fc.record({
      ready: fc.boolean(),
      containers: fc.array(anyContainer, { maxLength: 3 }),
      events: fc.array(fc.record({ reason: fc.constantFrom("Failed", "Unhealthy", "FailedMount"), message: fc.string(), at: fc.nat() }), {
        maxLength: 3,
      }),
    });
    fc.assert(
      fc.property(fc.array(anyPod, { maxLength: 12 }), (shapes) => {
        const pods = shapes.map((shape, at) => ({ ...shape, name: `p${at}` }) as SeenPod);
        const findings = seen({ pods });
        expect(findings.reduce((sum, { count }) => sum + count, 0)).toBe(pods.filter(({ ready }) => !ready).length);
        for (const { pods: names, count } of findings) {
          expect(names.length).toBe(Math.min(5, count));
          for (const name of names) expect(pods.find((each) => each.name === name)?.ready).toBe(false);
        }
      }),
    );
  });
});

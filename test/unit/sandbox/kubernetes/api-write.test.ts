import { describe, expect, test } from "vitest";
import { clusterWith, deployment, manifest, sets } from "./shop.ts";
import { serve } from "./served.ts";

const all = "/apis/apps/v1/namespaces/default/deployments";
const web = `${all}/web`;
const json = { "content-type": "application/json-patch+json" };
const merge = { "content-type": "application/merge-patch+json" };
const strategic = { "content-type": "application/strategic-merge-patch+json" };

// Messages were read from a kube-apiserver 1.37.2.
describe("a refusal has the words of the real server", () => {
  test.each([
    ["an unknown object", "GET", `${all}/nope`, undefined, 404, "NotFound", 'deployments.apps "nope" not found'],
    ["an unknown resource", "GET", "/apis/apps/v1/foos", undefined, 404, "NotFound", "the server could not find the requested resource"],
    ["a name that is taken", "POST", all, manifest(), 409, "AlreadyExists", 'deployments.apps "web" already exists'],
    [
      "an unknown namespace",
      "POST",
      "/apis/apps/v1/namespaces/nope/deployments",
      { ...manifest(), metadata: { name: "web" } },
      404,
      "NotFound",
      'namespaces "nope" not found',
    ],
    [
      "another name than the path's",
      "PUT",
      web,
      { ...manifest(), metadata: { name: "other" } },
      400,
      "BadRequest",
      "the name of the object (other) does not match the name on the URL (web)",
    ],
    [
      "a write to a whole cluster's list",
      "POST",
      "/apis/apps/v1/deployments",
      manifest(),
      405,
      "MethodNotAllowed",
      "the server does not allow this method on the requested resource",
    ],
    [
      "a stale version",
      "PUT",
      web,
      { ...manifest(), metadata: { name: "web", resourceVersion: "1" } },
      409,
      "Conflict",
      'Operation cannot be fulfilled on deployments.apps "web": the object has been modified; please apply your changes to the latest version and try again',
    ],
  ])("%s", async (_, method, path, body, code, reason, message) => {
    await using served = await serve(clusterWith());
    const reply = await served.ask(method, path, body);
    expect(reply).toMatchObject({ code, type: "application/json", body: { kind: "Status", status: "Failure", code, reason, message } });
  });

  test.each([
    [
      "a failed test of a JSON patch",
      json,
      [{ op: "test", path: "/metadata/uid", value: "x" }],
      422,
      "Invalid",
      "the server rejected our request due to an error in our request",
    ],
    [
      "a JSON patch that is no list",
      json,
      { a: 1 },
      400,
      "BadRequest",
      "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
    ],
    [
      "fewer than no replicas",
      merge,
      { spec: { replicas: -1 } },
      422,
      "Invalid",
      'Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      "a container without an image",
      merge,
      { spec: { template: { spec: { containers: [{ name: "app" }] } } } },
      422,
      "Invalid",
      'Deployment.apps "web" is invalid: spec.template.spec.containers[0].image: Required value',
    ],
    [
      "another uid",
      merge,
      { metadata: { uid: "1" } },
      422,
      "Invalid",
      'Deployment.apps "web" is invalid: metadata.uid: Invalid value: "1": field is immutable',
    ],
    ["plain JSON as a patch", {}, { spec: { replicas: 3 } }, 415, "UnsupportedMediaType", "415: Unsupported Media Type"],
    [
      "applying without a manager",
      { "content-type": "application/apply-patch+yaml" },
      {},
      422,
      "Invalid",
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    ],
  ])("%s", async (_, headers, patch, code, reason, message) => {
    await using served = await serve(clusterWith());
    const before = deployment(served.cluster);
    expect(await served.ask("PATCH", web, patch, headers)).toMatchObject({ code, body: { kind: "Status", reason, message } });
    expect(deployment(served.cluster)).toBe(before);
  });

  test("a Lease whose time has not six fraction digits", async () => {
    await using served = await serve();
    const lease = (renewTime: string) => ({ metadata: { name: "l" }, spec: { holderIdentity: "a", leaseDurationSeconds: 15, renewTime } });
    const path = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
    const refused = await served.ask("POST", path, lease("2024-01-01T00:00:00.817Z"));
    expect(refused.body.message).toBe(
      'Lease in version "v1" cannot be handled as a Lease: parsing time "2024-01-01T00:00:00.817Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse ".817Z" as ".000000"',
    );
    expect((await served.ask("POST", path, lease("2024-01-01T00:00:00.817000Z"))).code).toBe(201);
    expect((await served.ask("PUT", `${path}/l`, lease("2024-01-01T00:00:01.817000Z"))).body.message).toBe(
      'leases.coordination.k8s.io "l" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
    );
  });

  test("what RBAC denies", async () => {
    await using served = await serve(clusterWith(), { denied: (verb, resource) => verb === "patch" && resource === "deployments/scale" });
    const refused = await served.ask("PATCH", `${web}/scale`, { spec: { replicas: 1 } }, merge);
    expect(refused).toMatchObject({ code: 403, body: { reason: "Forbidden" } });
    expect(refused.body.message).toBe(
      'deployments.apps "web" is forbidden: User "system:serviceaccount:rearguard:rearguard" cannot patch resource "deployments/scale" in API group "apps" in the namespace "default"',
    );
    expect((await served.ask("PATCH", web, { spec: { replicas: 1 } }, merge)).code).toBe(200);
  });
});

describe("a rollback by JSON patch", () => {
  test("with its tests passes, brings back the template and reaches the pods", async () => {
    await using served = await serve(clusterWith());
    const first = (await served.ask("GET", web)).body;
    await served.ask(
      "PATCH",
      web,
      { spec: { paused: true, template: { spec: { containers: [{ name: "app", image: "web:2" }] } } } },
      strategic,
    );
    const second = (await served.ask("GET", web)).body;
    const patch = [
      { op: "test", path: "/metadata/uid", value: first.metadata.uid },
      { op: "test", path: "/spec/template", value: (second["spec"] as { template: unknown }).template },
      { op: "test", path: "/spec/paused", value: true },
      { op: "replace", path: "/spec/template", value: (first["spec"] as { template: unknown }).template },
      { op: "remove", path: "/spec/paused" },
      { op: "add", path: "/metadata/annotations/rearguard.dev~1guard", value: "g1" },
    ];
    const dry = await served.ask("PATCH", `${web}?dryRun=All`, patch, json);
    expect(dry).toMatchObject({ code: 200, body: { spec: first["spec"], metadata: { annotations: { "rearguard.dev/guard": "g1" } } } });
    expect(deployment(served.cluster).spec.paused).toBe(true);
    const done = await served.ask("PATCH", `${web}?fieldManager=rearguard`, patch, { ...json, "user-agent": "rearguard/0.1" });
    expect(done.body["spec"]).toEqual(first["spec"]);
    expect(done.body.metadata.managedFields?.map((entry) => entry.manager)).toContain("rearguard");
    expect(served.cluster.requests.at(-1)).toMatchObject({
      method: "PATCH",
      path: web,
      fieldManager: "rearguard",
      userAgent: "rearguard/0.1",
      body: patch,
    });
    expect((await served.ask("PATCH", web, patch, json)).code).toBe(422);
  });

  test("counts as a generation; a status and an annotation do not", async () => {
    await using served = await serve(clusterWith());
    expect((await served.ask("PATCH", web, { metadata: { annotations: { a: "b" } } }, merge)).body.metadata.generation).toBe(1);
    expect((await served.ask("PATCH", web, { spec: { replicas: 3 } }, merge)).body.metadata.generation).toBe(2);
    const version = deployment(served.cluster).metadata.resourceVersion;
    expect((await served.ask("PATCH", web, { spec: { replicas: 3 } }, merge)).body.metadata.resourceVersion).toBe(version);
  });
});

describe("a strategic merge patch", () => {
  test("merges containers by name and replaces what says $patch: replace", async () => {
    await using served = await serve(clusterWith());
    const images = async (patch: object) => {
      const { body } = await served.ask("PATCH", web, { spec: { template: patch } }, strategic);
      return (body["spec"] as { template: { spec: { containers: { name: string; image: string }[] } } }).template.spec.containers.map(
        ({ name, image }) => `${name}=${image}`,
      );
    };
    expect(await images({ spec: { containers: [{ name: "side", image: "side:1" }] } })).toEqual(["app=web:1", "side=side:1"]);
    expect(await images({ spec: { containers: [{ name: "app", image: "web:2" }] } })).toEqual(["app=web:2", "side=side:1"]);
    expect(await images({ spec: { containers: [{ name: "side", $patch: "delete" }] } })).toEqual(["app=web:2"]);
    const whole = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "new", image: "web:3" }] }, $patch: "replace" };
    expect(await images(whole)).toEqual(["new=web:3"]);
  });
});

describe("the scale of a workload", () => {
  test("leaves no replicas out of its spec, as Go does, and reaches the ReplicaSet it names", async () => {
    await using served = await serve(clusterWith());
    const [set] = sets(served.cluster);
    const path = `/apis/apps/v1/namespaces/default/replicasets/${set?.metadata.name}/scale`;
    const scale = await served.ask("GET", path);
    expect(scale.body).toMatchObject({
      kind: "Scale",
      apiVersion: "autoscaling/v1",
      spec: { replicas: 4 },
      status: { replicas: 4, selector: `app=web,pod-template-hash=${set?.metadata.labels?.["pod-template-hash"]}` },
    });
    const none = await served.ask("PATCH", path, { spec: { replicas: 0 } }, merge);
    expect(none.body["spec"]).toEqual({});
    expect((await served.ask("PUT", `${web}/scale`, { metadata: { name: "web" }, spec: { replicas: 2 } })).body["spec"]).toEqual({
      replicas: 2,
    });
    expect(deployment(served.cluster).spec.replicas).toBe(2);
  });
});

describe("a custom resource", () => {
  const properties = {
    spec: { type: "object", required: ["limit"], properties: { limit: { type: "integer", minimum: 1 } } },
    status: { type: "object", properties: { phase: { type: "string" } } },
  };
  const version = {
    name: "v1alpha1",
    served: true,
    storage: true,
    subresources: { status: {} },
    schema: { openAPIV3Schema: { type: "object", properties } },
  };
  const names = { plural: "guards", kind: "Guard" };
  const definition = {
    metadata: { name: "guards.rearguard.dev" },
    spec: { group: "rearguard.dev", scope: "Namespaced", names, versions: [version] },
  };
  const guards = "/apis/rearguard.dev/v1alpha1/namespaces/default/guards";

  test("is served once it is defined, pruned and validated by its schema, with spec and status apart", async () => {
    await using served = await serve();
    expect((await served.ask("GET", guards)).code).toBe(404);
    await served.ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition);
    const established = (await served.ask("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/guards.rearguard.dev")).body;
    expect(established["status"]).toMatchObject({
      conditions: [
        { type: "NamesAccepted", status: "True" },
        { type: "Established", status: "True" },
      ],
    });
    const refused = await served.ask("POST", guards, {
      apiVersion: "rearguard.dev/v1alpha1",
      kind: "Guard",
      metadata: { name: "g" },
      spec: { limit: 0 },
    });
    expect(refused.body.message).toBe(
      'Guard.rearguard.dev "g" is invalid: spec.limit: Invalid value: 0: spec.limit in body should be greater than or equal to 1',
    );
    const guard = {
      apiVersion: "rearguard.dev/v1alpha1",
      kind: "Guard",
      metadata: { name: "g" },
      spec: { limit: 1, unknown: 1 },
      status: { phase: "x" },
    };
    const created = await served.ask("POST", guards, guard);
    expect([created.code, created.body["spec"], created.body["status"], created.body.metadata.generation]).toEqual([
      201,
      { limit: 1 },
      undefined,
      1,
    ]);
    const status = await served.ask("PATCH", `${guards}/g/status`, { spec: { limit: 9 }, status: { phase: "observing" } }, merge);
    expect([status.body["spec"], status.body["status"], status.body.metadata.generation]).toEqual([
      { limit: 1 },
      { phase: "observing" },
      1,
    ]);
    const main = await served.ask("PATCH", `${guards}/g`, { spec: { limit: 2 }, status: { phase: "y" } }, merge);
    expect([main.body["spec"], main.body["status"], main.body.metadata.generation]).toEqual([{ limit: 2 }, { phase: "observing" }, 2]);
    expect((await served.ask("PATCH", `${guards}/g`, {}, strategic)).code).toBe(415);
  });
});

describe("an Event", () => {
  test("of either group is seen by both, each in its own spelling", async () => {
    await using served = await serve();
    const event = {
      metadata: { name: "e" },
      eventTime: "2026-11-23T10:00:00.000000Z",
      reportingController: "rearguard",
      reportingInstance: "r1",
    };
    const regarding = { kind: "Deployment", namespace: "default", name: "web" };
    const posted = { ...event, action: "Rollback", reason: "RolledBack", type: "Normal", note: "taken back", regarding };
    expect((await served.ask("POST", "/apis/events.k8s.io/v1/namespaces/default/events", posted)).code).toBe(201);
    const core = (await served.ask("GET", "/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Dweb")).body.items;
    expect(core).toMatchObject([{ message: "taken back", involvedObject: regarding, reportingComponent: "rearguard" }]);
  });
});

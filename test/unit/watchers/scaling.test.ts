import { expect, test } from "vitest";
import type { KubernetesApi } from "../../../src/clients/kubernetes/api.ts";
import { answerError, transportError } from "../../../src/clients/kubernetes/kubernetes-error.ts";
import { createScalingReader } from "../../../src/watchers/scaling.ts";
import { web } from "../guards/a-guard.ts";

const scale = { metadata: { uid: web.uid }, spec: { replicas: 3 } };
const target = { apiVersion: "apps/v1", kind: "Deployment", name: web.name };
const hpa = { metadata: { name: "web", uid: "uid-hpa" }, spec: { scaleTargetRef: target, minReplicas: 2, maxReplicas: 6 } };

type Asked = "scale" | "horizontalpodautoscalers" | "scaledobjects";

/** A cluster without KEDA, which answers one question wrongly. */
function reading(wrong: Asked, failure: Error, hpas: readonly object[] = []) {
  const answer = async (asked: Asked, otherwise: object): Promise<never> => {
    if (asked === wrong) throw failure;
    if (otherwise instanceof Error) throw otherwise;
    return otherwise as never;
  };
  const noKeda = answerError("GET", 404, '{"message":"the server could not find the requested resource"}', null);
  const api: Pick<KubernetesApi, "get" | "list"> = {
    get: () => answer("scale", scale),
    list: (path) => (path.endsWith("scaledobjects") ? answer("scaledobjects", noKeda) : answer("horizontalpodautoscalers", hpas)),
  };
  return createScalingReader({ api })(web);
}

const questions: readonly Asked[] = ["scale", "horizontalpodautoscalers", "scaledobjects"];
const forbidden = (resource: string) =>
  answerError("GET", 403, JSON.stringify({ message: `User "rearguard" cannot list resource "${resource}" in API group "x"` }), null);

test.each(questions)("without the right to ask for %s nobody may scale, and the right is named", async (resource) => {
  const read = await reading(resource, forbidden(resource));
  expect(read).toMatchObject({
    problem: expect.stringMatching(new RegExp(`a right of deploy/rbac/remediate.yaml is missing: .*cannot list resource "${resource}"`)),
  });
});

test.each(questions)("a server that does not answer for %s is no answer, so nobody may scale", async (resource) => {
  for (const failure of [answerError("GET", 500, "", null), transportError("GET", new Error("connection refused"))]) {
    expect(await reading(resource, failure, [hpa])).toMatchObject({ problem: expect.stringContaining("is not known") });
  }
});

test("a server that does not know autoscaling/v2 may have autoscalers of an older version, so nobody may scale", async () => {
  const unknown = answerError("GET", 404, "", null);
  expect(await reading("horizontalpodautoscalers", unknown)).toMatchObject({ problem: expect.stringContaining("is not known") });
});

test("a StatefulSet or a DaemonSet is not scaled yet", async () => {
  const api: Pick<KubernetesApi, "get" | "list"> = {
    get: () => Promise.reject(new Error("asked")),
    list: () => Promise.reject(new Error("asked")),
  };
  expect(await createScalingReader({ api })({ ...web, kind: "StatefulSet" })).toEqual({
    problem: "Rearguard cannot scale a StatefulSet yet",
  });
});

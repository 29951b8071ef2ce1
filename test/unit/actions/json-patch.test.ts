import { expect, test } from "vitest";
import { brakePatch, brakingGuard, releasePatch, rollbackPatch, templateOf } from "../../../src/actions/json-patch.ts";
import type { LiveDeployment } from "../../../src/actions/json-patch.ts";

const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "app", image: "web:2" }] } };
const mark = JSON.stringify({
  guard: "web-1a",
  since: "2026-11-23T14:02:55.000Z",
  release: "kubectl rollout resume deployment/web -n shop",
});
const free: LiveDeployment = { uid: "u-1", template, paused: false, annotations: undefined };
const braked: LiveDeployment = { ...free, paused: true, annotations: { "rearguard.dev/braked-by": mark, team: "x" } };

test("a brake pauses only the template that was read, and says who did it and how to go on", () => {
  const patch = brakePatch(free, {
    guard: "web-1a",
    since: "2026-11-23T14:02:55.000Z",
    release: "kubectl rollout resume deployment/web -n shop",
  });

  expect(patch).toEqual([
    { op: "test", path: "/metadata/uid", value: "u-1" },
    { op: "test", path: "/spec/template", value: template },
    { op: "test", path: "/spec/paused", value: null },
    { op: "add", path: "/spec/paused", value: true },
    { op: "add", path: "/metadata/annotations", value: {} },
    { op: "add", path: "/metadata/annotations/rearguard.dev~1braked-by", value: mark },
  ]);
});

test("annotations that are there are not replaced", () => {
  const patch = brakePatch({ ...free, annotations: { team: "x" } }, { guard: "g", since: "s", release: "r" });

  expect(patch.filter(({ path }) => path === "/metadata/annotations")).toEqual([]);
});

test("a release takes off exactly the brake that was read", () => {
  expect(releasePatch(braked)).toEqual([
    { op: "test", path: "/metadata/uid", value: "u-1" },
    { op: "test", path: "/metadata/annotations/rearguard.dev~1braked-by", value: mark },
    { op: "remove", path: "/spec/paused" },
    { op: "remove", path: "/metadata/annotations/rearguard.dev~1braked-by" },
  ]);
});

test("a brake that a person has resumed leaves only its mark to remove", () => {
  expect(releasePatch({ ...braked, paused: false }).filter(({ path }) => path === "/spec/paused")).toEqual([]);
});

test("a rollback under our brake restores and resumes in one patch", () => {
  const target = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "app", image: "web:1" }] } };

  expect(rollbackPatch(braked, { template: target, from: '{"guard":"web-1a"}', cause: "errors 20 %" })).toEqual([
    { op: "test", path: "/metadata/uid", value: "u-1" },
    { op: "test", path: "/spec/template", value: template },
    { op: "test", path: "/spec/paused", value: true },
    { op: "replace", path: "/spec/template", value: target },
    { op: "test", path: "/metadata/annotations/rearguard.dev~1braked-by", value: mark },
    { op: "remove", path: "/spec/paused" },
    { op: "remove", path: "/metadata/annotations/rearguard.dev~1braked-by" },
    { op: "add", path: "/metadata/annotations/rearguard.dev~1rolled-back-from", value: '{"guard":"web-1a"}' },
    { op: "add", path: "/metadata/annotations/kubernetes.io~1change-cause", value: "errors 20 %" },
  ]);
});

test("a rollback without a brake touches neither the pause nor other annotations", () => {
  expect(rollbackPatch(free, { template: {}, from: "f", cause: "c" }).map(({ op, path }) => `${op} ${path}`)).toEqual([
    "test /metadata/uid",
    "test /spec/template",
    "test /spec/paused",
    "replace /spec/template",
    "add /metadata/annotations",
    "add /metadata/annotations/rearguard.dev~1rolled-back-from",
    "add /metadata/annotations/kubernetes.io~1change-cause",
  ]);
});

test("a ReplicaSet's template loses its hash label and nothing else, unknown fields included", () => {
  const of = { metadata: { labels: { app: "web", "pod-template-hash": "6d4f" }, annotations: { a: "b" } }, spec: { newField2031: [1] } };

  expect(templateOf(of)).toEqual({ metadata: { labels: { app: "web" }, annotations: { a: "b" } }, spec: { newField2031: [1] } });
});

test.each<[string, Readonly<Record<string, string>> | undefined, string | undefined]>([
  ["no annotations", undefined, undefined],
  ["our mark", { "rearguard.dev/braked-by": mark }, "web-1a"],
  ["somebody's words", { "rearguard.dev/braked-by": "me" }, undefined],
  ["other JSON", { "rearguard.dev/braked-by": "[1]" }, undefined],
])("the braking guard is read from %s", (_, annotations, guard) => {
  expect(brakingGuard({ annotations })).toBe(guard);
});

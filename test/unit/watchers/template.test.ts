import { describe, expect, it } from "vitest";
import { isRestartOnly } from "../../../src/watchers/restart-only.ts";
import { digest64, templateDigest } from "../../../src/watchers/template-digest.ts";
import { rawTemplate } from "../../support/raw-objects.ts";

describe("the digest of a template", () => {
  it("does not depend on the order of keys", () => {
    const one = { metadata: { labels: { a: "1", b: "2" } }, spec: { containers: [{ name: "x", image: "y" }] } };
    const other = { spec: { containers: [{ image: "y", name: "x" }] }, metadata: { labels: { b: "2", a: "1" } } };

    expect(templateDigest(other)).toBe(templateDigest(one));
  });

  it("is one for a Deployment and its ReplicaSet, which adds a label of its own", () => {
    expect(templateDigest(rawTemplate({ hash: "5d9c" }))).toBe(templateDigest(rawTemplate()));
  });

  it("takes null for absent, as the API server does", () => {
    expect(templateDigest({ metadata: { creationTimestamp: null }, spec: {} })).toBe(templateDigest({ metadata: {}, spec: {} }));
  });

  it.each([
    ["another image", rawTemplate({ image: "shop:2" })],
    ["another annotation", rawTemplate({ annotations: { team: "x" } })],
    ["a field nobody knows yet", { ...rawTemplate(), spec: { containers: [{ name: "app", image: "shop:1" }], newField2027: true } }],
    ["containers in another order", { spec: { containers: [{ name: "b" }, { name: "a" }] } }],
  ])("differs for %s", (_, template) => {
    const digests = new Set([
      templateDigest(rawTemplate()),
      templateDigest(template),
      templateDigest({ spec: { containers: [{ name: "a" }, { name: "b" }] } }),
    ]);

    expect(digests.size).toBe(3);
  });

  it("tells ten thousand like texts apart", () => {
    const digests = new Set(Array.from({ length: 10_000 }, (_, index) => digest64(`shop:${index}`)));

    expect(digests.size).toBe(10_000);
    expect([...digests].every((digest) => /^[0-9a-f]{16}$/.test(digest))).toBe(true);
  });
});

describe("a restart", () => {
  const restarted = (at: string) => rawTemplate({ annotations: { "kubectl.kubernetes.io/restartedAt": at } });

  it.each([
    ["is one when the annotation is new", rawTemplate(), restarted("2026-11-23T12:00:00Z"), true],
    ["is one when the annotation changed", restarted("2026-11-22T12:00:00Z"), restarted("2026-11-23T12:00:00Z"), true],
    ["is one whatever hash the ReplicaSets carry", rawTemplate({ hash: "a" }), { ...restarted("2026-11-23T12:00:00Z") }, true],
    [
      "is none when the image changed with it",
      rawTemplate(),
      rawTemplate({ image: "shop:2", annotations: { "kubectl.kubernetes.io/restartedAt": "x" } }),
      false,
    ],
    ["is none when another annotation changed", rawTemplate(), rawTemplate({ annotations: { team: "x" } }), false],
  ])("%s", (_, before, after, expected) => {
    expect(isRestartOnly(before, after)).toBe(expected);
  });
});

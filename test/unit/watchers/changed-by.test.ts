import { expect, test } from "vitest";
import { lastTemplateWriter } from "../../../src/watchers/changed-by.ts";

const template = { "f:spec": { "f:template": { "f:spec": {} } } };
const entry = (manager: string, time: string, fieldsV1: object = template, over: object = {}) => ({
  manager,
  operation: "Update",
  time,
  fieldsV1,
  ...over,
});
const deployment = (...managedFields: readonly object[]) => ({ metadata: { managedFields } });

test("the last writer of the pod template is told, whoever wrote another part after it", () => {
  const raw = deployment(
    entry("helm", "2026-11-20T12:00:00Z"),
    entry("kubectl-set", "2026-11-23T12:00:00Z"),
    entry("kubectl", "2026-11-23T12:00:05Z", { "f:spec": { "f:replicas": {} } }),
    entry("kube-controller-manager", "2026-11-23T12:00:06Z", template, { subresource: "status" }),
  );

  expect(lastTemplateWriter(raw)).toEqual({ manager: "kubectl-set", at: Date.parse("2026-11-23T12:00:00Z") });
});

test.each([
  ["nothing is kept", deployment()],
  ["there is no metadata", {}],
  ["nobody wrote a template", deployment(entry("kubectl", "2026-11-23T12:00:05Z", {}))],
  ["two wrote it in the same second", deployment(entry("a", "2026-11-23T12:00:05Z"), entry("b", "2026-11-23T12:00:05Z"))],
  ["the entry has no time", deployment({ manager: "a", fieldsV1: template })],
])("nobody is named when %s", (_what, raw) => {
  expect(lastTemplateWriter(raw)).toBeUndefined();
});

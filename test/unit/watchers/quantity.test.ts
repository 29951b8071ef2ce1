import { expect, test } from "vitest";
import { parsePod } from "../../../src/watchers/pod.ts";
import { parseQuantity } from "../../../src/clients/kubernetes/quantity.ts";
import { rawPod } from "../../support/raw-objects.ts";

test.each([
  ["500m", 0.5],
  ["1", 1],
  [2, 2],
  ["1.5", 1.5],
  [".5", 0.5],
  ["2k", 2000],
  ["129M", 129e6],
  ["1Gi", 1024 ** 3],
  ["512Mi", 512 * 1024 ** 2],
  ["1e3", 1000],
  ["1E", 1e18],
  ["128974848", 128974848],
  ["100n", 1e-7],
])("%s is %s", (written, value) => {
  expect(parseQuantity(written)).toBeCloseTo(value, 10);
});

test.each(["", "Gi", "1 Gi", "1Zi", "toString", "1toString", null, undefined, {}])("%s is no quantity", (written) => {
  expect(parseQuantity(written)).toBeUndefined();
});

test("a pod tells the limits of its containers and sidecars, as resized in place where they were, and of no init container", () => {
  const limits = (memory: string) => ({ resources: { limits: { memory } } });
  const status = (name: string, more: object = {}) => ({ name, ready: true, restartCount: 0, state: {}, ...more });
  const raw = rawPod({
    status: {
      phase: "Running",
      initContainerStatuses: [status("migrate"), status("proxy")],
      containerStatuses: [status("app", limits("2Gi")), status("free"), status("plain")],
    },
  });
  const spec = {
    initContainers: [
      { name: "migrate", ...limits("64Mi") },
      { name: "proxy", restartPolicy: "Always", resources: { limits: { cpu: "250m" } } },
    ],
    containers: [
      { name: "app", ...limits("1Gi") },
      { name: "free" },
      { name: "plain", resources: { limits: { cpu: "1", memory: "1Gi" } } },
    ],
  };
  const containers = parsePod({ ...raw, spec })?.pod.containers;
  expect(Object.fromEntries((containers ?? []).map(({ name, limits: found }) => [name, found]))).toEqual({
    migrate: undefined,
    proxy: { cpu: 0.25 },
    app: { memory: 2 * 1024 ** 3 },
    free: {},
    plain: { cpu: 1, memory: 1024 ** 3 },
  });
});

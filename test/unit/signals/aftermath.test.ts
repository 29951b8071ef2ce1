import { expect, test } from "vitest";
import type { ListOptions, RawPage } from "../../../src/clients/kubernetes/api.ts";
import type { RawObject } from "../../../src/clients/kubernetes/raw.ts";
import { createAftermathReader } from "../../../src/signals/aftermath.ts";
import { fresh, old, START, web } from "../guards/a-guard.ts";

const service = (name: string, app: string) => ({ metadata: { name }, spec: { selector: { app } } });
const slice = (name: string, uid: string) => ({
  metadata: { labels: { "kubernetes.io/service-name": name } },
  endpoints: [{ targetRef: { uid }, conditions: { ready: true } }],
});

test("a namespace of many Services is looked at as a whole, and of the EndpointSlices only those of this workload are asked for", async () => {
  const others = Array.from({ length: 1_200 }, (_, index) => service(`other-${index}`, "other"));
  const services: readonly RawObject[] = [...others, service("web", "web")];
  const selectors: (string | undefined)[] = [];
  const api = {
    get: async () => ({ spec: { replicas: 0, template: { metadata: { labels: { app: "web" } } } } }),
    async page(path: string, { limit = 500, next = "0", labelSelector }: ListOptions & { readonly next?: string }): Promise<RawPage> {
      const from = Number(next);
      const isOfSlices = path.endsWith("/endpointslices");
      if (isOfSlices) selectors.push(labelSelector);
      const all = isOfSlices ? [slice("web", "uid-1")] : services;
      const more = from + limit < all.length ? { next: String(from + limit) } : {};
      return { items: all.slice(from, from + limit), resourceVersion: "1", ...more };
    },
  };
  const look = createAftermathReader({ api, now: () => START });

  expect(await look({ workload: web, target: old, condemned: fresh, restored: ["uid-1"] })).toEqual({
    kind: "seen",
    at: START,
    services: [{ name: "web", fits: true, ready: 1 }],
    condemned: 0,
  });
  expect(selectors).toEqual(["kubernetes.io/service-name in (web)"]);
});

import { expect, test } from "vitest";
import { presetOf, type PresetName } from "../../../src/policies/presets.ts";
import { signalOf, signalSchema } from "../../../src/policies/signal.ts";
import type { CountersAsk } from "../../../src/signals/ask.ts";
import { classesOf, counterQuery, nativeClassOf } from "../../../src/signals/counter-query.ts";
import { counterAsk } from "../../../src/signals/counter-signal.ts";
import { ownersOf } from "../../../src/signals/owners.ts";

function ask(preset: PresetName, service: string, namespace = "shop", overrides = {}): CountersAsk {
  return { id: service, namespace, prefixes: [], query: { kind: "errors", preset: presetOf(preset, overrides), block: 15_000, service } };
}

function queriesOf(asks: readonly CountersAsk[]): readonly string[] {
  const [first] = asks;
  return first === undefined ? [] : classesOf(first.query).map((counter) => counterQuery(counter, asks, 15_000));
}

test("ingress-nginx is asked by namespace and Service, each of its pods by itself", () => {
  expect(queriesOf([ask("ingress-nginx", "web"), ask("ingress-nginx", "api", "stage")])).toEqual(
    ['status!=""', 'status=~"5.."'].map(
      (status) =>
        "sum by (namespace, pod, instance, job, service) (last_over_time(nginx_ingress_controller_requests{" +
        `namespace=~"shop|stage", service=~"api|web", ${status}}[15s]))`,
    ),
  );
});

test("labels that the scrape has renamed are asked for by their new names", () => {
  const [total] = queriesOf([
    ask("ingress-nginx", "web", "shop", { serviceLabel: "exported_service", namespaceLabel: "exported_namespace" }),
  ]);
  expect(total).toContain('{exported_namespace=~"shop", exported_service=~"web", ');
  expect(total).toMatch(/^sum by \(namespace, pod, instance, job, exported_namespace, exported_service\)/);
});

test.each([
  ["traefik", 'service=~"shop-web-[a-z0-9]+@kubernetes(crd|gateway)?"'],
  ["envoy", 'envoy_cluster_name=~"shop_web_[0-9]+"'],
] as const)("%s holds the namespace in the name", (preset, matcher) => {
  expect(queriesOf([ask(preset, "web")])[0]).toContain(`{${matcher}, `);
});

test("latencies of a Service are asked for in its buckets, and in no native histogram", () => {
  const query = { kind: "slower", preset: presetOf("traefik"), block: 15_000, thresholdMs: 300, service: "web" } as const;
  const [buckets] = classesOf(query);
  expect(buckets && counterQuery(buckets, [{ id: "a", namespace: "shop", prefixes: [], query }], 15_000)).toBe(
    'sum by (namespace, pod, instance, job, service, le) (last_over_time(traefik_service_request_duration_seconds_bucket{service=~"shop-web-[a-z0-9]+@kubernetes(crd|gateway)?"}[15s]))',
  );
  expect(nativeClassOf(query)).toBeNull();
});

test.each([
  ["traefik", { service: "shop-web-80@kubernetes" }, ["web"]],
  ["traefik", { service: "shop-web-http@kubernetescrd" }, ["web"]],
  ["traefik", { service: "shop-web-api-80@kubernetes" }, ["web-api"]],
  ["traefik", { service: "other-web-80@kubernetes" }, []],
  ["envoy", { envoy_cluster_name: "shop_web_80" }, ["web"]],
  ["envoy", { envoy_cluster_name: "shop_web_80_x" }, []],
  ["ingress-nginx", { namespace: "shop", service: "web" }, ["web"]],
  ["ingress-nginx", { namespace: "stage", service: "web" }, []],
] as const)("%s: the series of %j belongs to %j", (preset, labels, owners) => {
  const found = ownersOf([ask(preset, "web"), ask(preset, "web-api")])(labels);
  expect([...found].map(({ id }) => id)).toEqual(owners);
});

test("the Service is named like the workload unless the policy says otherwise", () => {
  const asked = (service: string) => {
    const signal = signalOf(signalSchema.parse({ http: { preset: "traefik", errors: {}, ...(service === "" ? {} : { service }) } }));
    if (signal.kind !== "http-errors") throw new Error("not http");
    return counterAsk(signal, 15_000, { called: { kind: "Deployment", name: "web" } });
  };
  expect([asked(""), asked("{{name}}-svc"), asked("front")].map((query) => "service" in query && query.service)).toEqual([
    "web",
    "web-svc",
    "front",
  ]);
});

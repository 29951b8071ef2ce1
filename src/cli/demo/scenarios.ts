/** One rollout of the demo: a service of the small shop, what its new revision does, and what is to be seen. */
export interface Scenario {
  readonly name: string;
  readonly service: string;
  /** What a person watching should know. */
  readonly title: string;
  readonly image: string;
  /** Behaviour of the new pods: annotations of the new template. */
  readonly behaviour: Readonly<Record<string, string>>;
  readonly ends: "passed" | "restored";
}

const behaviour = (values: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [`sandbox.rearguard.dev/${key}`, value]));

export const scenarios: readonly Scenario[] = [
  {
    name: "good",
    service: "catalog",
    title: "a good version: it must be left alone",
    image: "shop/catalog:1.5.0",
    behaviour: behaviour({ "error-rate": "0.001" }),
    ends: "passed",
  },
  {
    name: "errors",
    service: "checkout",
    title: "every fifth request of the new version fails",
    image: "shop/checkout:2.3.0",
    behaviour: behaviour({ "error-rate": "0.2" }),
    ends: "restored",
  },
  {
    name: "crash-loop",
    service: "payments",
    title: "the new version exits at start: no metric will ever say so",
    image: "shop/payments:0.9.0",
    behaviour: behaviour({ "crash-after": "1" }),
    ends: "restored",
  },
  {
    name: "slow",
    service: "search",
    title: "the new version answers, but its p95 is several times the limit",
    image: "shop/search:4.0.0",
    behaviour: behaviour({ "p50-ms": "300", "p95-ms": "900" }),
    ends: "restored",
  },
];

/** What `npm run demo` shows without --scenario. */
export const usual: readonly string[] = ["good", "errors", "crash-loop"];

import type { Entry, Message } from "../../src/entry.ts";
import type { GuardRecord } from "../../src/guards/guard.ts";
import type { RemediationRecord } from "../../src/guards/remediation/record.ts";
import type { ApiRequest } from "../../src/sandbox/kubernetes/cluster.ts";
import type { Deployment, ReplicaSet } from "../../src/sandbox/kubernetes/object.ts";
import { deployments, replicaSets } from "../../src/sandbox/kubernetes/resource-type.ts";
import type { Annotation } from "../../src/sandbox/receiver/annotations.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { finalPhases } from "../../src/entry.ts";
import { shop } from "./world-shop.ts";
import { appOf, phases, storedGuards, storedRemediations } from "./world-state.ts";

/** What a test can see of a world: the state of the cluster and what was sent, never what the daemon believes. */
export interface WorldView {
  /** As the API server has them, oldest first: what survives the daemon. */
  records(service: string): readonly GuardRecord[];
  /** The same of remediations. */
  remediations(service: string): readonly RemediationRecord[];
  /** The newest of them. */
  record(service: string): GuardRecord;
  entries(service: string): readonly Entry[];
  phase(service: string): string | undefined;
  hasEnded(service: string): boolean;
  deployment(service: string): Deployment;
  image(service: string): string;
  replicaSets(service: string): readonly ReplicaSet[];
  /** What the webhook was sent, in the order of arrival. */
  messages(kind?: Message["kind"]): readonly Message[];
  /** All that it was sent about a service, as one text. */
  told(service: string): string;
  annotations(): readonly Annotation[];
  /** Writes of the daemon to this Deployment or its ReplicaSets that were not dry runs. */
  effects(service: string): readonly ApiRequest[];
}

export function viewOf(sandbox: Sandbox): WorldView {
  const view: WorldView = {
    records: (service) =>
      storedGuards(sandbox)
        .filter((record) => record.rollout.workload.name === service)
        .toSorted((one, other) => one.openedAt - other.openedAt || one.rollout.new.number - other.rollout.new.number),
    remediations: (service) =>
      storedRemediations(sandbox)
        .filter((record) => record.workload.name === service)
        .toSorted((one, other) => one.openedAt - other.openedAt),
    record(service) {
      const record = view.records(service).at(-1);
      if (record === undefined) throw new Error(`there is no guard of ${service}`);
      return record;
    },
    entries: (service) => view.records(service).at(-1)?.entries ?? [],
    phase: (service) => phases(sandbox).get(view.records(service).at(-1)?.name ?? ""),
    hasEnded: (service) => finalPhases.some((phase) => phase === view.phase(service)),
    deployment(service) {
      const found = sandbox.cluster.store.get(deployments, shop, service);
      if (found === undefined) throw new Error(`there is no Deployment ${service}`);
      return found as Deployment;
    },
    image: (service) => view.deployment(service).spec.template.spec.containers[0]?.image ?? "",
    replicaSets: (service) =>
      sandbox.cluster.store
        .list(replicaSets, shop)
        .map((set) => set as ReplicaSet)
        .filter((set) => appOf(set) === service),
    messages(kind) {
      const all = sandbox.receiver.messages.map(({ body }) => (body as { readonly data: Message }).data);
      return kind === undefined ? all : all.filter((message) => message.kind === kind);
    },
    told: (service) =>
      view
        .messages()
        .filter(({ workload }) => workload.name === service)
        .map(({ text }) => text)
        .join("\n"),
    annotations: () => sandbox.receiver.annotations(),
    effects(service) {
      const paths = [`/deployments/${service}`, `/replicasets/${service}-`];
      return sandbox.cluster.requests.filter(
        ({ method, path, query, fieldManager }) =>
          method !== "GET" && fieldManager === "rearguard" && query["dryRun"] === undefined && paths.some((part) => path.includes(part)),
      );
    },
  };
  return view;
}

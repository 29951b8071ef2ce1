import type { GetOptions, KubernetesApi, ListOptions } from "../clients/kubernetes/api.ts";
import { hasStatus } from "../clients/kubernetes/kubernetes-error.ts";
import { dig, number, objects, type RawObject, strings, text } from "../clients/kubernetes/raw.ts";
import { sentence } from "../errors.ts";
import type { Ms, Revision, WorkloadRef } from "../model.ts";
import type { Aftermath, ServiceSeen } from "../reason/verification.ts";

/** What is around a workload whose template was put back; `restored` are uids of its pods. Never rejects. */
export type LookAfter = (ask: AfterAsk) => Promise<Aftermath>;

export interface AfterAsk {
  readonly workload: WorkloadRef;
  readonly target: Revision;
  readonly condemned: Revision;
  readonly restored: readonly string[];
}

const ofService = "kubernetes.io/service-name";
const deadlineMs: Ms = 5_000;
/** For all of it: a look that takes longer says nothing of now. */
const withinMs: Ms = 15_000;
const perPage = 500;
const mostPages = 40;
/** More names would not fit into the address of a call. */
const mostNamed = 50;

/** Asks for the Services of the namespace, the EndpointSlices of those that select the workload and the two ReplicaSets, once. */
export function createAftermathReader(options: { readonly api: Pick<KubernetesApi, "get" | "page">; readonly now: () => Ms }): LookAfter {
  const { api, now } = options;
  return async (ask) => {
    try {
      return await look(ask);
    } catch (error) {
      const forbidden = hasStatus(error, 403);
      const because = forbidden
        ? "the account needs the right to list services and endpointslices (deploy/rbac/observe.yaml)"
        : sentence(error);
      return { kind: "unseen", at: now(), because, forbidden };
    }
  };

  async function look({ workload: { namespace }, target, condemned, restored }: AfterAsk): Promise<Aftermath> {
    const at = now();
    const options = { signal: AbortSignal.timeout(withinMs), deadlineMs };
    const [services, back, gone] = await Promise.all([
      all(`/api/v1/namespaces/${namespace}/services`, options),
      setOf(namespace, target, options),
      setOf(namespace, condemned, options),
    ]);
    const selecting = services
      .map((service) => ({ name: nameOf(service), fits: selects(service, back), isMeant: selects(service, gone) }))
      .filter(({ fits, isMeant }) => fits || isMeant);
    const slices = await slicesOf(
      namespace,
      selecting.map(({ name }) => name),
      options,
    );
    const seen = selecting.flatMap(({ name, fits }): readonly ServiceSeen[] => {
      const mine = slices.filter((slice) => dig(slice, "metadata", "labels", ofService) === name);
      // The controller makes one for every Service with a selector, even an empty one: without any, nobody keeps them here.
      return mine.length === 0 ? [] : [{ name, fits, ready: readyAt(mine, new Set(restored)) }];
    });
    return { kind: "seen", at, services: seen, condemned: gone === undefined ? null : (number(dig(gone, "spec", "replicas")) ?? 0) };
  }

  async function slicesOf(namespace: string, services: readonly string[], options: ListOptions): Promise<readonly RawObject[]> {
    if (services.length === 0) return [];
    const labelSelector = `${ofService} in (${services.join(",")})`;
    const some = services.length > mostNamed ? options : { ...options, labelSelector };
    return all(`/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`, some);
  }

  /** Half a list would hide a Service that reaches nobody. */
  async function all(path: string, options: ListOptions): Promise<readonly RawObject[]> {
    const items: RawObject[] = [];
    let next: string | undefined;
    for (let pages = 0; pages < mostPages; pages += 1) {
      const page = await api.page(path, { ...options, limit: perPage, ...(next === undefined ? {} : { next }) });
      items.push(...page.items);
      next = page.next;
      if (next === undefined) return items;
    }
    throw new Error(`there are more than ${mostPages * perPage} objects under ${path}`);
  }

  async function setOf(namespace: string, { name }: Revision, options: GetOptions): Promise<RawObject | undefined> {
    try {
      return await api.get(`/apis/apps/v1/namespaces/${namespace}/replicasets/${name}`, options);
    } catch (error) {
      if (hasStatus(error, 404)) return undefined;
      throw error;
    }
  }
}

function nameOf(object: RawObject): string {
  return text(dig(object, "metadata", "name")) ?? "";
}

/** A Service without a selector has endpoints that somebody else writes. */
function selects(service: RawObject, set: RawObject | undefined): boolean {
  const wanted = Object.entries(strings(dig(service, "spec", "selector")));
  const labels = strings(dig(set, "spec", "template", "metadata", "labels"));
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}

/** Of a dual-stack Service each pod is in two slices. */
function readyAt(slices: readonly RawObject[], restored: ReadonlySet<string>): number {
  const ready = new Set<string>();
  for (const slice of slices) {
    for (const endpoint of objects(slice["endpoints"])) {
      const uid = text(dig(endpoint, "targetRef", "uid"));
      // What the API does not say of readiness is to be taken for ready.
      if (uid !== undefined && restored.has(uid) && dig(endpoint, "conditions", "ready") !== false) ready.add(uid);
    }
  }
  return ready.size;
}

import type { PodTemplate } from "../../src/sandbox/kubernetes/object.ts";

/** How the pods of a template behave; what is absent is as healthy pods are. */
export interface Behaviour {
  readonly errorRate?: number;
  /** Needs a world that logs. */
  readonly errorLinesPerMinute?: number;
  /** What its error lines say. */
  readonly errorText?: string;
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  readonly readyAfterS?: number | "never";
  /** Lost that long after the start. */
  readonly unreadyAfterS?: number;
  readonly crashAfterS?: number;
  /** What a container that crashes says before. */
  readonly lastWords?: string;
  readonly leakMibPerMinute?: number;
  readonly sawMib?: number;
  readonly sawMinutes?: number;
  readonly warmMib?: number;
  readonly cpuCores?: number;
  readonly imagePull?: "fail" | "unreachable";
  /** Part of its share of the requests that reaches a pod; 1 unless told. */
  readonly trafficShare?: number;
}

export interface ShopService {
  readonly name: string;
  readonly replicas?: number;
  readonly rps?: number;
  /** Pods replaced in one step, and how long a step takes from their readiness on, in seconds. */
  readonly podsPerStep?: number;
  readonly heldS?: number;
  readonly progressDeadlineS?: number;
  readonly behaviour?: Behaviour;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly spec?: object;
  /** `resources.limits` of the container. */
  readonly limits?: Readonly<Record<string, string>>;
}

export const shop = "shop";

const healthy: Behaviour = { errorRate: 0.001, p50Ms: 45, p95Ms: 120, readyAfterS: 2 };

function behaviourAnnotations(behaviour: Behaviour): Readonly<Record<string, string>> {
  const {
    errorRate,
    errorLinesPerMinute,
    errorText,
    p50Ms,
    p95Ms,
    readyAfterS,
    unreadyAfterS,
    crashAfterS,
    lastWords,
    leakMibPerMinute,
    sawMib,
    sawMinutes,
    warmMib,
    cpuCores,
    imagePull,
    trafficShare,
  } = {
    ...healthy,
    ...behaviour,
  };
  const told = {
    "error-rate": errorRate,
    "error-lines-per-minute": errorLinesPerMinute,
    "error-text": errorText,
    "p50-ms": p50Ms,
    "p95-ms": p95Ms,
    "ready-after": readyAfterS,
    "unready-after": unreadyAfterS,
    "crash-after": crashAfterS,
    "last-words": lastWords,
    "leak-mib-per-minute": leakMibPerMinute,
    "saw-mib": sawMib,
    "saw-minutes": sawMinutes,
    "warm-mib": warmMib,
    "cpu-cores": cpuCores,
    "image-pull": imagePull,
    "traffic-share": trafficShare,
  };
  return Object.fromEntries(
    Object.entries(told).flatMap(([key, value]) => (value === undefined ? [] : [[`sandbox.rearguard.dev/${key}`, String(value)]])),
  );
}

/** The image that a service has before any release. */
export function firstImage(service: string): string {
  return `shop/${service}:1.0.0`;
}

/** A Deployment as its engineers wrote it: nothing in it knows of Rearguard unless `annotations` say so. */
export function deploymentOf(service: ShopService): object {
  const labels = { app: service.name };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: service.name, namespace: shop, labels: { ...labels, ...service.labels }, annotations: { ...service.annotations } },
    spec: {
      replicas: service.replicas ?? 8,
      minReadySeconds: service.heldS ?? 20,
      progressDeadlineSeconds: service.progressDeadlineS ?? 600,
      selector: { matchLabels: labels },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: service.podsPerStep ?? 2, maxUnavailable: 0 } },
      template: {
        metadata: { labels, annotations: behaviourAnnotations(service.behaviour ?? {}) },
        spec: {
          containers: [
            {
              name: "app",
              image: firstImage(service.name),
              ports: [{ containerPort: 8080 }],
              ...(service.limits === undefined ? {} : { resources: { limits: service.limits } }),
            },
          ],
        },
      },
      ...service.spec,
    },
  };
}

export function serviceOf({ name }: ShopService): object {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: shop },
    spec: { selector: { app: name }, ports: [{ port: 8080 }] },
  };
}

/** The template of a release: another image, whose pods behave so. */
export function released(template: PodTemplate, image: string, behaviour: Behaviour): PodTemplate {
  return {
    ...template,
    metadata: { ...template.metadata, annotations: { ...behaviourAnnotations(behaviour) } },
    spec: { ...template.spec, containers: template.spec.containers.map((container) => ({ ...container, image })) },
  };
}
